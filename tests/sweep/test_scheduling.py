"""Descriptions of jobs, their order and their shards: the same everywhere, disjoint, complete."""

import json
import pickle
from dataclasses import replace

import pytest

from benchmark.errors import OneshotError
from benchmark.evaluation.job import RunContext, RunSpec, build
from benchmark.evaluation.run import run
from benchmark.registry import resolve
from benchmark.settings import as_text
from benchmark.sweep import cost as costs
from benchmark.sweep.plan import make
from benchmark.sweep.scheduling import longest_first, shard, shard_of
from benchmark.sweep.suite import RunGrid, load

GLYPHS = ("glyphs-5w1s", "glyphs-20w1s")
HEADS = ("nearest-centroid-conv4", "ridge-conv4", "simple-shot-un-conv4")


def wanted(model, **changes):
    return replace(RunGrid(model, GLYPHS, (0,), "quick"), **changes)


def planned(tmp_path):
    models = [wanted(model, seeds=(0, 1)) for model in HEADS]
    models += [wanted(model) for model in ("chance", "pixels-cosine", "prototypical-conv4")]
    models += [wanted("prototypical-conv4", budget="standard", settings={"views": 2})]
    return make(models, tmp_path).planned


@pytest.mark.parametrize("suite", ["quick", "baselines"])
def test_a_description_builds_the_very_recipe_after_a_journey_through_text(suite, tmp_path):
    found = make(load(suite).grids, tmp_path).planned
    assert found
    for each in found:
        text = json.dumps(each.job.text())
        back = RunSpec.parse(**pickle.loads(pickle.dumps(json.loads(text))))
        assert json.dumps(back.text()) == text
        assert build(back)[1] == each.recipe
        assert (back.tasks, back.which) == (each.job.tasks, each.job.which)


def test_settings_as_text_mean_what_they_meant():
    raw = {"views": 2, "final_fit": True, "learning_rate": 0.0031, "classes_from": "any"}
    texts = as_text(raw)
    assert texts["final_fit"] == "true" and texts["views"] == "2"
    recipes = []
    for settings in (raw, texts):
        spec = resolve("prototypical-conv4", settings)
        recipes.append(build(replace(_job(), spec=spec))[1])
    assert recipes[0] == recipes[1]


def _job():
    return RunSpec.parse("prototypical-conv4", GLYPHS)


def test_the_longest_comes_first_whatever_the_order_of_the_suite(tmp_path):
    jobs = planned(tmp_path)
    ordered = longest_first(jobs)
    assert ordered == longest_first(reversed(jobs))
    assert ordered[0].job.budget == "standard"
    assert [each.job.spec.key for each in ordered[-2:]] != ["prototypical-conv4"] * 2
    trained = [each.learning > 0 for each in ordered]
    assert trained == sorted(trained, reverse=True), "what does not train is short here"
    trainings = [each.training for each in ordered]
    assert len(set(trainings)) == 6, "heads share the training of their embeddings"
    runs = [a for a, b in zip(trainings, [None, *trainings], strict=False) if a != b]
    assert len(runs) == 6, "what shares a training stands together"


def test_the_order_does_not_ask_the_clock(tmp_path, monkeypatch):
    def none(*_):
        raise AssertionError("the order must not depend on the machine's speed")

    for clock in ("perf_counter", "monotonic"):
        monkeypatch.setattr(f"time.{clock}", none)
    monkeypatch.setattr(costs, "_passes", {})
    again = longest_first(planned(tmp_path))
    monkeypatch.undo()
    assert [e.mark for e in again] == [e.mark for e in longest_first(planned(tmp_path))]


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_shards_are_disjoint_and_complete_and_keep_trainings_whole(tmp_path, count):
    jobs = planned(tmp_path)
    parts = [shard(jobs, number, count) for number in range(1, count + 1)]
    marks = [each.mark for part in parts for each in part]
    assert sorted(marks) == sorted(each.mark for each in jobs)
    homes = {}
    for number, part in enumerate(parts):
        for each in part:
            assert homes.setdefault(each.training, number) == number


def test_a_shard_stays_the_same_while_others_finish(tmp_path):
    before = [each.mark for each in shard(planned(tmp_path), 2, 3)]
    done = next(each for each in planned(tmp_path) if each.job.spec.key == "chance")
    list(run(done.job, RunContext(results=tmp_path)))
    after = planned(tmp_path)
    assert [each.job.spec.key for each in after if not each.missing] == ["chance"]
    assert [each.mark for each in shard(after, 2, 3)] == before


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "a/b", "1/0", "-1/2", ""])
def test_wrong_shards(text):
    with pytest.raises(OneshotError, match="--shard"):
        shard_of(text)


def test_shards_count_from_one():
    assert shard_of("1/1") == (1, 1) and shard_of("3/8") == (3, 8)
