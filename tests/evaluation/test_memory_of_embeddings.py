"""Peak memory follows the embeddings: no step copies them, however many items there are."""

from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from benchmark.evaluation import precision, scorers
from benchmark.evaluation.embedding_store import EmbeddingStore
from benchmark.evaluation.retrieval import by_distance

pytestmark = pytest.mark.process

WORK = """
import json, resource, sys, tempfile
from pathlib import Path
import numpy as np, torch
from baselines.fixed.pixels import Pixels
from benchmark.datasets.data_set import whole
from benchmark.evaluation import precision
from benchmark.evaluation.outcome import ask
from benchmark.tasks.episodes import draw
from benchmark.tasks.loading import LoadedTask
from benchmark.tasks.queries import draw_queries
from benchmark.tasks.spec import Task, TrialKind
from benchmark.tasks.trials import draw_trials

protocol, per_class, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
precision.LARGE = 1 << 20  # the sizes of a test are large too
CLASSES, SIDE = 20, 64
count = CLASSES * per_class
path = folder / f"{protocol}-{count}.npy"
stored = np.lib.format.open_memmap(
    path, mode="w+", dtype=np.uint8, shape=(count, 3, SIDE, SIDE)
)
random = np.random.default_rng(0)
for start in range(0, count, 200):
    stored[start : start + 200] = random.integers(0, 256, stored[start : start + 200].shape)
stored.flush()
del stored
mapped = np.lib.format.open_memmap(path, mode="r").view(np.ndarray)
labels = np.repeat(np.arange(CLASSES), per_class)
names = [f"c{n}" for n in range(CLASSES)]
data = whole("made", "photograph", mapped, labels, names, digest="0" * 64)
facts = dict(name="made", version=1, track="made", split="test", group=None)
classes = list(range(CLASSES))
if protocol == "episodes":
    task = Task("made-5w5s", 1, "made", "test", 5, 5, 5, 100)
    questions = draw(task, data, classes)
elif protocol == "verification":
    kinds = (TrialKind("genuine", 500), TrialKind("random", 500))
    task = Task("made-verification", 1, "made", "test", 1, 1, 1, 1_000,
                protocol="verification", kinds=kinds)
    questions = draw_trials(task, data, classes)
else:
    task = Task("made-retrieval", 1, "made", "test", 1, 1, 1, count, protocol="retrieval")
    questions = draw_queries(task, data, classes).first(100)
torch.set_num_threads(1)
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
loaded = LoadedTask(task, data, questions, data.class_names)
torch.bmm(torch.ones(1, 64, 64), torch.ones(1, 64, 64))
before = peak()
ask(Pixels(distance="cosine"), loaded, seed=0, device="cpu")
embeddings = 4 * len(questions.items()) * 3 * SIDE**2
print(json.dumps({"growth": peak() - before, "embeddings": embeddings}))
"""


def growth(protocol: str, per_class: int, folder) -> tuple[int, int]:
    arguments = [sys.executable, "-c", WORK, protocol, str(per_class), str(folder)]
    told = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout
    found = json.loads(told.splitlines()[-1])
    return found["growth"], found["embeddings"]


@pytest.mark.parametrize("protocol", ["episodes", "verification", "retrieval"])
def test_memory_grows_by_the_embeddings_alone(protocol, tmp_path):
    small, large = growth(protocol, 50, tmp_path), growth(protocol, 200, tmp_path)
    slope = (large[0] - small[0]) / (large[1] - small[1])
    assert slope < 1.25, (small, large)  # 2 and more with a copy of length one
    assert large[0] < large[1] + 500e6


@pytest.mark.parametrize("shots", ["prototype", "nearest", "mean-similarity"])
@pytest.mark.parametrize("n_shot", [1, 3])
def test_dividing_block_by_block_changes_no_bit(monkeypatch, shots, n_shot):
    random = np.random.default_rng(0)
    vectors = torch.from_numpy(random.normal(0, 3, (600, 40))).float()
    rows = np.stack([random.permutation(600)[: 5 * (n_shot + 4)] for _ in range(30)])
    support, queries = rows[:, : 5 * n_shot].reshape(30, 5, n_shot), rows[:, 5 * n_shot :]
    model = SimpleNamespace(distance="cosine")
    asked = SimpleNamespace(support=support, queries=queries)
    monkeypatch.setattr(scorers, "MATRIX_ITEMS", 0)
    found = []
    for large in (1 << 30, 1):
        monkeypatch.setattr(precision, "LARGE", large)
        scorer = scorers.embedding_scorer(
            model, vectors, asked, np.arange(600), EmbeddingStore(model, "cpu"), shots
        )
        found.append(scorer.score(torch.from_numpy(support), torch.from_numpy(queries)))
        rows_of = by_distance(model, vectors).rows(torch.arange(20))
        found.append(rows_of.argsort(dim=1, stable=True))
    assert torch.equal(found[0], found[2]) and torch.equal(found[1], found[3])
