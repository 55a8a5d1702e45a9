"""Pinned splits of classes: by the order of a hash of their names, never by a generator.

A name's place depends on names alone, so that the same classes are split alike on every machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.data_set import Groups

SPLITS = ("train", "validation", "test")
FRACTIONS = (0.6, 0.2, 0.2)
LEAST = 2  # classes of a split: an episode asks about two or more


def ranked(key: str, names: Sequence[str]) -> list[str]:
    """The names by SHA-256 of "key/name": an order that means nothing."""
    return sorted(names, key=lambda name: hashlib.sha256(f"{key}/{name}".encode()).hexdigest())


def by_hash(
    key: str, names: Sequence[str], fractions: tuple[float, float, float] = FRACTIONS
) -> dict[str, str]:
    """Which split each class is in: the ranked names are cut at the fractions.

    The first go to test, the next to validation; every split has two classes at least.

    Raises:
        ValueError: for fewer than six names.
    """
    if len(names) < LEAST * len(SPLITS):
        raise ValueError(f"{len(names)} classes cannot be split in three of {LEAST}")
    order = ranked(key, names)
    most = len(names) - 2 * LEAST
    test = min(most, max(LEAST, round(fractions[2] * len(names))))
    validation = min(most + LEAST - test, max(LEAST, round(fractions[1] * len(names))))
    cut = test + validation
    return {
        name: "test" if place < test else "validation" if place < cut else "train"
        for place, name in enumerate(order)
    }


def split_groups(
    split_of: dict[str, str], class_names: Sequence[str], labels: NDArray[np.integer]
) -> Groups:
    """The group "split" of items with `labels` (int [n])."""
    codes = np.array([SPLITS.index(split_of[name]) for name in class_names], dtype=np.int32)
    return Groups(codes[labels], SPLITS)
