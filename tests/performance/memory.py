"""Memory as the number of episodes and of images grows; each point is a process of its own."""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from benchmark.datasets import catalogue
from benchmark.datasets.data_set import whole
from benchmark.errors import DataMissing
from benchmark.evaluation.embedding_store import EmbeddingStore
from benchmark.evaluation.episodes import answer
from benchmark.tasks.loading import load_task
from performance.evaluation import record
from performance.material import Embedder, asked
from performance.measure import Aim, Findings, Table

SIDE, CLASSES = 16, 20
EPISODES = (10_000, 30_000, 100_000)
IMAGES = (12_000, 100_000, 1_000_000)
MOST_MEBIBYTES = 1_500
FLAT_MEBIBYTES = 100  # growth beside what must grow


class Averaged:
    """Embeds an image as 16 means: memory is the harness's, not a network's."""

    distance = "euclidean"

    def embed(self, images: torch.Tensor) -> torch.Tensor:
        return functional.adaptive_avg_pool2d(images, 4).flatten(1)


def measure(device: str, rounds: int) -> Findings:
    """The curves, and a whole evaluation of miniImageNet."""
    del (
        rounds,
        device,
    )  # what is held does not vary; memory of a graphics processor is not looked at
    found = Findings()
    rows: list[tuple[str, ...]] = []
    with tempfile.TemporaryDirectory() as folder:
        for axis, points in (("episodes", EPISODES), ("images", IMAGES)):
            curve = []
            for point in points:
                episodes, images = (
                    (point, IMAGES[0]) if axis == "episodes" else (EPISODES[0], point)
                )
                told = _child(["--episodes", str(episodes), "--images", str(images), folder])
                needed = told["embeddings"] / 2**20
                growth = told["growth"] / 2**20
                curve.append((float(point), growth - needed))
                rows.append((f"{images:,}", f"{episodes:,}", f"{growth:,.0f}", f"{needed:,.0f}",
                             f"{growth - needed:,.0f}"))  # fmt: skip
            found.curves[axis] = curve
            found.aims.append(
                Aim(f"growth with {axis}, MiB beside the embeddings",
                    curve[-1][1] - curve[0][1], most=FLAT_MEBIBYTES)
            )  # fmt: skip
    found.tables.append(
        Table(
            "Memory",
            "Private memory in MiB that an evaluation takes beside what Python and PyTorch take "
            f"before it (synthetic images of {SIDE}x{SIDE}, memory-mapped, 5-way 1-shot, the drawn "
            "episodes there already). What must grow are the embeddings; the rest should not. "
            "Mapped pages of the file are the system's, and not counted.",
            ("Images", "Episodes", "At most taken", "Embeddings", "The rest"),
            rows,
        )
    )
    whole = _child(["--mini-imagenet"])
    if whole:
        peak = whole["peak"] / 2**20
        found.aims.append(
            Aim("miniImageNet, conv4, 10,000 episodes: MiB resident", peak, most=MOST_MEBIBYTES)
        )
    return found


def _child(words: list[str]) -> dict[str, int]:
    command = [sys.executable, str(Path(__file__).parent), "--memory", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return told


class Sampler(threading.Thread):
    """Looks at the process's private memory a hundred times a second."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.first = self.most = private()
        self.going = True

    def run(self) -> None:
        while self.going:
            self.most = max(self.most, private())
            time.sleep(0.01)

    def stop(self) -> int:
        """Bytes at most beyond the first look."""
        self.going = False
        self.join()
        return max(self.most, private()) - self.first


def private() -> int:
    """Bytes of memory that no file stands behind."""
    status = Path("/proc/self/status").read_text("utf-8")
    return 1024 * int(status.split("RssAnon:")[1].split()[0])


def one_point(episodes: int, images: int, folder: Path) -> dict[str, int]:
    """Evaluates synthetic images from a memory-mapped file and tells what it took, in bytes."""
    path = folder / f"{images}.npy"
    if not path.exists():
        random = np.random.default_rng(0)
        stored = np.lib.format.open_memmap(path, "w+", np.uint8, (images, 1, SIDE, SIDE))
        for start in range(0, images, 10_000):
            part = stored[start : start + 10_000]
            part[:] = random.integers(0, 256, part.shape, dtype=np.uint8)
        del stored
    labels, names = np.arange(images) % CLASSES, [str(number) for number in range(CLASSES)]
    stored = np.load(path, mmap_mode="r")
    data = whole("noise", "character", stored, labels, names, digest="0" * 64)
    loaded = asked(data, 5, 1, episodes)
    answer(Averaged(), loaded, episodes=100)  # what happens once
    gc.collect()
    sampler = Sampler()
    sampler.start()
    bank = EmbeddingStore(Averaged(), "cpu")
    # Every image is embedded, also those that no episode happens to ask about.
    rows = bank.vectors(data, loaded.task.split, np.arange(images))
    answer(bank.model, loaded, bank=bank)
    return {"growth": sampler.stop(), "embeddings": rows.nbytes}


def mini_imagenet() -> dict[str, int]:
    """Everything resident at its peak, in an evaluation of the real test images."""
    try:
        catalogue.load("mini-imagenet")
    except DataMissing:
        return {}
    record(Embedder(3, 84), load_task("mini-imagenet-5w1s"), "cpu")
    # Not getrusage: its peak is handed down from the process that started this one.
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    peak = next(line for line in lines if line.startswith("VmHWM:"))
    return {"peak": 1024 * int(peak.split()[1])}


def main(words: list[str]) -> None:
    """One point of a curve, as JSON on standard output."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--episodes", type=int, default=0)
    parser.add_argument("--images", type=int, default=0)
    parser.add_argument("--mini-imagenet", action="store_true")
    parser.add_argument("folder", nargs="?", type=Path)
    given = parser.parse_args(words)
    if given.mini_imagenet:
        told = mini_imagenet()
    else:
        told = one_point(given.episodes, given.images, given.folder)
    print(json.dumps(told))
