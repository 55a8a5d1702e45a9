"""Images, episodes and networks that all sides are given alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from baselines.backbones.conv4 import Conv4
from benchmark.datasets import catalogue
from benchmark.datasets.data_set import DataSet, Family, whole
from benchmark.errors import DataMissing
from benchmark.tasks.catalogue import task as find_task
from benchmark.tasks.draw import distinct, words
from benchmark.tasks.episodes import Episodes
from benchmark.tasks.loading import LoadedTask, split_of
from benchmark.tasks.tracks import track as find_track

SHAPES = {"omniglot-background": (1, 28, 964, 20), "mini-imagenet": (3, 84, 64, 100)}


def photographs() -> tuple[DataSet, bool]:
    """The 12,000 test images of miniImageNet, in memory; False: noise of the same shape."""
    return _split("mini-imagenet", "test", (3, 84, 20, 600), "photograph")


def training_images(track: str, side: int | None = None) -> tuple[DataSet, bool]:
    """A track's training split in memory; False: noise of the same shape.

    Of photographs a hundred of each class, which are more than any cache holds.

    Args:
        track: one of `SHAPES`.
        side: of the images; default its recipe's.
    """
    family: Family = "character" if track.startswith("omniglot") else "photograph"
    channels, usual, classes, each = SHAPES[track]
    return _split(track, "train", (channels, side or usual, classes, each), family)


def _split(
    track: str, split: str, shape: tuple[int, int, int, int], family: Family
) -> tuple[DataSet, bool]:
    channels, side, classes, each = shape
    try:
        found = find_track(track)
        data = split_of(found, (split,), catalogue.load(found.data))  # type: ignore[arg-type]
        if len(data) > classes * each:
            first = [np.flatnonzero(data.labels == label)[:each] for label in range(classes)]
            data = data.take(np.concatenate(first))
        return whole(data.name, family, data.images(side), data.labels, data.class_names), True
    except DataMissing:
        random = np.random.default_rng(0)
        images = random.integers(0, 256, (classes * each, channels, side, side), dtype=np.uint8)
        labels = np.repeat(np.arange(classes), each)
        names = [str(number) for number in range(classes)]
        return whole("noise", family, images, labels, names), False


def asked(
    data: DataSet, n_way: int, n_shot: int, count: int, n_query: int = 15, seed: int = 0
) -> LoadedTask:
    """Random episodes on all classes of `data`, class after class and support before queries."""
    per_class = n_shot + n_query
    sizes = np.bincount(data.labels)
    order = np.argsort(data.labels, kind="stable")
    starts = np.cumsum(sizes) - sizes
    random = words(f"performance/{seed}", 0, count, 2 * n_way * (1 + per_class))
    chosen = distinct(random[:, : 2 * n_way], len(sizes), n_way)
    of_items = random[:, 2 * n_way :].reshape(count, n_way, 2 * per_class)
    places = distinct(of_items, sizes[chosen], per_class)
    items = order[starts[chosen][:, :, None] + places].astype(np.int32)
    labels = np.repeat(np.arange(n_way, dtype=np.int16), n_query)
    episodes = Episodes(
        items[:, :, :n_shot], items[:, :, n_shot:].reshape(count, -1), np.tile(labels, (count, 1))
    )
    task = replace(
        find_task("mini-imagenet-5w1s"), n_way=n_way, n_shot=n_shot, n_query=n_query, episodes=count
    )
    return LoadedTask(task, data, episodes, data.class_names)


class Embedder(nn.Module):
    """Conv4 as every side runs it, asked by squared Euclidean distance."""

    distance = "squared-euclidean"

    def __init__(self, channels: int, side: int) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.backbone = Conv4(channels, side)
        self.train()
        with torch.no_grad():
            for _ in range(5):  # batch norms that have seen something
                self.backbone(torch.rand(32, channels, side, side))
        self.eval()

    def embed(self, images: Tensor) -> Tensor:
        rows: Tensor = self.backbone(images)
        return rows
