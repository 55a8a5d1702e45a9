"""The final fit: all classes, as many items as chosen, validation told by the first training."""

from dataclasses import replace
from functools import partial

import pytest

from benchmark.datasets import catalogue
from benchmark.evaluation import api
from benchmark.evaluation.job import RunContext, RunSpec, build
from benchmark.evaluation.run import run
from benchmark.registry import resolve
from benchmark.tasks import TRACKS
from benchmark.tasks import track as find_track
from benchmark.tasks.loading import split_of

pytestmark = pytest.mark.training

TASK = "glyphs-5w1s"
evaluate = partial(api.evaluate, isolate=False)  # in this process, where the fits can be read


def fits_of(learner):
    module = resolve(learner).factory
    module.fits.clear()
    return module.fits


def test_it_trains_twice_and_validates_once(learner, tmp_path):
    fits = fits_of(learner)
    plain = evaluate(learner, TASK)
    record = evaluate(learner, TASK, settings={"final_fit": True})
    (classes, accuracy, items, key), (more, none, final, other) = fits[-2:]
    assert accuracy is not None and items is None
    assert none is None and final == 600 and more > classes and key != other
    assert record.cost.training_items == 700 + 600
    assert record.model.recipe["final_fit"] is True
    # The validation twin is answered by weights that never saw its classes.
    assert record.validation == plain.validation


def test_questions_on_the_validation_split_are_answered_by_weights_that_never_saw_it(learner):
    twin = f"{TASK}@validation"
    fits = fits_of(learner)
    plain, final = (evaluate(learner, twin, settings={"final_fit": on}) for on in (False, True))
    assert len(fits) == 2 and all(accuracy is not None for _, accuracy, _, _ in fits)
    assert plain.outcome == final.outcome and plain.provenance.weights == final.provenance.weights
    spec = resolve(learner, {"final_fit": True})
    job = RunSpec(spec, find_track("glyphs"), 0, "quick", (TASK, twin))
    validation, test = run(job, RunContext())
    assert (validation.task.name, test.task.name) == (twin, TASK)
    assert validation.outcome == plain.outcome
    assert validation.provenance.weights == plain.provenance.weights != test.provenance.weights


@pytest.mark.parametrize("name", [known.name for known in TRACKS if known.data == "glyphs"])
def test_it_sees_no_test_class(name):
    track, data = find_track(name), catalogue.load("glyphs")
    seen = set(split_of(track, ("train", "validation"), data).class_names)
    parts = [set(split_of(track, (part,), data).class_names) for part in ("train", "validation")]
    assert seen == parts[0] | parts[1] and not parts[0] & parts[1]
    if track.test_data is None:
        assert not seen & set(split_of(track, ("test",), data).class_names)


def test_what_it_saw_is_told(learner):
    spec = replace(resolve(learner, {"final_fit": True}), pool="inductive")
    job = RunSpec(spec, find_track("glyphs"), 0, "quick", (TASK,))
    (record,) = run(job, RunContext())
    assert record.model.seen == ["glyphs/train", "glyphs/validation"]


def test_one_training_serves_every_way_of_asking(learner, tmp_path):
    fits = fits_of(learner)
    for settings in ({}, {"views": 2}, {"shots": "nearest"}):
        evaluate(learner, "glyphs-5w5s", settings=settings, work=tmp_path, existing="skip")
    assert len(fits) == 1
    evaluate(learner, TASK, settings={"final_fit": True}, work=tmp_path, existing="skip")
    evaluate(learner, TASK, settings={"final_fit": True}, work=tmp_path, existing="skip")
    assert len(fits) == 2  # the final fit starts from the same first training


def test_a_recipe_with_a_final_fit_ends_on_its_schedule(tmp_path):
    settings = {"threads": 1, "width": 0.125, "items": 1_280, "validations": 2, "final_fit": True}
    job = RunSpec(
        resolve("prototypical-conv4", settings), find_track("glyphs"), 0, "quick", (TASK,)
    )
    (record,) = run(job, RunContext(work=tmp_path))
    assert build(job)[1]["final_fit"] is True
    chosen = max(record.curve, key=lambda point: point.correct_per_10000).items
    assert record.cost.training_items == record.curve[-1].items + chosen
