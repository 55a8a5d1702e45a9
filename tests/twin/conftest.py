"""One small training on the shipped glyphs, and glyphs written out as pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import benchmark
from benchmark.datasets import glyphs
from benchmark.datasets.data_set import DataSet
from benchmark.records.schema import Record
from benchmark.tasks.loading import split_of
from benchmark.tasks.tracks import GLYPHS
from benchmark.twin.twin import Twin, load_twin

KEY = "siamese-conv4-cosine-nt-xent"
SETTINGS = {"width": 0.125, "items": 1280, "input_size": 28}


@dataclass(frozen=True)
class Training:
    """A trained network's record of glyphs-verification, and where all of it lies."""

    record: Record
    results: Path
    work: Path

    def load(self, run: str = KEY, **more: Any) -> Twin:
        more = {"settings": SETTINGS, "work": self.work, "results": self.results} | more
        return load_twin(run, **more)


@pytest.fixture(scope="session")
def training(tmp_path_factory: pytest.TempPathFactory) -> Training:
    folder = tmp_path_factory.mktemp("twin")
    results, work = folder / "results", folder / "work"
    record = benchmark.evaluate(
        KEY, "glyphs-verification", settings=SETTINGS, results=results, work=work, device="cpu"
    )
    return Training(record, results, work)


@pytest.fixture
def twin(training: Training) -> Twin:
    return training.load()


@pytest.fixture(scope="session")
def letters() -> DataSet:
    """The validation split of the glyphs."""
    return split_of(GLYPHS, ("validation",), glyphs.load())


@pytest.fixture(scope="session")
def png(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Writes an item as a PNG, dark ink on light paper as Omniglot's files are."""
    folder = tmp_path_factory.mktemp("letters")

    def write(data: DataSet, item: int, path: Path | None = None) -> Path:
        path = path or folder / f"{data.rows[item]}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(255 - data.take(np.array([item])).images()[0, 0]).save(path)
        return path

    return write


@pytest.fixture
def folder(letters: DataSet, png: Callable[..., Path], tmp_path: Path) -> Path:
    """Six drawings of each of ten letters, below a folder each."""
    for letter in range(10):
        for hand, item in enumerate(np.flatnonzero(letters.labels == letter)[:6]):
            png(letters, int(item), tmp_path / "pictures" / f"{letter}" / f"{hand}.png")
    return tmp_path / "pictures"
