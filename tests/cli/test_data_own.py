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

pytestmark = pytest.mark.training


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
    assert "batches of 10 classes x 4 items" in added.stdout
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


@pytest.fixture
def lopsided(points):
    """The table with what is to be left out, and what deserves a look."""
    table = pd.read_csv(points / "points.csv")
    table.insert(0, "id", range(len(table)))
    table["place"], table["site"] = "town", "north"
    table = table.drop(index=range(1, 6))  # two are left of the first class
    values = [f"x{i}" for i in range(6)]
    table.loc[20, values] = table.loc[19, values]
    table.loc[40, values] = table.loc[19, values]
    table.to_csv(points / "points.csv")
    return points


def test_data_add_ends_with_what_it_understood(lopsided):
    lines = [
        " ".join(line.split()) for line in add(lopsided, "--group", "site").stdout.splitlines()
    ]
    for said in (
        "understood table UTF-8 text, cells separated by comma", "features 6: x0 ... x5",
        "label column 'label'", "group column 'site'", "1 column place: holds text",
        "1 column id: is an id or a row number by its name; --features takes columns by name",
        "split by a hash of class names: 60, 20, 20 % for training, validation and test",
        "classes 18, with 3 to 8 items each", "group site 1 values, each class has one of them",
    ):  # fmt: skip
        assert said in lines, (said, lines)
    table = "\n".join(lines)
    assert "(column 1, without a name): has no name, as row numbers that were saved along" in table
    assert "look at class sizes 'c00' has 3 items, the median is 8" in table
    assert "2 identical to another item, 1 in another class" in table and "c05 (1)" in table
    again = " ".join(run("data", "describe", "pts", "--data", lopsided / "data").stdout.split())
    assert "features 6: x0 ... x5" in again and "without a name" in again


def test_data_add_as_json(lopsided):
    told = json.loads(add(lopsided, "--json", "--group", "site").stdout)
    assert told["items"] == 139 and told["understood"]["features"] == [f"x{i}" for i in range(6)]
    assert told["understood"]["group"] == "column 'site'"
    assert {each["name"] for each in told["left_out"]} == {
        "id", "place", "(column 1, without a name)"
    }  # fmt: skip
    assert told["summary"]["doubles"] == 2 and sorted(told["summary"]["copied_classes"])[0][1] == 1
    described = run("data", "describe", "pts", "--json", "--data", lopsided / "data").stdout
    assert json.loads(described)["reading"]["understood"] == told["understood"]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("vectors", ["--range", "0,1"]), ("vectors", ["--path", "x"]),
        ("text", ["--features", "x"]), ("folder", ["--root", "."]),
        ("folder", ["--path", "x"]), ("csv", ["--features", "x"]),
    ],
)  # fmt: skip
def test_options_without_effect_are_refused(points, kind, words):
    with pytest.raises(Refused, match=f"{words[0]} has no effect on --kind {kind}"):
        run("data", "add", "x", points, "--kind", kind, "--data", points / "data", *words)
