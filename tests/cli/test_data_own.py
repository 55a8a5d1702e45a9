"""Your own data on the command line: added, described, listed, run."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from benchmark.cli.app import app
from benchmark.errors import OneshotError, Refused
from benchmark.evaluation.api import evaluate
from benchmark.records import store as records


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


@pytest.fixture
def points(tmp_path):
    """18 classes of 8 points around a centre each, as a table."""
    random = np.random.Generator(np.random.Philox(3))
    labels = np.repeat(np.arange(18), 8)
    centres = random.normal(size=(18, 6))
    values = centres[labels] + 0.1 * random.normal(size=(len(labels), 6))
    frame = pd.DataFrame(values, columns=[f"x{i}" for i in range(6)])
    frame["label"] = [f"c{label:02d}" for label in labels]
    frame.to_csv(tmp_path / "points.csv", index=False)
    return tmp_path


def add(points, *words):
    data = points / "data"
    return run(
        "data", "add", "pts", points / "points.csv", "--kind", "vectors", "--data", data, *words
    )


def test_three_commands_from_a_table_to_a_record(points):
    added = add(points)
    assert "pts: 144 items in 18 classes" in added.stdout
    assert "oneshot run siamese-mlp-cosine-nt-xent --task pts-4w1s" in added.stdout
    assert "80 items in 10 classes to learn from" in added.stdout
    assert "batches of 10 classes x 6 items" in added.stdout
    assert "oneshot tune siamese-mlp-cosine-nt-xent --track pts" in added.stdout
    told = run("data", "describe", "pts", "--data", points / "data").stdout
    assert "144 vectors of 6 numbers" in told and "train: 10 classes, 80 items" in told
    where = ["--data", points / "data", "--results", points / "results", "--work", points / "work"]
    small = ["--set", "items=1280", "--set", "width=0.25", "--set", "validations=1"]
    done = run("run", "siamese-mlp-cosine-nt-xent", "--task", "pts-4w1s", *where, *small)
    assert "1 new record" in done.stdout
    assert "on the validation split of pts-4w1s: accuracy" in done.stdout
    assert "raw vectors (pixels-" in done.stdout
    for path in (points / "results").rglob("seed-0.json"):
        record = records.read(path)
        assert sum(record.outcome.correct) > 0.9 * record.outcome.of * len(record.outcome.correct)
        assert str(points) not in path.read_text()


def test_the_function_finds_the_data_too(points):
    add(points)
    record = evaluate("pixels-euclidean", "pts-4w1s", data=points / "data")
    assert record.task.name == "pts-4w1s" and record.status == "ok"


def test_describe_as_json(points):
    add(points)
    told = json.loads(run("data", "describe", "pts", "--json", "--data", points / "data").stdout)
    assert told["items"] == 144 and told["balance"]["classes"] == 18


def test_own_data_are_listed(points, monkeypatch):
    add(points)
    monkeypatch.setenv("ONESHOT_DATA", str(points / "data"))
    for kind in ("tasks", "tracks", "datasets"):
        assert "pts" in run("list", kind).stdout
    (points / "data" / "pts" / "data_set.json").write_text("{}")
    assert "pts" not in run("list", "tasks").stdout, "a damaged one is no reason to fail"


@pytest.mark.parametrize(
    ("words", "error", "says"),
    [
        (["digits", "--side", "9"], Refused, "'digits' is read in one way only"),
        (["pts", "x", "--kind", "vectors", "--fractions", "1,2"], OneshotError, "no three numbers"),
        (["pts", "--kind", "text"], OneshotError, "no PATH"),
    ],
)
def test_words_that_make_no_sense(tmp_path, words, error, says):
    with pytest.raises(error, match=says):
        run("data", "add", *words, "--data", tmp_path)


def test_what_was_left_out_is_told(points):
    table = pd.read_csv(points / "points.csv")
    table.loc[0, "x0"] = np.nan
    table.to_csv(points / "points.csv", index=False)
    assert "left out line 2: column 'x0' holds no number" in add(points, "--on-bad", "skip").stdout
