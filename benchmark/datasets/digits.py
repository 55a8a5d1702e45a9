"""Handwritten digits as 64 numbers each (Alpaydin & Kaynak 1998), bundled with scikit-learn.

The shipped example of vectors. Ten classes are few: five are for the test, three to learn from.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmark.datasets.catalogue import DIGITS
from benchmark.datasets.data_set import DataSet, whole
from benchmark.datasets.split import by_hash, split_groups
from benchmark.datasets.store import Progress
from benchmark.errors import OneshotError

FRACTIONS = (0.3, 0.2, 0.5)


def read(path: Path, progress: Progress | None = None) -> DataSet:
    """All 1,797 digits; nothing is read from `path`.

    Returns:
        A data set of float32 [1797, 64], whole numbers from 0 to 16 as they are (8x8 pixels);
        classes "0".."9", items by class and then in scikit-learn's order; group "split".

    Raises:
        OneshotError: if scikit-learn is missing or bundles other digits.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise OneshotError(
            "The digits are bundled with scikit-learn, which is not installed.",
            "Type: pip install scikit-learn",
        ) from None
    bunch = load_digits()
    order = np.argsort(bunch.target, kind="stable")
    labels = np.asarray(bunch.target, dtype=np.int64)[order]
    names = [str(digit) for digit in range(10)]
    groups = {"split": split_groups(by_hash("digits", names, FRACTIONS), names, labels)}
    vectors = np.asarray(bunch.data, dtype=np.float32)[order]
    data_set = whole("digits", "vector", vectors, labels, names, groups)
    if data_set.digest != DIGITS.digest:
        raise OneshotError(
            f"This scikit-learn bundles other digits (digest {data_set.digest[:12]}).",
            "Type: pip install -U scikit-learn",
        )
    if progress:
        progress("reading digits", len(labels), len(labels))
    return data_set
