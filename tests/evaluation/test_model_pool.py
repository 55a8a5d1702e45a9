"""A model is built once for each run: what is built to learn its recipe is what answers."""

import random

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from benchmark.cli.app import app
from benchmark.evaluation.api import evaluate
from benchmark.evaluation.job import MOST_MODELS, RunContext, RunSpec
from benchmark.evaluation.run import run
from benchmark.registry import ModelSpec
from benchmark.sweep.plan import make
from benchmark.sweep.suite import RunGrid

TASK = "glyphs-5w1s@validation"
SMALL = {"width": "0.125", "items": "640", "validations": "1", "input_size": "16", "threads": "1"}


@pytest.fixture
def built(monkeypatch):
    """Key and seed of every model that is built."""
    found = []
    build = ModelSpec.build

    def counting(spec, seed, *rest):
        found.append((spec.key, seed))
        return build(spec, seed, *rest)

    monkeypatch.setattr(ModelSpec, "build", counting)
    return found


def oneshot(*words):
    done = CliRunner().invoke(app, ["run", *words, "--task", TASK])
    assert done.exit_code == 0, done.output
    return done


@pytest.mark.parametrize("settings", [(), ("--set", "distance=euclidean")])
def test_a_command_builds_its_model_once(built, tmp_path, settings):
    oneshot("pixels-cosine", *settings, "--results", str(tmp_path))
    assert len(built) == 1, built


def test_each_seed_of_each_model_is_built_once(built, tmp_path):
    small = [word for pair in SMALL.items() for word in ("--set", "=".join(pair))]
    models = "prototypical-mlp", "nearest-centroid-mlp"
    folders = "--results", str(tmp_path / "r"), "--work", str(tmp_path / "w")
    oneshot(*models, *small, "--seeds", "0-1", *folders)
    assert sorted(built) == sorted((model, seed) for model in models for seed in (0, 1))


def test_evaluate_builds_its_model_once_and_none_again_to_find_a_record(built, tmp_path):
    evaluate("pixels-cosine", TASK, results=tmp_path)
    assert built == [("pixels-cosine", 0)]
    evaluate("pixels-cosine", TASK, results=tmp_path, existing="skip")
    assert len(built) == 2


def test_a_model_of_the_plan_gives_the_record_of_a_fresh_one():
    planned = RunSpec.parse("prototypical-mlp", (TASK,), settings=SMALL)
    context = RunContext()
    context.model(planned)
    torch.manual_seed(99)  # whatever happens between plan and run
    random.seed(99)
    np.random.seed(99)
    (record,) = run(planned, context)
    (fresh,) = run(planned, RunContext())
    assert record.id == fresh.id


def draws():
    return float(torch.rand(1)), random.random(), float(np.random.rand())


def test_what_a_run_draws_does_not_depend_on_when_its_model_was_built():
    spec = RunSpec.parse("untrained-conv4", (TASK,), settings={"width": "0.125"})
    context = RunContext()
    context.model(spec)
    expected = draws()
    assert draws() != expected
    context.take_model(spec)
    assert draws() == expected


def test_a_model_that_was_used_is_never_given_again_and_few_are_kept():
    context = RunContext()
    specs = [RunSpec.parse("chance", (TASK,), seed) for seed in range(MOST_MODELS + 2)]
    models = [context.model(spec)[0] for spec in specs]
    assert context.model(specs[-1])[0] is models[-1]
    assert context.take_model(specs[-1])[0] is models[-1]
    assert context.take_model(specs[-1])[0] is not models[-1]
    assert context.take_model(specs[0])[0] is not models[0], "the oldest was let go"


def test_a_plan_keeps_what_its_first_runs_need(built, tmp_path):
    context = RunContext(results=tmp_path)
    plan = make([RunGrid("chance", (TASK,), (0, 1), "quick")], tmp_path, context=context)
    for each in plan.planned:
        list(run(each.job, context))
    assert sorted(built) == [("chance", 0), ("chance", 1)]
