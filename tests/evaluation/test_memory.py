"""Memory that runs out: a smaller batch once, then a record that says so."""

import pytest
import torch

from benchmark.evaluation import embeddings, scorers
from benchmark.evaluation.episodes import answer
from benchmark.evaluation.job import RunContext, RunSpec
from benchmark.evaluation.memory import ran_out
from benchmark.evaluation.run import run
from benchmark.registry import ModelSpec
from benchmark.tasks.loading import LoadedTask

pytestmark = pytest.mark.process

CPU = "[enforce fail at alloc_cpu.cpp:124] . DefaultCPUAllocator: can't allocate memory: you tried"


class Hungry:
    """Embeds at most `most` images at once."""

    input_size, distance = 16, "cosine"

    def __init__(self, most: int = 10**9):
        self.most, self.batches = most, []

    def embed(self, images):
        self.batches.append(len(images))
        if len(images) > self.most:
            raise RuntimeError(CPU)
        return images.flatten(1)


class Greedy(Hungry):
    """Its training never fits."""

    def fit(self, data, run):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.\nMore.")


def job_of(factory, **settings):
    job = RunSpec.parse("chance", ("glyphs-5w1s@validation",))
    spec = ModelSpec(factory.__name__, factory, settings)
    return type(job)(spec, job.track, 0, "quick", job.tasks)


@pytest.mark.parametrize(
    ("error", "is_memory"),
    [
        (MemoryError(), True), (RuntimeError(CPU), True),
        (torch.OutOfMemoryError("CUDA out of memory."), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling"), True),
        (RuntimeError("shapes do not match"), False), (ValueError("out of memory"), False),
    ],
)  # fmt: skip
def test_it_is_told_from_other_errors(error, is_memory):
    assert ran_out(error) is is_memory


def test_a_smaller_batch_is_tried_once_and_gives_the_same(blobs, monkeypatch, caplog):
    whole = embeddings.embed(Hungry(), blobs)
    small = Hungry(most=100)
    assert torch.equal(embeddings.embed(small, blobs), whole)
    first, *rest = small.batches
    assert first == 240 and max(rest) == 256 // 8
    assert "batches of an eighth" in caplog.text
    with pytest.raises(RuntimeError, match="can't allocate"):
        embeddings.embed(Hungry(most=10), blobs)


def test_other_errors_are_not_tried_again(blobs):
    class Wrong(Hungry):
        def embed(self, images):
            super().embed(images)
            raise RuntimeError("shapes do not match")

    model = Wrong()
    with pytest.raises(RuntimeError, match="shapes"):
        embeddings.embed(model, blobs)
    assert len(model.batches) == 1


def test_blocks_of_episodes_become_smaller(monkeypatch):
    loaded = RunContext().task("glyphs-5w1s@validation", job_of(Hungry).track)
    assert isinstance(loaded, LoadedTask)
    plain = answer(Hungry(), loaded)
    made, blocks = scorers.embedding_scorer, []

    def limited(*words):
        scorer = made(*words)

        def score(support, queries):
            blocks.append(len(support))
            if len(support) > 100:
                raise MemoryError
            return scorer.score(support, queries)

        return scorers.Scorer(score, 400)

    monkeypatch.setattr("benchmark.evaluation.episodes.embedding_scorer", limited)
    answers = answer(Hungry(), loaded)
    assert answers.correct.tolist() == plain.correct.tolist()
    assert blocks[:3] == [400, 50, 50]


def test_an_evaluation_that_never_fits_is_recorded_with_its_reason():
    (record,) = run(job_of(Hungry, most=3), RunContext())
    assert record.status == "failed"
    assert "Memory ran out on cpu while glyphs-5w1s@validation" in record.reason


def test_a_training_that_runs_out_is_recorded_with_its_reason(tmp_path):
    (record,) = run(job_of(Greedy), RunContext(work=tmp_path))
    assert record.status == "failed"
    assert "training ran out of memory on cpu: CUDA out of memory" in record.reason
    assert "smaller batch" in record.reason and "\n" not in record.reason


def test_the_process_goes_on_after_it(tmp_path):
    context = RunContext(results=tmp_path)
    list(run(job_of(Hungry, most=3), context))
    (record,) = run(job_of(Hungry), context)
    assert record.status == "ok"
