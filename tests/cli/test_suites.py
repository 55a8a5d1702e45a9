"""`oneshot run --suite` and `oneshot tune` as a person meets them."""

import json
import shlex
import sys
import types

import pytest
from typer.testing import CliRunner

from benchmark.cli.app import app
from benchmark.cli.tensorboard import Board
from benchmark.errors import OneshotError
from benchmark.protocols import Progress

pytestmark = pytest.mark.training

SUITE = """
title = "Mine"

[[block]]
models = ["pixels-{distance}", "siamese-conv4-{distance}-contrastive"]
distance = ["cosine", "dot-product"]
tasks = ["glyphs-5w1s"]
"""


def invoke(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def suite(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(SUITE.replace('"pixels-{distance}", ', '"pixels-cosine", '))
    return path


def test_a_dry_run_shows_jobs_hours_and_refusals(suite, tmp_path):
    told = invoke("run", "--suite", suite, "--dry-run", "--results", tmp_path / "r")
    lines = told.stdout.splitlines()
    assert told.exit_code == 0, told.output
    assert sum(line.startswith("missing  ") for line in lines) == 2
    (refused,) = [line for line in lines if line.startswith("refused  ")]
    assert "siamese-conv4-dot-product-contrastive on glyphs" in refused
    assert "never negative" in refused
    assert "2 of 2 records are missing." in lines
    assert lines[-1].startswith("About ") and "on this machine (cpu)" in lines[-1]


def test_hours_are_not_guessed_where_the_data_are_missing(tmp_path):
    told = invoke("run", "--suite", "omniglot", "--dry-run", "--results", tmp_path)
    assert told.exit_code == 0, told.output
    assert "cannot be estimated" in told.stdout and "oneshot data" in told.stdout


def test_a_suite_runs_and_is_skipped_the_second_time(tmp_path):
    path = tmp_path / "pixels.toml"
    path.write_text(
        'title = "P"\n[[block]]\nmodels = ["pixels-cosine"]\ntasks = ["glyphs-5w1s"]\n'
        "settings = { views = 2 }\n"
    )
    words = ("run", "--suite", path, "--results", tmp_path / "r")
    first, second = invoke(*words), invoke(*words)
    assert "1 new record" in first.stdout and "0 new records" in second.stdout
    (record,) = (tmp_path / "r").rglob("seed-0.json")
    told = json.loads(record.read_text())
    assert told["model"]["recipe"]["views"] == 2
    assert told["provenance"]["settings"] == ["views=2"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["chance", "--suite", "quick"], "names its own models"),
        (["--suite", "quick", "--set", "margin=1"], "names its own models"),
        (["--suite", "quik"], "Did you mean quick"),
        ([], "no model to run"),
        (["chance"], "no task to run"),
    ],
)
def test_mistakes_are_named(words, says):
    told = invoke("run", *words)
    assert isinstance(told.exception, OneshotError)
    assert says in str(told.exception)


def test_seeds_and_budget_of_a_suite_can_be_replaced(suite, tmp_path):
    told = invoke(
        "run", "--suite", suite, "--seeds", "4-5", "--dry-run", "--results", tmp_path / "r"
    )
    assert {line.split()[-1] for line in told.stdout.splitlines() if "missing  " in line} == {
        "4", "5",
    }  # fmt: skip


def test_tune_shows_every_setting_and_marks_the_best(tmp_path):
    path = tmp_path / "learner.py"
    path.write_text(
        "from benchmark.protocols import TrainingResult\n"
        "class Learner:\n"
        "    input_size = 8\n"
        "    searches = [{'sharpness': 1.0}, {'sharpness': 8.0}]\n"
        "    def __init__(self, sharpness: float = 1.0):\n"
        "        self.recipe = {'sharpness': sharpness}\n"
        "    def fit(self, data, run):\n"
        "        return TrainingResult(items=1, seconds=0.0)\n"
        "    def embed(self, images):\n"
        "        step = int(self.recipe['sharpness'])\n"
        "        return images.flatten(1)[:, ::step]\n"
    )
    told = invoke("tune", f"{path}:Learner", "--results", tmp_path / "r", "--work", tmp_path)
    assert told.exit_code == 0, told.output
    best = [line for line in told.stdout.splitlines() if line.startswith("*")]
    assert len(best) == 1 and best[0].endswith("sharpness=1")
    (command,) = [line for line in told.stdout.splitlines() if line.startswith("train with")]
    words = shlex.split(command.removeprefix("train with the best: oneshot "))
    assert words[:4] == ["run", f"{path}:Learner", "--task", "glyphs-20w1s"]
    again = invoke(*words, "--dry-run", "--results", tmp_path / "r", "--work", tmp_path)
    assert again.exit_code == 0 and "1 of 1 records are missing" in again.output
    assert "beyond it" not in told.stdout  # of two values each is an end
    assert list((tmp_path / "r" / "tuning" / "glyphs").glob("*.json"))


def test_progress_goes_to_tensorboard(tmp_path, monkeypatch):
    written = []

    class Writer:
        def __init__(self, folder):
            self.folder = folder

        def add_scalar(self, name, value, step):
            written.append((self.folder.split("/")[-1], name, value, step))

        def close(self):
            written.append((self.folder.split("/")[-1], "closed"))

    fake = types.ModuleType("torch.utils.tensorboard")
    fake.SummaryWriter = Writer
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", fake)
    board = Board(tmp_path)
    board.start("glyphs/m/seed-0")
    board.training(Progress(64, 128, 0.5, None, 10.0))
    board.training(Progress(128, 128, 0.25, 0.75, 10.0))
    board.close()
    assert ("seed-0", "loss", 0.25, 128) in written
    assert ("seed-0", "validation accuracy", 0.75, 128) in written
    assert written[-1] == ("seed-0", "closed")
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(OneshotError, match="tensorboard"):
        Board(tmp_path)
