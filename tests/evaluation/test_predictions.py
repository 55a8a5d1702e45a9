"""Answers to be looked at are those of a record; weights are loaded, and a test's reading noted."""

from __future__ import annotations

import shlex

import numpy as np
import pytest
import torch

from benchmark.errors import OneshotError, Refused
from benchmark.evaluation import predictions
from benchmark.evaluation.api import evaluate
from benchmark.evaluation.job import RunContext, RunSpec
from benchmark.evaluation.predictions import load_predictor
from benchmark.evaluation.run import run
from benchmark.protocols import TrainingResult
from benchmark.records import readings
from benchmark.registry import ModelSpec, resolve
from benchmark.tasks import load_task
from benchmark.tasks import track as find_track

TASK, PAIRS = "glyphs-5w1s", "glyphs-verification"


class Small:
    """Sixteen pixels on a side."""

    input_size, distance = 16, "cosine"

    def embed(self, images):
        return images.flatten(1)


class Learner(Small):
    """Weights tell which training they are of; they decide what is seen of an image."""

    refits = True

    def __init__(self):
        self.weight = torch.zeros(1)

    def fit(self, data, run):
        self.weight = torch.tensor([1.0 if data.validate is None else 3.0])
        return TrainingResult(items=7, seconds=0.0, curve=[], best_items=7)

    def state_dict(self):
        return {"weight": self.weight}

    def load_state_dict(self, state):
        self.weight = state["weight"]

    def embed(self, images):
        return images[:, :, :: int(self.weight)].flatten(1)


def job(factory, task=TASK, **settings):
    known = isinstance(factory, str)
    spec = resolve(factory) if known else ModelSpec(factory.__name__, factory, settings)
    typed = tuple(f"{name}={value}" for name, value in settings.items())
    return RunSpec(spec, find_track("glyphs"), 0, "quick", (task,), typed)


@pytest.mark.parametrize("model", [Small, "chance"])
@pytest.mark.parametrize("episode", [0, 7])
def test_an_episode_is_answered_as_in_the_record(model, episode) -> None:
    loaded = load_task(TASK)
    record = evaluate(model, TASK, device="cpu")
    classes = load_predictor(job(model), RunContext(), loaded).classes(loaded, episode)
    right = classes == loaded.episodes.labels[episode]
    assert right.sum() == record.outcome.correct[episode]
    assert 0 < right.sum() < len(right)


def test_trials_have_the_log_odds_of_the_record() -> None:
    loaded = load_task(PAIRS)
    record = evaluate(Small, PAIRS, device="cpu")
    numbers = np.array([3, 4, 5_001, 14_999])
    odds = load_predictor(job(Small, PAIRS), RunContext(), loaded).log_odds(
        loaded, loaded.episodes.take(numbers)
    )
    assert np.rint(1000 * odds).tolist() == [record.outcome.thousandths[n] for n in numbers]


@pytest.mark.parametrize("final", [False, True])
def test_the_weights_are_those_that_answered(final, tmp_path) -> None:
    loaded, context = load_task(TASK), RunContext(work=tmp_path)
    asked = job(Learner, final_fit=final)
    (record,) = run(asked, context)
    predictor = load_predictor(asked, context, loaded)
    assert float(predictor.model.weight) == (1.0 if final else 3.0)
    right = predictor.classes(loaded, 2) == loaded.episodes.labels[2]
    assert right.sum() == record.outcome.correct[2]
    twin = load_task(f"{TASK}@validation")  # answered by weights that never saw it
    assert float(load_predictor(asked, context, twin).model.weight) == 3.0


def test_nothing_is_trained(tmp_path) -> None:
    context = RunContext(work=tmp_path / "work")
    with pytest.raises(OneshotError, match="no finished weights") as told:
        load_predictor(job(Learner), context, load_task(TASK))
    assert "oneshot run Learner --task glyphs-5w1s --seeds 0 --budget quick" in told.value.hint
    assert not context.work.exists()


def test_a_reading_of_the_test_is_noted_and_one_of_validation_is_not(tmp_path) -> None:
    context = RunContext(results=tmp_path)
    load_predictor(job(Small), context, load_task(f"{TASK}@validation"))
    assert not readings.load(tmp_path)
    load_predictor(job(Small), context, load_task(TASK))
    assert readings.load(tmp_path) == {("glyphs", "Small"): 1}
    elsewhere = RunContext(results=tmp_path / "none")
    load_predictor(job(Small), elsewhere, load_task(TASK))
    assert not elsewhere.results.exists()


def test_what_cannot_be_asked_is_refused_before_the_test_is_read(tmp_path) -> None:
    context = RunContext(results=tmp_path)

    class Seen(Small):
        seen = ("glyphs/test",)

    with pytest.raises(Refused, match="it has seen"):
        load_predictor(job(Seen), context, load_task(TASK))
    with pytest.raises(Refused, match="no similarity"):
        load_predictor(job("chance", PAIRS), context, load_task(PAIRS))
    with pytest.raises(Refused, match="no embeddings"):
        load_predictor(job("chance"), context, load_task(TASK), embeds=True)
    assert not readings.load(tmp_path)


def test_embeddings_are_as_the_distance_sees_them() -> None:
    loaded, items = load_task(f"{TASK}@validation"), np.array([12_000, 12_345])
    vectors = load_predictor(job(Small), RunContext(), loaded, embeds=True).embeddings(
        loaded, items
    )
    flat = loaded.data.take(items).images(16).reshape(2, -1) / 255
    assert vectors == pytest.approx(flat / np.linalg.norm(flat, axis=1, keepdims=True), abs=1e-6)


def test_the_command_that_trains_keeps_all_that_was_typed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "my models"
    folder.mkdir()
    (folder / "net.py").write_text("class Net:\n    def embed(self, x): ...\n")
    spec = resolve("my models/net.py:Net", {"width": "0.5"})
    job = RunSpec(spec, find_track("glyphs"), 3, "quick", ("glyphs-5w1s",), ("width=0.5",))
    context = RunContext(tmp_path / "d", tmp_path / "r", tmp_path / "my work")
    words = shlex.split(predictions._command(job, context, {}))
    assert words[:3] == ["oneshot", "run", "my models/net.py:Net"]
    told = {word: words[n + 1] for n, word in enumerate(words) if word.startswith("--")}
    assert told == {
        "--task": "glyphs-5w1s", "--seeds": "3", "--budget": "quick", "--set": "width=0.5",
        "--data": str(tmp_path / "d"), "--work": str(tmp_path / "my work"),
        "--results": str(tmp_path / "r"),
    }  # fmt: skip
    path = predictions.path_of(job, "glyphs-5w1s", {}, tmp_path / "r")
    path.parent.mkdir(parents=True)
    path.write_text("")
    assert predictions._command(job, context, {}).endswith("--existing redo"), (
        "else nothing is trained"
    )


@pytest.mark.parametrize(
    ("name", "typed"),
    [("pixels-cosine", "pixels-cosine"), ("checkpoint:some/w.pt", "checkpoint:some/w.pt")],
)
def test_a_model_can_be_typed_again(name, typed):
    assert resolve(name).typed == typed
