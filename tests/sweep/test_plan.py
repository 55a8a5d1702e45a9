"""Plans: jobs, what is missing, what is refused and why, and how long it takes."""

import sys
from dataclasses import replace

import pytest

from benchmark.errors import OneshotError, Refused
from benchmark.evaluation.job import RunContext
from benchmark.evaluation.run import run
from benchmark.sweep.estimate import Estimator, hours
from benchmark.sweep.plan import make, refuse_existing
from benchmark.sweep.suite import RunGrid

TASKS = ("glyphs-5w1s", "glyphs-20w1s")


def wanted(model, **changes):
    return replace(RunGrid(model, TASKS, (0,), "quick"), **changes)


def test_one_job_for_each_track_and_seed(tmp_path):
    tasks = (*TASKS, "omniglot-within-20w1s")
    plan = make([wanted("chance", tasks=tasks, seeds=(0, 1))], tmp_path)
    jobs = [(each.job.track.name, each.job.seed, each.job.tasks) for each in plan.planned]
    assert jobs == [
        ("glyphs", 0, TASKS), ("glyphs", 1, TASKS),
        ("omniglot-background", 0, tasks[2:]), ("omniglot-background", 1, tasks[2:]),
    ]  # fmt: skip
    assert plan.records == plan.missing == 6


def test_a_job_for_each_fold_of_what_is_asked_fold_by_fold(tmp_path):
    tasks = ("orl-faces-5w1s", "orl-faces-verification")
    plan = make([wanted("pixels-cosine", tasks=tasks, seeds=(0, 1))], tmp_path)
    jobs = [(each.job.seed, each.job.track.fold, each.job.tasks) for each in plan.planned]
    for seed in (0, 1):
        expected = [(seed, 0, tasks), *[(seed, fold, tasks[1:]) for fold in range(1, 5)]]
        assert [job for job in jobs if job[0] == seed] == expected
    assert plan.records == plan.missing == 12
    assert [e.job.which for e in plan.planned][:2] == ["seed 0, fold 0", "seed 0, fold 1"]
    alone = make([wanted("pixels-cosine", tasks=tasks[:1])], tmp_path)
    assert [each.job.tasks for each in alone.planned] == [tasks[:1]]


def test_what_is_there_is_not_missing(tmp_path):
    plan = make([wanted("chance")], tmp_path)
    job = replace(plan.planned[0].job, tasks=TASKS[:1])
    list(run(job, RunContext(results=tmp_path)))
    again = make([wanted("chance")], tmp_path)
    assert again.planned[0].missing == TASKS[1:]
    with pytest.raises(OneshotError, match="already there"):
        refuse_existing(again)
    refuse_existing(plan)


def test_what_a_model_does_not_answer_is_not_missing(tmp_path):
    tasks = ("glyphs-5w1s", "glyphs-verification")
    plan = make([wanted("chance", tasks=tasks), wanted("pixels-cosine", tasks=tasks)], tmp_path)
    assert [each.missing for each in plan.planned] == [tasks[:1], tasks]


def test_the_same_job_is_planned_once(tmp_path):
    one, two = wanted("chance", tasks=TASKS[:1]), wanted("chance")
    plan = make([one, two, two], tmp_path)
    assert [each.job.tasks for each in plan.planned] == [TASKS]


def test_what_makes_no_sense_is_listed_with_its_reason(tmp_path):
    bad = wanted("siamese-conv4-dot-product-contrastive")
    plan = make([bad, wanted("chance"), bad], tmp_path)
    assert [each.job.spec.key for each in plan.planned] == ["chance"]
    (refusal,) = plan.refused
    assert refusal.model == bad.model and "never negative" in refusal.reason
    with pytest.raises(Refused, match="never negative"):
        make([bad], tmp_path, strict=True)
    for both in ([bad, wanted("chance")], [wanted("chance"), bad]):  # the other goes on
        plan = make(both, tmp_path, strict=True)
        assert [each.job.spec.key for each in plan.planned] == ["chance"]
        assert [each.model for each in plan.refused] == [bad.model]


def test_a_package_that_is_missing_is_a_reason_and_no_end(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "skimage.feature", None)
    plan = make([wanted("hog"), wanted("chance")], tmp_path)
    assert [each.job.spec.key for each in plan.planned] == ["chance"]
    assert "needs scikit-image" in plan.refused[0].reason


def test_a_search_that_is_missing_comes_first_and_is_then_followed(learner, tmp_path):
    tuned = wanted(learner, tune=learner)
    plan = make([tuned], tmp_path)
    assert [search.model for search in plan.searches] == [learner]
    plan.searches[0].make(RunContext(results=tmp_path))
    plan = make([tuned], tmp_path)
    assert not plan.searches
    assert plan.planned[0].recipe["sharpness"] == 1.0
    assert plan.planned[0].job.typed == ("sharpness=1.0",)


def test_estimates_grow_with_the_work(tmp_path):
    def seconds(**settings):
        small = {"width": 0.125, "threads": 1, **settings}
        return estimator.plan(make([wanted("prototypical-conv4", settings=small)], tmp_path))

    estimator = Estimator(RunContext())
    once = seconds(items=60_000)
    assert once > 0
    assert 3 < seconds(items=600_000) / once < 10
    assert estimator.plan(make([wanted("chance")], tmp_path)) == 0
    shared = make(
        [wanted("prototypical-conv4", settings={"views": v, "threads": 1}) for v in (1, 2)],
        tmp_path,
    )
    one = make([wanted("prototypical-conv4", settings={"views": 1, "threads": 1})], tmp_path)
    assert estimator.plan(shared) < 1.9 * estimator.plan(one)  # one training serves both


@pytest.mark.parametrize(
    ("seconds", "words"), [(40, "40 seconds"), (720, "12 minutes"), (12_240, "3.4 hours")]
)
def test_hours_in_words(seconds, words):
    assert hours(seconds) == words
