"""miniImageNet as three pickles of decoded images, the form in which most code passes it around.

A data set of its own: whoever made the pickles resized the photographs in their own way, so its
pixels are not those of `mini-imagenet`, and scores on the two never share a table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets import unpickle
from benchmark.datasets.data_set import DataSet, whole
from benchmark.datasets.mini_imagenet import PER_CLASS, SIDE, SPLITS, split_group
from benchmark.datasets.store import Progress
from benchmark.errors import OneshotError

FILES: Mapping[str, Sequence[str]] = {
    "train": ("mini-imagenet-cache-train.pkl",),
    "validation": ("mini-imagenet-cache-val.pkl", "mini-imagenet-cache-validation.pkl"),
    "test": ("mini-imagenet-cache-test.pkl",),
}
SPARE_BYTES = 64 << 20  # what a pickle may take beyond its pixels
HINT = "Give the folder that holds mini-imagenet-cache-train.pkl, -val.pkl and -test.pkl."


def read(path: Path, progress: Progress | None = None) -> DataSet:
    """The whole of miniImageNet from the folder `path` with the three pickles.

    Each holds {"image_data": uint8 [n, 84, 84, 3], "class_dict": {WordNet id: rows}}, with keys as
    text or bytes. Nothing in them is run (see `unpickle`).

    Returns:
        A data set of uint8 [60000, 3, 84, 84]; classes ordered by (train, validation, test; id),
        items by class and then row; group "split". Its digest is over the pixels and is not pinned.

    Raises:
        OneshotError: naming the file, class or count that is missing or wrong.
    """
    files = {split: _file(path, split) for split in SPLITS}
    n_classes = sum(SPLITS.values())
    stored = np.empty((n_classes * PER_CLASS, 3, SIDE, SIDE), dtype=np.uint8)
    class_names: list[str] = []
    for split, file in files.items():
        if progress:
            progress("reading the pickles of miniImageNet", len(class_names), n_classes)
        images, classes = _content(file, SPLITS[split])
        for class_name in sorted(classes):
            if class_name in class_names:
                raise OneshotError(f"The class {class_name} is in two of the files.", HINT)
            start = len(class_names) * PER_CLASS
            stored[start : start + PER_CLASS] = images[classes[class_name]].transpose(0, 3, 1, 2)
            class_names.append(class_name)
    if progress:
        progress("reading the pickles of miniImageNet", n_classes, n_classes)
    labels = np.repeat(np.arange(n_classes), PER_CLASS)
    groups = {"split": split_group(labels)}
    return whole("mini-imagenet-pickles", "photograph", stored, labels, class_names, groups)


def _file(path: Path, split: str) -> Path:
    for name in FILES[split]:
        if (path / name).is_file():
            return path / name
    raise OneshotError(f"There is no {' or '.join(FILES[split])} in {path}.", HINT)


def _content(file: Path, n_classes: int) -> tuple[NDArray[np.uint8], dict[str, list[int]]]:
    """Images uint8 [n, 84, 84, 3] and the rows of each class, all of it checked."""
    n_images = n_classes * PER_CLASS
    content = _by_text(unpickle.load(file, n_images * SIDE * SIDE * 3 + SPARE_BYTES))
    images, by_class = content.get("image_data"), _by_text(content.get("class_dict"))
    if not isinstance(images, np.ndarray) or images.dtype != np.uint8:
        raise OneshotError(f"{file} has no 'image_data' of type uint8.", HINT)
    if images.shape != (n_images, SIDE, SIDE, 3):
        raise OneshotError(
            f"{file} has images of shape {list(images.shape)}, expected "
            f"{[n_images, SIDE, SIDE, 3]}.",
            HINT,
        )
    classes = {name: _rows(rows) for name, rows in by_class.items()}
    if len(classes) != n_classes:
        raise OneshotError(f"{file} has {len(classes)} classes, expected {n_classes}.", HINT)
    for name, rows in classes.items():
        if len(rows) != PER_CLASS:
            raise OneshotError(f"{file} has {len(rows)} images of {name}, expected {PER_CLASS}.")
    if sorted(row for rows in classes.values() for row in rows) != list(range(n_images)):
        raise OneshotError(f"The classes of {file} do not share out its images one by one.", HINT)
    return images, classes


def _by_text(value: Any) -> dict[str, Any]:
    """A dict with its keys as text (Python 2 wrote bytes); empty if `value` is no dict."""
    if not isinstance(value, dict):
        return {}
    return {
        key.decode("latin1") if isinstance(key, bytes) else str(key): held
        for key, held in value.items()
    }


def _rows(rows: Any) -> list[int]:
    """Sorted row numbers from a list, tuple or array of whole numbers; empty for anything else."""
    if isinstance(rows, np.ndarray):
        rows = rows.ravel().tolist()
    if not isinstance(rows, list | tuple) or not all(type(row) is int for row in rows):
        return []
    return sorted(rows)
