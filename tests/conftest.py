"""Shared fixtures: the real data sets where they are, small synthetic ones everywhere."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# Tests run in a process for each core. Their threads, and those of the processes that they start,
# would compete. The started processes need not compile the sources again either.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

import numpy as np
import pytest
from filelock import FileLock

from benchmark.datasets.data_set import DataSet, Groups, whole

REAL_DATA = "ONESHOT_REAL_DATA"
REQUIRE = "ONESHOT_REQUIRE_REAL_DATA"
HEAVY = {  # each with how early its files are started: the longest first
    "slow": 0, "ray": 1, "process": 2, "training": 3, "realdata": 4, "browser": 5, "results": 6,
    "simulation": 7, "fuzz": 8, "gpu": 9,
}  # fmt: skip


def pytest_collection_modifyitems(items):
    """Marks what `make check` leaves out, and lets the files with the most of it begin first."""
    weight = {}
    for item in items:
        if {"real_data", "real_store"} & set(item.fixturenames):
            item.add_marker("realdata")
        marks = HEAVY.keys() & {mark.name for mark in item.iter_markers()}
        if marks:
            item.add_marker("heavy")
            weight[item.path] = min(weight.get(item.path, 99), *(HEAVY[mark] for mark in marks))
    items.sort(key=lambda item: weight.get(item.path, 99))


@pytest.fixture(autouse=True)
def _own_folders(tmp_path_factory, monkeypatch):
    """No test reads or writes the user's own data, caches or settings."""
    base = tmp_path_factory.getbasetemp()
    monkeypatch.setenv("ONESHOT_DATA", str(base / "no-data"))
    monkeypatch.setenv("ONESHOT_WORK", str(base / "work"))
    monkeypatch.delenv("ONESHOT_DEBUG", raising=False)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets named by ONESHOT_REAL_DATA; skips, or fails where required."""
    path = Path(os.environ.get(REAL_DATA, ""))
    if os.environ.get(REAL_DATA) and (path / "omniglot").is_dir():
        return path
    message = f"real data not found: set {REAL_DATA} to the folder that holds omniglot/"
    if os.environ.get(REQUIRE):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def real_store(real_data, tmp_path_factory) -> Path:
    """A data directory with the real data sets and what is generated; all workers read one."""
    from benchmark.datasets import prepare

    folder = tmp_path_factory.getbasetemp()
    folder = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    directory, complete = folder / "real-data", folder / "real-data.complete"
    with FileLock(folder / "real-data.lock"):
        if not complete.exists():
            for name in ("omniglot", "mini-imagenet", "orl-faces", "nfi-signatures"):
                prepare.add(name, real_data / name, directory)
            for name in ("languages", "digits"):
                prepare.add(name, None, directory)
            complete.touch()
    return directory


@pytest.fixture(scope="session")
def blobs() -> DataSet:
    """12 easy classes of 20 images [1, 16, 16], a noisy pattern each; 3 alphabets, 20 drawers."""
    return make_blobs()


def make_blobs(
    classes: int = 12, side: int = 16, alphabets: int = 3, noise: float = 0.2
) -> DataSet:
    """Synthetic characters: every class is a random one-bit pattern with flipped pixels."""
    random = np.random.Generator(np.random.Philox(7))
    pattern = random.random((classes, 1, 1, side, side)) < 0.3
    flip = random.random((classes, 20, 1, side, side)) < noise / 2
    images = np.where(pattern ^ flip, 255, 0).astype(np.uint8).reshape(-1, 1, side, side)
    labels = np.repeat(np.arange(classes), 20)
    alphabet = (labels * alphabets // classes).astype(np.int32)
    drawer = np.tile(np.arange(20, dtype=np.int32), classes)
    third = np.array(["train", "validation", "test"])
    names = tuple(f"a{c * alphabets // classes}/c{c:02d}" for c in range(classes))
    return whole(
        "blobs",
        "character",
        images,
        labels,
        names,
        {
            "alphabet": Groups(alphabet, tuple(f"a{i}" for i in range(alphabets))),
            "drawer": Groups(drawer, tuple(f"{i:02d}" for i in range(1, 21))),
            "split": Groups((alphabet % 3).astype(np.int32), tuple(third)),
        },
    )
