"""Commands that are printed to be typed next: quoted, and with the folders that were typed."""

import shlex

import pytest
from typer.testing import CliRunner

from benchmark.cli.app import app
from benchmark.cli.options import command
from benchmark.tasks.own import DIRECTORY
from tests.evaluation.test_presence import add_points


def test_words_are_quoted_and_there_need_be_no_command():
    assert command("run", "my dir/net.py:Net") == "oneshot run 'my dir/net.py:Net'"
    assert shlex.split(command("run", "it's $(id)"))[-1] == "it's $(id)"


@pytest.mark.parametrize("typed", [True, False])
def test_what_can_be_typed_after_data_are_added_reads_the_same_folder(tmp_path, monkeypatch, typed):
    data = tmp_path / "my data"
    add_points(data)
    monkeypatch.setenv("ONESHOT_DATA", str(data))
    words = ["data", "add", "again", str(data / "points.csv"), "--kind", "vectors"]
    done = CliRunner().invoke(app, [*words, *(["--data", str(data)] if typed else [])])
    assert done.exit_code == 0, done.output
    hints = [line for line in done.stdout.splitlines() if ": oneshot " in line]
    assert len(hints) == 3
    for line in hints:
        words = shlex.split(line.partition(": ")[2])
        assert words[-2:] == ["--data", str(data)] if typed else "--data" not in words
    assert DIRECTORY.get() is None


def test_a_hint_of_show_keeps_the_model_its_settings_and_the_folders(tmp_path):
    folder = tmp_path / "my models"
    folder.mkdir()
    (folder / "net.py").write_text(
        "class Net:\n    def __init__(self, power=1.0): ...\n"
        "    def embed(self, images):\n        return images.flatten(1)\n"
    )
    results = str(tmp_path / "my results")
    words = ["show", "glyphs-verification", "--embeddings", "--episode", "3", "--model",
             f"{folder}/net.py:Net", "--set", "power=2.0", "--results", results]  # fmt: skip
    done = CliRunner().invoke(app, words)
    told = shlex.split(str(done.exception).partition("Type: ")[2])
    assert told == [
        "oneshot", "show", "glyphs-verification", "--embeddings", "--model",
        f"{folder}/net.py:Net", "--set", "power=2.0", "--results", results,
    ]  # fmt: skip
