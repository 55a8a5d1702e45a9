"""The search: validation decides, failures are no choice, the outcome is carried over."""

import json

import numpy as np
import pytest

from benchmark.cli.tune import advice
from benchmark.datasets import store
from benchmark.datasets.data_set import Groups, Pairs, whole
from benchmark.datasets.description import Own
from benchmark.datasets.split import SPLITS
from benchmark.errors import OneshotError, Refused
from benchmark.evaluation.job import RunContext, build
from benchmark.evaluation.training import training_of
from benchmark.evaluation.verification import score_trials
from benchmark.statistics.roc import equal_error_rate, roc
from benchmark.sweep.plan import make
from benchmark.sweep.suite import RunGrid
from benchmark.sweep.tuning import Outcome, Search, Trial, followed, scaled

pytestmark = pytest.mark.training


def test_the_best_on_validation_is_chosen(learner, tmp_path):
    search = Search(learner, "glyphs", "quick")
    outcome = search.make(RunContext(results=tmp_path))
    assert outcome.task == "glyphs-20w1s@validation"
    assert [trial.settings["sharpness"] for trial in outcome.trials] == [1.0, 4.0, 4e9]
    assert outcome.trials[2].correct is None  # refused, hence no choice
    assert outcome.best is outcome.trials[0]
    assert search.read(tmp_path) == outcome
    assert followed(search, learner, {"sharpness": "8"}, tmp_path) == {"sharpness": 2.0}
    text = (tmp_path / search.name).read_text()
    assert str(tmp_path) not in text and "learner.py:Learner" in text
    told = json.loads(text)
    assert told["seed"] == 1000 and all(isinstance(t["correct"], int) for t in told["trials"][:2])


def test_no_search_is_no_advice(tmp_path):
    search = Search("prototypical-conv4", "glyphs", "quick")
    assert search.read(tmp_path) is None
    assert followed(search, "prototypical-conv4", {}, tmp_path) is None


def test_a_damaged_file_is_named_and_does_not_count(tmp_path, caplog):
    search = Search("prototypical-conv4", "glyphs", "quick")
    path = tmp_path / search.name
    path.parent.mkdir(parents=True)
    path.write_text("{")
    assert search.read(tmp_path) is None
    assert str(path) in caplog.text and "cannot be read" in caplog.text


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        ("siamese-conv4-cosine-nt-xent", {"learning_rate", "temperature"}),
        ("siamese-conv4-euclidean-contrastive", {"learning_rate", "margin"}),
        ("siamese-conv4-euclidean-angular", {"learning_rate"}),
        ("prototypical-conv4", {"learning_rate", "temperature"}),
    ],
)
def test_every_model_that_trains_gets_eight_settings(model, fields):
    jobs = Search(model, "glyphs", "quick").jobs()
    assert len(jobs) == 8 and all(set(factors) == fields for factors, _ in jobs)
    assert len({str(job.spec.settings) for _, job in jobs}) == 8
    assert any(set(factors.values()) == {1.0} for factors, _ in jobs)  # the default is among them


def test_a_model_without_anything_to_search():
    with pytest.raises(OneshotError, match="nothing to search"):
        Search("chance", "glyphs", "quick").jobs()


def test_only_numbers_of_the_recipe_can_be_scaled():
    assert scaled({"margin": 3, "on": True}, {"margin": 1 / 3}) == {"margin": 1.0}
    for name in ("absent", "on"):
        with pytest.raises(Refused, match=name):
            scaled({"margin": 3.0, "on": True}, {name: 2.0})


def test_nothing_is_chosen_where_all_failed(tmp_path):
    search = Search("prototypical-conv4", "glyphs", "quick")
    outcome = Outcome(
        model=search.model, track="glyphs", budget="quick", task="t", seed=1, of=1,
        trials=[Trial(factors={}, settings={}, correct=None)],
    )  # fmt: skip
    assert outcome.best is None and advice(search, outcome) == ["no setting could be trained"]
    path = tmp_path / search.name
    path.parent.mkdir(parents=True)
    path.write_text(outcome.model_dump_json())
    wanted = RunGrid("prototypical-conv4", ("glyphs-5w1s",), (0,), "quick", tune=search.model)
    plan = make([wanted], tmp_path)
    assert not plan.planned and not plan.searches
    assert "could be trained" in plan.refused[0].reason and "delete" in plan.refused[0].reason


@pytest.mark.parametrize(
    ("right", "told"),
    [
        ([9, 5, 1], ("margin=1 is the lowest that was tried", "--set margin=0.5")),
        ([1, 5, 9], ("margin=4 is the highest that was tried", "--set margin=8.0")),
        ([1, 9, 5], None),
        ([None, 9, 5], None),
    ],
)
def test_an_optimum_at_the_end_of_a_search_is_told(right, told):
    search = Search("siamese-conv4-euclidean-contrastive", "glyphs", "standard")
    trials = [
        Trial(factors={"margin": m, "learning_rate": r}, settings={"margin": m, "learning_rate": r},
              correct=None if correct is None else correct + (r == 0.5))
        for m, correct in zip((1.0, 2.0, 4.0), right, strict=True) for r in (0.5, 1.0)
    ]  # fmt: skip
    task = "glyphs-20w1s@validation"
    outcome = Outcome(
        model=search.model,
        track="glyphs",
        budget="standard",
        task=task,
        seed=1,
        of=9,
        trials=trials,
    )
    command, *rest = advice(search, outcome)
    margin = outcome.best.settings["margin"]
    assert command.endswith(
        f"{search.model} --task glyphs-20w1s --seeds 0 --budget standard --set margin={margin} "
        "--set learning_rate=0.5"
    )  # which of two learning rates is best says nothing of others
    assert len(rest) == (told is not None)
    for line in rest:
        assert line.startswith(told[0]) and told[1] in line
        assert f"--task {task} --seeds 1 " in line  # as the search did: on validation


def test_labelled_pairs_choose_by_their_error_rate(learner, tmp_path, monkeypatch):
    random = np.random.Generator(np.random.Philox(1))
    labels = np.arange(96) // 2
    shown = random.integers(0, 256, (48, 1, 8, 8))[labels] + random.integers(0, 9, (96, 1, 8, 8))
    left, right = np.r_[0:96:2, 0:96:2], np.r_[1:96:2, np.roll(np.arange(0, 96, 2), 1)]
    split = (labels // 16).astype(np.int32)
    inside = split[left] == split[right]
    same = np.repeat([True, False], 48)
    lists = np.zeros(96, np.int8)
    pairs = Pairs(left[inside], right[inside], same[inside], lists[inside], ("labelled",))
    data = whole(
        "mine", "character", (shown % 256).astype(np.uint8), labels, [f"c{c}" for c in range(48)],
        {"split": Groups(split, SPLITS)}, pairs=pairs,
    )  # fmt: skip
    store.save(data, tmp_path, own=Own(tasks={}, version=1))
    monkeypatch.setenv("ONESHOT_DATA", str(tmp_path))
    outcome = Search(learner, "mine", "quick").make(RunContext())
    assert (outcome.task, outcome.of) == ("mine-verification@validation", 16 + 15)
    assert outcome.best is outcome.trials[0] and outcome.trials[0].correct > 29
    (job,) = [
        job
        for factors, job in Search(learner, "mine", "quick").jobs()
        if factors == {"sharpness": 0.25}
    ]
    context = RunContext()
    model, recipe = build(job)
    training_of(model, recipe, job, context).choose(model)
    twin = context.task("mine-verification@validation", job.track)
    told = score_trials(model, twin)
    expected = 1 - equal_error_rate(roc(told.scores, told.asked.labels.same))
    assert model.fits[-1][1] == pytest.approx(expected)
