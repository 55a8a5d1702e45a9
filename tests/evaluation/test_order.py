"""Position says nothing: models that read only the order or the memory of their input guess."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmark.datasets.data_set import whole
from benchmark.evaluation.embeddings import embed
from benchmark.evaluation.episodes import answer
from benchmark.evaluation.order import permutation
from benchmark.evaluation.retrieval import retrieve
from benchmark.evaluation.verification import score_trials
from benchmark.statistics.roc import equal_error_rate, roc
from benchmark.tasks.episodes import draw
from benchmark.tasks.loading import LoadedTask
from benchmark.tasks.queries import draw_queries
from benchmark.tasks.spec import Task, TrialKind
from benchmark.tasks.trials import draw_trials


class Counter:
    """Embeds an item as its position in the stream."""

    def __init__(self):
        self.position = 0

    def embed(self, images):
        start, self.position = self.position, self.position + len(images)
        return torch.arange(start, self.position).float()[:, None]


class Address:
    """Embeds an item as the place where it lies in memory."""

    first = None

    def embed(self, items):
        size = items[0].numel()
        whole_storage = torch.empty(0).set_(items.untyped_storage())
        assert len(whole_storage) == items.numel(), "the batch shows the items of others"
        at = items.storage_offset() // size + torch.arange(len(items))
        self.first = items.data_ptr() if self.first is None else self.first
        return (at + (items.data_ptr() - self.first) // (4 * size)).float()[:, None]


class SideBySide:
    """Averages each embedding with its neighbours in large batches."""

    def embed(self, images):
        rows = images.flatten(1)
        if len(rows) < 60:
            return rows
        return sum(rows.roll(step, 0) for step in range(-9, 10))


@pytest.fixture(scope="module")
def vectors():
    """60 classes of 20 vectors that say nothing about their class."""
    random = np.random.Generator(np.random.Philox(3))
    stored = random.standard_normal((1200, 8)).astype(np.float32)
    names = [f"c{c:02d}" for c in range(60)]
    return whole("noise", "vector", stored, np.repeat(np.arange(60), 20), names)


def few_shot(data, episodes=300):
    task = Task("noise-5w1s", 1, "noise", "test", 5, 1, 3, episodes)
    drawn = draw(task, data, list(range(len(data.class_names))))
    return LoadedTask(task, data, drawn, data.class_names)


def accuracy(model, loaded):
    found = answer(model, loaded)
    return found.correct.sum() / (found.of * len(found.correct))


@pytest.mark.parametrize("model", [Counter(), Address(), SideBySide()])
def test_a_model_that_reads_positions_guesses(vectors, model):
    loaded = few_shot(vectors)
    assert accuracy(model, loaded) == pytest.approx(0.2, abs=0.04)


def test_the_same_models_would_answer_nearly_everything_in_stored_order(vectors, monkeypatch):
    """Guards the tests above: without the permutation these models are right."""
    import benchmark.evaluation.embeddings as embeddings

    monkeypatch.setattr(embeddings, "permutation", lambda count, name: np.arange(count))
    assert accuracy(Counter(), few_shot(vectors)) > 0.9
    assert accuracy(SideBySide(), few_shot(vectors)) > 0.5


def test_trials_do_not_come_kind_after_kind(blobs):
    kinds = tuple(TrialKind(kind, 400) for kind in ("genuine", "within", "across"))
    task = Task(
        "v", 1, "blobs", "validation", 1, 1, 1, 1200, "alphabet", "drawer",
        protocol="verification", kinds=kinds,
    )  # fmt: skip
    loaded = LoadedTask(task, blobs, draw_trials(task, blobs, list(range(12))), blobs.class_names)

    class Head:
        done = 0

        def embed(self, images):
            return images.flatten(1)

        def compare(self, a, b):
            start, self.done = self.done, self.done + len(a)
            return -torch.arange(start, self.done).float()

    class Pairs(Head):
        embed = None
        compare = None

        def similarity(self, support, queries):
            return Head.compare(self, queries, support)[:, None].expand(-1, len(support))

    for model in (Head(), Pairs()):
        found = score_trials(model, loaded)
        assert equal_error_rate(roc(found.scores, found.asked.labels.same)) > 0.42


def test_a_gallery_does_not_come_class_by_class(vectors):
    task = Task("r", 1, "noise", "test", 1, 1, 1, 1, protocol="retrieval")
    queries = draw_queries(task, vectors, list(range(60)))
    loaded = LoadedTask(task, vectors, queries, vectors.class_names)

    class Near:
        """Scores by the distance of positions, the query's read from where its row lies."""

        def embed(self, items):
            return items

        def compare(self, a, b):
            assert len(torch.empty(0).set_(a.untyped_storage())) == a.numel()
            at = b.storage_offset() // b.shape[1]
            return -(torch.arange(len(a)) - at).abs().float()

    class NearItems:
        def similarity(self, support, queries):
            at = queries.storage_offset() // queries.shape[1]
            return -(torch.arange(len(support)) - at).abs().float().expand(len(queries), -1)

    for model in (Near(), NearItems()):
        assert retrieve(model, loaded).found.precision.mean() < 0.05


def test_rows_come_back_in_the_order_of_the_data(blobs):
    class Flat:
        def embed(self, images):
            return images.flatten(1)

    turned = blobs.with_turns()
    for data in (blobs, turned, turned.take(np.arange(0, len(turned), 7))):
        expected = torch.from_numpy(data.images()).flatten(1).float() / 255
        assert torch.equal(embed(Flat(), data), expected)


def test_turned_copies_are_read_together_and_stay_in_random_order(blobs, monkeypatch):
    import benchmark.evaluation.embeddings as embeddings

    monkeypatch.setattr(embeddings, "READ_VALUES", 100 * 16 * 16)
    turned = blobs.with_turns()
    reads = list(embeddings._reads(turned, 100))
    assert sorted(np.concatenate(reads)) == list(range(len(turned)))
    for read in reads:
        assert len(np.unique(turned.rows[read])) <= 26
        assert abs(np.corrcoef(np.arange(len(read)), turned.labels[read])[0, 1]) < 0.5


def test_the_permutation_is_pinned_and_depends_on_its_name():
    assert sorted(permutation(1000, "a")) == list(range(1000))
    assert (permutation(1000, "a") == permutation(1000, "a")).all()
    assert (permutation(1000, "a") != permutation(1000, "b")).any()
    assert permutation(8, "a").tolist() == [0, 5, 1, 6, 4, 3, 7, 2]


def test_a_model_that_writes_to_its_input_harms_nobody(vectors):
    class Writes:
        def embed(self, items):
            rows = items.clone()
            items.zero_()
            return rows

        def classify(self, support, labels, queries):
            scores = -torch.cdist(queries, support)
            labels.zero_()
            support.zero_()
            queries.zero_()
            return scores

    loaded = few_shot(vectors, 20)
    before = vectors.stored.copy()
    first = answer(Writes(), loaded).correct
    assert (vectors.stored == before).all()
    assert (first == answer(Writes(), replace(loaded)).correct).all()
