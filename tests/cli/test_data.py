"""`oneshot data` prints what it did, and leaves errors to the main application."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmark.cli.data import app
from benchmark.datasets import catalogue, mini_imagenet, prepare, store
from benchmark.datasets import fetch as downloads
from benchmark.datasets.data_set import whole
from benchmark.errors import DataMissing, OneshotError, UnknownName

NAMES = [known.name for known in catalogue.DATA_SETS]


def points(path, progress=None):
    if progress:
        for done in range(3):
            progress("reading points", done, 0)
            progress("counting points", done, 2)
    return whole("read", "vector", np.eye(4, dtype=np.float32), [0, 0, 1, 1], "xy")


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A data directory and a kind of data that needs no files."""
    monkeypatch.setattr(mini_imagenet, "points", points, raising=False)
    monkeypatch.setitem(prepare.READERS, "points", "benchmark.datasets.mini_imagenet:points")
    return tmp_path / "data"


def run(*words, catch=False):
    result = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=catch)
    return result


def add(data, name="mine"):
    return run("add", name, data.parent, "--kind", "points", "--data", data)


def test_add_stores_and_says_what_came_of_it(data):
    result = add(data)
    assert result.exit_code == 0
    digest = store.load("mine", data).digest
    assert f"mine: 4 items in 2 classes, digest {digest[:12]}" in result.stdout


def test_errors_are_left_to_propagate(data):
    with pytest.raises(UnknownName, match="Did you mean omniglot"):
        run("add", "omniglo", data.parent, "--data", data)
    with pytest.raises(OneshotError, match="no file or folder"):
        run("add", "omniglot", data.parent / "absent", "--data", data)
    with pytest.raises(DataMissing):
        run("verify", "omniglot", "--data", data)


def test_fetch_passes_name_and_directory_on(data, monkeypatch):
    def fetch(name, directory, progress):
        assert (name, directory) == ("mine", data)
        progress("downloading x", 1, 2)
        return prepare.add("mine", data.parent, directory, "points", progress)

    monkeypatch.setattr(downloads, "fetch", fetch)
    assert "mine: 4 items" in run("fetch", "mine", "--data", data).stdout


def test_list_shows_what_is_there_and_how_to_get_the_rest(data):
    add(data)
    text = run("list", "--data", data).stdout
    for name in [*NAMES, "mine"]:
        assert name in text
    assert "To get omniglot, type: oneshot data add omniglot PATH" in text
    assert "To get mine" not in text and "To get glyphs" not in text


def test_list_as_json(data):
    add(data)
    rows = json.loads(run("list", "--json", "--data", data).stdout)
    assert [row["name"] for row in rows] == [*NAMES, "mine"]
    status = {row["name"]: row["status"] for row in rows}
    assert status == dict.fromkeys(NAMES, "absent") | {"glyphs": "shipped", "mine": "present"}
    assert all(set(row) == set(rows[0]) for row in rows)
    (data / "mine" / "data_set.json").write_text("{}")
    assert json.loads(run("list", "--json", "--data", data).stdout)[-1]["status"] == "damaged"


def test_where_prints_the_directory_and_nothing_else(data, monkeypatch):
    assert run("where", "--data", data).stdout == f"{data}\n"
    monkeypatch.setenv("ONESHOT_DATA", str(data / "variable"))
    assert run("where").stdout == f"{data / 'variable'}\n"


def test_verify_looks_at_all_and_fails_for_one(data):
    assert "no data set in" in run("verify", "--data", data).stdout
    add(data)
    add(data, "other")
    text = run("verify", "--data", data).stdout
    assert "mine: 4 items" in text and "other: 4 items" in text
    (data / "mine" / "items.npy").write_bytes(b"damaged")
    result = run("verify", "--data", data, catch=True)
    assert isinstance(result.exception, OneshotError)
    assert "mine: FAILED" in result.stdout and "other: 4 items" in result.stdout
    assert "mine" not in run("verify", "other", "--data", data).stdout
    (data / "other" / "items.npy").write_bytes(b"damaged")
    with pytest.raises(OneshotError, match="2 data sets failed"):
        run("verify", "--data", data)


def test_the_module_imports_nothing_heavy():
    code = (
        "import sys; import benchmark.cli.data; "
        "print(sorted({'torch', 'numpy', 'pandas', 'PIL', 'rich.progress'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
