"""Methods that learn on episodes learn the shape of the task that they are scored on."""

from dataclasses import replace
from functools import partial

import pytest

from benchmark.cli.run_options import grids_of
from benchmark.datasets import store
from benchmark.errors import OneshotError
from benchmark.evaluation.api import evaluate
from benchmark.evaluation.job import RunContext, RunSpec, build, chooser_of
from benchmark.evaluation.shots import trainings
from benchmark.protocols import SplitSize
from benchmark.registry import resolve
from benchmark.sweep.plan import make
from benchmark.tasks import own, track

TASKS = ("glyphs-5w1s", "glyphs-5w5s", "glyphs-10w5s", "glyphs-verification")
MINE = replace(track("glyphs"), size=SplitSize(100, 2_000, 20))  # as if it were the user's own


def grouped(model, settings=None, where=MINE, tasks=TASKS):
    return trainings(partial(resolve, model), settings or {}, where, "quick", tasks, RunContext())


@pytest.mark.parametrize("model", ["prototypical-mlp", "matching-mlp", "r2d2-mlp"])
def test_each_number_of_shots_is_a_training_of_its_own(model):
    assert grouped(model) == [
        ({}, ("glyphs-5w1s", "glyphs-verification")),
        ({"support": 5}, ("glyphs-5w5s", "glyphs-10w5s")),
    ]


def test_a_head_of_fixed_ways_follows_them_too():
    found = grouped("reptile-mlp", tasks=TASKS[:3])
    assert found == [
        ({}, ("glyphs-5w1s",)),
        ({"support": 5}, ("glyphs-5w5s",)),
        ({"support": 5, "ways": 10}, ("glyphs-10w5s",)),
    ]


def test_what_the_user_sets_stays():
    assert grouped("prototypical-mlp", {"support": "1"}) == [({"support": "1"}, TASKS)]
    assert grouped("prototypical-mlp", {"support": "3"}) == [({"support": "3"}, TASKS)]


@pytest.mark.parametrize("model", ["siamese-mlp-cosine-nt-xent", "pixels-cosine", "ridge-mlp"])
def test_other_models_answer_all_tasks_with_one_training(model):
    assert grouped(model) == [({}, TASKS)]


def test_the_suites_own_tracks_keep_one_training_unless_asked():
    pinned = track("glyphs")
    assert grouped("prototypical-mlp", where=pinned) == [({}, TASKS)]
    matched = grouped("prototypical-mlp", {"support": "match"}, pinned, TASKS[:2])
    assert matched == [({}, TASKS[:1]), ({"support": 5}, TASKS[1:2])]
    with pytest.raises(OneshotError, match="no setting 'support'"):
        build(RunSpec(resolve("siamese-mlp-cosine-nt-xent", {"support": "match"}), pinned, 0,
                  "quick", ()))  # fmt: skip


def test_classes_without_the_items_train_with_the_shots_that_they_have():
    small = replace(MINE, size=SplitSize(100, 300, 3))
    assert grouped("prototypical-mlp", where=small, tasks=TASKS[1:2]) == [
        ({"support": 2}, TASKS[1:2])
    ]


def test_weights_are_chosen_by_as_many_shots():
    where = track("glyphs")
    for settings, chooser in [
        ({}, "20w1s"),
        ({"support": 5}, "20w5s"),
        ({"support": 500}, "20w1s"),
    ]:
        model, _ = build(RunSpec(resolve("prototypical-mlp", settings), where, 0, "quick", ()))
        assert chooser_of(model, where) == f"glyphs-{chooser}@validation"


def test_the_plan_makes_a_job_of_each_and_its_command_does_that_job(tmp_path):
    asked = grids_of(
        ["prototypical-mlp", "pixels-cosine"], list(TASKS[:2]), None, ["support=match"], "0-1",
        "quick",
    )  # fmt: skip
    plan = make(asked, tmp_path, strict=True)
    jobs = [(each.job.spec.key, each.job.tasks, each.job.seed) for each in plan.planned]
    assert sorted(jobs) == sorted(
        [("prototypical-mlp", (task,), seed) for task in TASKS[:2] for seed in (0, 1)]
        + [("pixels-cosine", TASKS[:2], seed) for seed in (0, 1)]
    )
    for each in plan.planned:
        again = each.job.words()
        five = each.job.tasks == ("glyphs-5w5s",)
        assert ("support=5" in again) == five == (each.recipe.get("support") == 5)


def test_data_of_the_users_own_follow_from_the_first_run(blobs, tmp_path):
    mine = replace(blobs, name="mine")
    store.save(mine, tmp_path, "folder data", "items", {"tasks": {}, "version": 1})
    small = {"items": "64", "width": "0.1", "validations": "1", "backbone": "mlp"}
    with own.looking_in(tmp_path):
        assert track("mine").size == SplitSize(4, 80, 20)
    record = evaluate("prototypical-conv4", "mine-2w3s", settings=small, data=tmp_path)
    assert record.model.recipe["support"] == 3 and record.validation.task == "mine-2w3s@validation"
    one = evaluate("prototypical-conv4", "mine-2w1s", settings=small, data=tmp_path)
    assert one.model.recipe["support"] == 1
