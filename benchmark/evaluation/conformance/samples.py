"""What the checks show a model: a few classes of a validation split, or a made-up set.

The test split is never read. Data are made up for models that take no images of characters.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets import catalogue
from benchmark.datasets.data_set import DataSet, Family, Groups, whole
from benchmark.evaluation.job import info_of
from benchmark.protocols import TrackInfo
from benchmark.tasks.episodes import draw
from benchmark.tasks.loading import LoadedTask, split_of
from benchmark.tasks.spec import Task
from benchmark.tasks.tracks import track as find_track

CLASSES, ITEMS = 8, 6  # of which the checks' episodes are drawn
MANY_CLASSES, MANY_ITEMS = 20, 20  # of which large batches and episodes are made, at most
MADE = 8  # items of a class of a made-up set
LEARNED = 200  # classes that a short training sees, at least where there are as many
MADE_UP: tuple[Family, ...] = ("text", "photograph", "vector")
LETTERS = 12
SIDE = 84
WIDTH = 64


@dataclass(frozen=True, eq=False)
class Sample:
    """Something to show a model.

    Attributes:
        info: what the model's constructor is told.
        shown: the items that the checks ask about.
        train: what a short training learns from; none of its classes is shown.
        crowd: more items, for large batches and episodes.
    """

    info: TrackInfo
    shown: DataSet
    train: DataSet
    crowd: DataSet

    def task(self, n_way: int, n_shot: int, n_query: int, episodes: int) -> LoadedTask:
        """Pinned episodes of this shape on the shown items."""
        name = f"check-{n_way}w{n_shot}s"
        task = Task(name, 1, self.info.name, "validation", n_way, n_shot, n_query, episodes)
        classes = list(range(len(self.shown.class_names)))
        drawn = draw(task, self.shown, classes)
        return LoadedTask(task, self.shown, drawn, self.shown.class_names)


def of_track(name: str, folder: Path | None = None) -> Sample:
    """A sample of a track's training and validation splits.

    Raises:
        UnknownName: there is no such track.
        DataMissing: its data set is not in `folder`.
    """
    track = find_track(name)
    data = catalogue.load(track.data, folder)
    validation = split_of(track, ("validation",), data)
    spaced = np.linspace(0, len(validation.class_names) - 1, CLASSES).astype(np.int64)
    train = split_of(track, ("train",), data)
    info = info_of(track)
    learned = np.arange(min(LEARNED, len(train.class_names)))
    most = min(MANY_CLASSES, len(validation.class_names))
    many = np.linspace(0, len(validation.class_names) - 1, most).astype(np.int64)
    return Sample(
        info,
        _few(validation.of_classes(spaced), ITEMS),
        train.of_classes(learned),
        _few(validation.of_classes(many), MANY_ITEMS),
    )


def made_up(family: Family) -> Sample:
    """A drawn set of texts, photographs or vectors whose classes are easy to tell apart."""
    make = {"text": _texts, "photograph": _photographs, "vector": _vectors}[family]
    classes = CLASSES + 32
    stored = make(np.random.Generator(np.random.Philox(11)), classes)
    labels = np.repeat(np.arange(classes), MADE)
    groups = {
        "alphabet": Groups(np.zeros(len(labels), dtype=np.int32), ("all",)),
        "drawer": Groups(np.tile(np.arange(MADE), classes).astype(np.int32), tuple("abcdefgh")),
    }
    name = f"made-up-{family}s"
    data = whole(name, family, stored, labels, [f"c{c:02d}" for c in range(classes)], groups)
    channels, side = (3, SIDE) if family == "photograph" else (1, LETTERS)
    numbers = np.arange(classes)
    return Sample(
        TrackInfo(name, family, channels, side),
        _few(data.of_classes(numbers[:CLASSES]), ITEMS),
        data.of_classes(numbers[CLASSES:]),
        data.of_classes(numbers[:MANY_CLASSES]),
    )


def _few(data: DataSet, items: int) -> DataSet:
    """At most `items` items of each class."""
    order = np.argsort(data.labels, kind="stable")
    sizes = np.bincount(data.labels, minlength=len(data.class_names))
    place = np.arange(len(data)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return data.take(order[place < items])


def _texts(random: np.random.Generator, classes: int) -> NDArray[np.generic]:
    """Words, each of letters that its class likes."""
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    rows = []
    for _ in range(classes):
        liked = random.choice(letters, 6, replace=False)
        for _ in range(MADE):
            rows.append("".join(random.choice(liked, random.integers(4, LETTERS + 1))))
    return np.array(rows, dtype=object)


def _photographs(random: np.random.Generator, classes: int) -> NDArray[np.generic]:
    """Coarse coloured patterns under noise."""
    coarse = random.integers(0, 200, (classes, 1, 3, 7, 7))
    patterns = coarse.repeat(SIDE // 7, axis=3).repeat(SIDE // 7, axis=4)
    noise = random.integers(0, 56, (classes, MADE, 3, SIDE, SIDE))
    return (patterns + noise).astype(np.uint8).reshape(-1, 3, SIDE, SIDE)


def _vectors(random: np.random.Generator, classes: int) -> NDArray[np.generic]:
    """Normal clouds of unit spread around normal centres of twice the spread."""
    centres = 2 * random.standard_normal((classes, 1, WIDTH))
    cloud = centres + random.standard_normal((classes, MADE, WIDTH))
    return cloud.astype(np.float32).reshape(-1, WIDTH)
