"""Small drawn data sets and a training harness for the tests of the models."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from baselines.catalogue import METHODS
from benchmark.datasets.data_set import DataSet, Groups, whole
from benchmark.protocols import TrackInfo, TrainingData, TrainingRun

Episodes = tuple[Tensor, Tensor, Tensor]
# Methods that answer embeddings; the others adapt their network to images (test_adaptation.py).
ON_EMBEDDINGS = [m for m in METHODS if m.offers != "EpisodeClassifier"]
EPISODIC = {m.key: m for m in ON_EMBEDDINGS if m.family == "episodic"}
HEADS = {m.key: m for m in ON_EMBEDDINGS if m.family in ("classifier", "transductive")}


@pytest.fixture
def track() -> TrackInfo:
    return TrackInfo("small", "character", channels=1, side=32)


@pytest.fixture
def photographs() -> TrackInfo:
    return TrackInfo("small", "photograph", channels=3, side=32)


def drawn(
    classes: int = 12, per_class: int = 8, side: int = 32, channels: int = 1, seed: int = 0
) -> DataSet:
    """Classes of blocky patterns with noise, in groups of four classes, each item by one drawer."""
    rng = np.random.default_rng(seed)
    coarse = rng.random((classes, channels, 8, 8)) < 0.4
    patterns = coarse.repeat(side // 8, axis=2).repeat(side // 8, axis=3)
    noise = rng.random((classes, per_class, channels, side, side)) < 0.1
    stored = ((patterns[:, None] ^ noise) * 255).astype(np.uint8)
    labels = np.repeat(np.arange(classes), per_class)
    names = [f"c{c}" for c in range(classes)]
    alphabets = tuple(f"a{g}" for g in range((classes + 3) // 4))
    groups = {
        "alphabet": Groups((labels // 4).astype(np.int32), alphabets),
        "drawer": Groups(
            np.tile(np.arange(per_class), classes).astype(np.int32),
            tuple(f"d{d}" for d in range(per_class)),
        ),
    }
    family = "character" if channels == 1 else "photograph"
    flat = stored.reshape(-1, channels, side, side)
    return whole("drawn", family, flat, labels, names, groups)


@pytest.fixture
def draw() -> Callable[..., DataSet]:
    """Makes a data set; see `drawn`."""
    return drawn


@pytest.fixture
def data_set() -> DataSet:
    return drawn()


@pytest.fixture
def training() -> Callable[..., TrainingData]:
    """Makes what a model may learn from; every network validates equally by default."""

    def make(
        data: DataSet | None = None, validate: Callable[[Any], float] = lambda model: 0.5
    ) -> TrainingData:
        data = drawn() if data is None else data
        return TrainingData(train=data, validation=data, validate=validate)

    return make


@pytest.fixture
def running() -> Callable[..., TrainingRun]:
    """Makes where a training runs."""

    def make(folder: Path | None = None, seed: int = 0, key: str = "key") -> TrainingRun:
        return TrainingRun(seed, "cpu", folder, report=lambda progress: None, key=key)

    return make


@pytest.fixture
def quick() -> dict[str, Any]:
    """Settings of a training of a second: six batches of 16 items."""
    small = {"width": 0.125, "input_size": 16, "threads": 1}  # threads cost more than they bring
    return {**small, "items": 96, "classes": 4, "per_class": 4}


@pytest.fixture
def episodes() -> Callable[..., Episodes]:
    """Makes support [b, n * k, e], labels [b, n * k] and queries [b, n * q, e], none below zero."""

    def make(
        n_way: int = 5, n_shot: int = 1, n_query: int = 3, count: int = 12, width: int = 32
    ) -> Episodes:
        draw = torch.Generator().manual_seed(n_way * 100 + n_shot)
        centres = torch.randn(count, n_way, 1, width, generator=draw)
        noise = torch.randn(count, n_way, n_shot + n_query, width, generator=draw)
        items = (centres + noise).relu()
        labels = torch.arange(n_way).repeat_interleave(n_shot).expand(count, -1)
        return items[:, :, :n_shot].flatten(1, 2), labels, items[:, :, n_shot:].flatten(1, 2)

    return make


@pytest.fixture
def head(track: TrackInfo) -> Callable[..., Any]:
    """Builds a head by its key, with 32 numbers of embedding and a mean that is not zero."""

    def make(key: str, **settings: Any) -> Any:
        module, _, name = HEADS[key].target.partition(":")
        chosen = {**HEADS[key].settings, "backbone": "mlp", "width": 0.25, **settings}
        model = getattr(import_module(module), name)(seed=0, track=track, **chosen).eval()
        model.mean = torch.linspace(0, 1, 32)
        return model

    return make
