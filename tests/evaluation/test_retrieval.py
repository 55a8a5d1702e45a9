"""Search: as pytorch-metric-learning counts it, ties against the match, memory that stays small."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from pytorch_metric_learning.distances import CosineSimilarity, LpDistance
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from pytorch_metric_learning.utils.inference import CustomKNN

from benchmark.evaluation.retrieval import by_distance, retrieve, search
from benchmark.tasks import task
from benchmark.tasks.loading import LoadedTask
from benchmark.tasks.queries import Queries, draw_queries


class Model:
    def __init__(self, distance="euclidean"):
        self.distance = distance

    def embed(self, images):
        return images.flatten(1)


class Head(Model):
    def compare(self, a, b):
        return -(a - b).norm(dim=1)


class Pairs:
    def similarity(self, support, queries):
        return -torch.cdist(queries.flatten(1), support.flatten(1))


def asked(sizes, order=None):
    sizes = np.asarray(sizes, dtype=np.int32)
    rows = np.flatnonzero(np.repeat(sizes, sizes) > 1)
    queries = rows if order is None else rows[np.random.default_rng(order).permutation(len(rows))]
    return Queries(np.arange(sizes.sum(), dtype=np.int32), sizes, queries.astype(np.int32))


def run(vectors, questions, distance="euclidean"):
    return search(by_distance(Model(distance), vectors), questions, "cpu", lambda a, b: None)


@pytest.mark.parametrize("distance", ["euclidean", "cosine"])
@pytest.mark.parametrize("sizes", [[12] * 9, [2, 5, 30, 3, 3, 1, 17]])
def test_against_pytorch_metric_learning(distance, sizes):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    random = np.random.default_rng(1)
    centres = random.normal(0, 1, (len(sizes), 6))[labels]
    vectors = torch.from_numpy(centres + random.normal(0, 1.2, centres.shape)).float()
    found = run(vectors, asked(sizes, order=3), distance)
    knn = CosineSimilarity() if distance == "cosine" else LpDistance(normalize_embeddings=False)
    calculator = AccuracyCalculator(
        include=("precision_at_1", "r_precision", "mean_average_precision_at_r"),
        k="max_bin_count",
        knn_func=CustomKNN(knn),
    )
    peer = calculator.get_accuracy(vectors, torch.from_numpy(labels))
    assert found.precision.mean() == pytest.approx(peer["mean_average_precision_at_r"], abs=1e-6)
    assert (found.first == 1).mean() == pytest.approx(peer["precision_at_1"], abs=1e-9)
    assert (found.hits / found.matches).mean() == pytest.approx(peer["r_precision"], abs=1e-6)


def test_ranks_by_full_sorting_in_the_order_of_the_queries():
    sizes = [4, 7, 2, 4]
    labels = np.repeat(np.arange(4), sizes)
    vectors = torch.from_numpy(np.random.default_rng(2).normal(size=(17, 3))).float()
    questions = asked(sizes, order=5)
    found = run(vectors, questions)
    for n, q in enumerate(questions.queries):
        order = np.argsort(((vectors - vectors[q]) ** 2).sum(dim=1).numpy())
        hit = labels[order[order != q]] == labels[q]
        r = sizes[labels[q]] - 1
        assert found.first[n] == np.argmax(hit) + 1
        assert (found.hits[n], found.matches[n]) == (hit[:r].sum(), r)
        precision = (np.cumsum(hit[:r]) / np.arange(1, r + 1))[hit[:r]].sum() / r
        assert found.precision[n] == pytest.approx(precision)


def test_a_constant_embedding_finds_nothing_wherever_its_items_stand():
    found = run(torch.ones(60, 4), asked([6] * 10))
    assert (found.first == 55).all() and not found.hits.any() and not found.precision.any()


def test_every_way_finds_the_same(blobs):
    wanted = task("glyphs-retrieval")
    queries = draw_queries(wanted, blobs, list(range(12)))
    loaded = LoadedTask(wanted, blobs, queries, blobs.class_names)
    plain = retrieve(Model(), loaded)
    assert len(plain.found.first) == 240 and (plain.found.first == 1).mean() > 0.9
    head, pairs = retrieve(Head(), loaded), retrieve(Pairs(), loaded)
    assert np.array_equal(head.found.first, plain.found.first)
    assert len(pairs.found.first) == 20, "a declared prefix"
    assert np.array_equal(pairs.found.first, plain.found.first[:20])
    assert pairs.asked.digest() == queries.first(20).digest()


def test_memory_does_not_grow_with_the_square():
    """12,000 items would need 549 MiB for one matrix of all pairs."""
    code = (
        "import resource, numpy as np, torch\n"
        "from benchmark.evaluation.retrieval import by_distance, search\n"
        "from benchmark.tasks.queries import Queries\n"
        "class Model: distance = 'cosine'\n"
        "def run(n):\n"
        "    sizes = np.full(n // 20, 20, dtype=np.int32); rows = np.arange(n, dtype=np.int32)\n"
        "    vectors = torch.rand(n, 4, generator=torch.Generator().manual_seed(0))\n"
        "    asked = Queries(rows, sizes, rows)\n"
        "    search(by_distance(Model(), vectors), asked, 'cpu', lambda a, b: None)\n"
        "    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024\n"
        "small = run(2_000); print(run(12_000) - small)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 200, "MiB more than 2,000 items"
