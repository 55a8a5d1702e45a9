"""miniImageNet (Vinyals et al. 2016) with the split of Ravi & Larochelle (ICLR 2017).

Read from 84x84 JPEG files and three lists; the identity is that of the encoded bytes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.archives import IMAGE_TROUBLE, is_archive, open_image, read_members
from benchmark.datasets.catalogue import MINI_IMAGENET
from benchmark.datasets.data_set import DataSet, Groups, content_digest, whole
from benchmark.datasets.store import Progress
from benchmark.errors import OneshotError

SIDE = 84
PER_CLASS = 600
SPLITS: Mapping[str, int] = {"train": 64, "validation": 16, "test": 20}
"""How many classes each split has, in the order in which they are stored."""

LISTS = {"train": "train.csv", "validation": "val.csv", "test": "test.csv"}
ENDINGS = (".jpg", ".jpeg")
HINT = "Give a tar, zip or folder with images/*.jpg, train.csv, val.csv and test.csv."

Rows = dict[str, list[tuple[str, str]]]
"""Per class name its (split, file name) pairs."""


def read(path: Path, progress: Progress | None = None) -> DataSet:
    """The whole of miniImageNet from a tar, zip or folder (or a folder with one such archive).

    Returns:
        A data set of uint8 [60000, 3, 84, 84]; classes are WordNet ids, ordered by (train before
        validation before test, id), items by class and then file name; group "split". Its digest
        is over the encoded files.

    Raises:
        OneshotError: naming the file, class or count that is missing or wrong.
    """
    path = _source(path)
    files = _files(path, progress)
    names: list[str] = []
    class_names: list[str] = []
    for split, listed in LISTS.items():
        if listed not in files:
            raise OneshotError(f"There is no {listed} under {path}.", HINT)
        classes = _listed(listed, files[listed], SPLITS[split])
        for class_name in sorted(classes):
            class_names.append(class_name)
            names += sorted(classes[class_name])
    if len(set(class_names)) < len(class_names):
        raise OneshotError(f"A class is in two of the lists under {path}.", HINT)
    missing = [name for name in names if name not in files]
    if missing:
        raise OneshotError(
            f"{len(missing):,} of the {len(names):,} listed images are not under {path}, "
            f"first {missing[0]}.",
            HINT,
        )
    stored = _decode(names, files, progress)
    labels = np.repeat(np.arange(len(class_names)), PER_CLASS)
    groups = {"split": split_group(labels)}
    digest = content_digest([files[name] for name in names], labels, class_names, groups)
    if digest != MINI_IMAGENET.digest:
        raise OneshotError(
            f"These images are another encoding of miniImageNet (digest {digest[:12]}, expected "
            f"{str(MINI_IMAGENET.digest)[:12]}); scores on them could not be compared.",
            "Pickled copies have a data set of their own: oneshot data add mini-imagenet-pickles "
            "PATH",
        )
    return whole("mini-imagenet", "photograph", stored, labels, class_names, groups, digest)


def split_group(labels: NDArray[np.integer]) -> Groups:
    """The group "split" for `labels` (int [n], classes 0..99 in stored order)."""
    of_class = np.repeat(np.arange(len(SPLITS), dtype=np.int32), list(SPLITS.values()))
    return Groups(of_class[labels], tuple(SPLITS))


def _source(path: Path) -> Path:
    if not path.exists():
        raise OneshotError(f"There is no file or folder {path}.", HINT)
    if path.is_dir() and not (path / LISTS["train"]).exists():
        inside = [entry for entry in sorted(path.iterdir()) if is_archive(entry)]
        if len(inside) == 1:
            return inside[0]
    return path


def _files(path: Path, progress: Progress | None) -> dict[str, bytes]:
    """Content of every list and image by bare file name."""
    files: dict[str, bytes] = {}
    for member, content in read_members(path, _wanted):
        name = PurePosixPath(member).name
        if name in files:
            raise OneshotError(f"{path} holds two files named {name}.", HINT)
        files[name] = content
        if progress and len(files) % PER_CLASS == 0:
            progress("reading the files of miniImageNet", len(files), MINI_IMAGENET.items)
    return files


def _wanted(member: str) -> bool:
    name = PurePosixPath(member).name
    # macOS puts a "._" shadow of every file into its archives.
    return not name.startswith("._") and (name in LISTS.values() or name.lower().endswith(ENDINGS))


def _listed(listed: str, content: bytes, n_classes: int) -> dict[str, list[str]]:
    """File names by class from one list, its counts checked."""
    try:
        lines = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
        pairs = [(line["label"], line["filename"]) for line in lines]
    except (UnicodeDecodeError, KeyError, csv.Error) as error:
        raise OneshotError(f"{listed} is no list with the columns filename,label.", HINT) from error
    classes: dict[str, list[str]] = {}
    for class_name, name in pairs:
        classes.setdefault(class_name, []).append(name)
    for class_name, names in classes.items():
        if len(set(names)) != PER_CLASS or len(names) != PER_CLASS:
            raise OneshotError(
                f"{listed} has {len(set(names))} images of {class_name}, expected {PER_CLASS}.",
                HINT,
            )
    if len(classes) != n_classes:
        raise OneshotError(f"{listed} has {len(classes)} classes, expected {n_classes}.", HINT)
    return classes


def _decode(
    names: Sequence[str], files: Mapping[str, bytes], progress: Progress | None
) -> NDArray[np.uint8]:
    """uint8 [n, 3, 84, 84]: the images, decoded at their own size without any scaling."""
    stored = np.empty((len(names), 3, SIDE, SIDE), dtype=np.uint8)
    for start, end in pairwise([*range(0, len(names), PER_CLASS), len(names)]):
        for row in range(start, end):
            stored[row] = _pixels(names[row], files[names[row]])
        if progress:
            progress("decoding miniImageNet", end, len(names))
    return stored


def _pixels(name: str, content: bytes) -> NDArray[np.uint8]:
    """uint8 [3, 84, 84]."""
    image = open_image(name, content, ("JPEG",), 4096, HINT)
    if image.size != (SIDE, SIDE) or image.mode != "RGB":
        width, height = image.size
        raise OneshotError(
            f"'{name}' is {width}x{height} of mode {image.mode}, expected 84x84 RGB: these are not "
            "the 84x84 images of miniImageNet.",
            HINT,
        )
    try:
        return np.asarray(image).transpose(2, 0, 1)
    except IMAGE_TROUBLE as error:
        raise OneshotError(f"'{name}' is a damaged JPEG ({error}).", HINT) from error
