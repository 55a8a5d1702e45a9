"""One data set with what every side of a training is given of it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from baselines.siamese import batches
from benchmark.datasets.data_set import DataSet
from benchmark.evaluation.allocation import kept_memory
from benchmark.protocols import TrackInfo, TrainingData, TrainingRun
from benchmark.registry import resolve
from performance import peers
from performance.files import Files
from performance.material import training_images
from performance.measure import synchronise

BATCH, CLASSES = 64, 32
MODEL = "siamese-conv4-cosine-nt-xent"
Source = Callable[[], tuple[Tensor, Tensor]]
"""Images and labels of the next batch."""
LOW = {"float32": False, "bfloat16": True}
FILES = ", from files"
ORIGINAL = {"omniglot-background": 105, "mini-imagenet": 84}  # pixels of a file's side


class Bench:
    """A data set with what every side needs of it."""

    def __init__(self, track: str, data: DataSet, device: str) -> None:
        self.track, self.data, self.device = track, data, device
        self.info = TrackInfo(track, data.family, data.channels, data.side)
        self.stored = torch.from_numpy(data.inputs(data.side)).to(device)
        self.index = batches.index_classes(data, at_least=2, grouped=True, turned=False)
        self.items = peers.Items(torch.from_numpy(data.stored), data.labels)

    @contextmanager
    def loaders(self, absent: list[str]) -> Iterator[dict[str, Source]]:
        """Sources of (images, labels), one call a batch; worker processes end with the context."""
        made: dict[str, Source] = {}
        workers = []
        with tempfile.TemporaryDirectory() as folder:
            original = training_images(self.track, ORIGINAL[self.track])[0]
            files = Files(
                original.images(original.side), original.labels, self.data.side, Path(folder)
            )
            for kind, items in (("", self.items), (FILES, files)):
                if "learn2learn" not in absent:
                    tasks = peers.learn2learn_tasks(items, CLASSES, 2)
                    made[f"learn2learn{kind}"] = partial(self._drawn, tasks)
                if "pytorch_metric_learning" not in absent:
                    loader = peers.metric_learning_loader(items, BATCH, workers=2)
                    workers.append(loader)
                    made[f"DataLoader{kind}"] = partial(self._next, loader, [])
            yield made
            for loader in workers:
                loader._iterator = None  # ends the workers

    def _drawn(self, tasks: Any) -> tuple[Tensor, Tensor]:
        return self._there(*tasks.sample())

    def _next(self, loader: Any, endless: list[Any]) -> tuple[Tensor, Tensor]:
        """Of a loader whose workers start when it is first asked."""
        if not endless:
            endless.append(iter(loader))
        return self._there(*next(endless[0]))

    def _there(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        return images.to(self.device), labels.to(self.device)

    def batch(self, step: int) -> tuple[Tensor, batches.Batch]:
        """What the training loop does before it augments."""
        chosen = batches.class_balanced(self.index, CLASSES, 2, 0, step)
        items = torch.from_numpy(chosen.items).to(self.device)
        images = self.stored.index_select(0, items).float().div_(255)
        return images.contiguous(memory_format=torch.channels_last), chosen

    def model(self, dtype: str, augmentation: str) -> Any:
        """A model of the suite with the shape of all sides."""
        settings = {
            "precision": dtype, "augmentation": augmentation, "classes": CLASSES, "per_class": 2,
            "learning_rate": 0.001, "batches": "class-balanced", "turns": False, "sizes": "",
            "input_size": self.data.side,  # a quick training of photographs takes smaller ones
        }  # fmt: skip
        return resolve(MODEL, settings).build(0, self.info, "quick")

    def train(self, steps: int, dtype: str, augmentation: str) -> float:
        """Seconds of so many steps of the suite's own loop after a first one; none validates."""
        model = self.model(dtype, augmentation)
        began: list[float] = []

        def mark(part: str) -> None:
            # The first step pays for what happens once: images brought to size, memory taken.
            if part == "optimiser" and not began:
                synchronise(self.device)
                began.append(time.perf_counter())

        data = TrainingData(self.data, None, None, final_items=(steps + 1) * BATCH)
        with kept_memory():
            model.fit(data, TrainingRun(0, self.device, None, lambda progress: None, "", mark))
            synchronise(self.device)
            return time.perf_counter() - began[0]
