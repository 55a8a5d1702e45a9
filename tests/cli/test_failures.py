"""Failing models on the command line: one line each, the others go on, and an exit code for jobs.

The same for one worker and for two.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.errors import Interrupted
from benchmark.records import store
from tests.evaluation.test_presence import TASK, add_points

ROOT = Path(__file__).parents[2]
MODELS = """
import os
import sys


class Fine:
    distance = "cosine"

    def embed(self, x):
        return x.flatten(1)


class Raises(Fine):
    def embed(self, x):
        print("a print of the model")
        raise ValueError("shapes cannot be multiplied")


class Leaves(Fine):
    def embed(self, x):
        os._exit(3)


class Nan(Fine):
    def embed(self, x):
        return x.flatten(1) * float("nan")


class Unbuilt(Fine):
    def __init__(self):
        sys.exit(5)
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with blanks in its name, the models and a small data set."""
    folder = tmp_path / "my models"
    folder.mkdir()
    (folder / "mine.py").write_text(MODELS)
    add_points(tmp_path / "data")
    monkeypatch.setenv("ONESHOT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("ONESHOT_WORK", str(tmp_path / "work"))
    monkeypatch.chdir(folder)
    return folder


def oneshot(*words):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "benchmark", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)


def run(*words, models=("Fine",), results="results"):
    names = [f"mine.py:{model}" for model in models]
    return oneshot("run", *names, "--task", TASK, "--results", results, *words)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_others_go_on(here, workers):
    models = ("Raises", "Leaves", "Unbuilt", "Fine")
    done = run("--workers", workers, models=models, results="my results")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) <= 4, done.stderr  # the prints of the model, and one line
    told = done.stdout
    assert told.count("mine.py:Raises on pts, seed 0: FAILED: ValueError: shapes cannot be") == 1
    assert "mine.py:Leaves on pts, seed 0: FAILED: the worker ended with exit code 3" in told
    assert "FAILED  mine.py:Unbuilt on pts: mine.py:Unbuilt cannot be built: SystemExit: 5" in told
    assert f"mine.py:Fine  {TASK}  seed 0" in told
    assert "a print of the model" not in told and "a print of the model" in done.stderr
    assert "oneshot leaderboard --results 'my results'" in told
    (record,) = store.load(here / "my results")
    assert record.model.key == "mine.py:Fine"


def test_one_job_alone_says_what_happened_and_debug_where(here):
    done = run(models=["Raises"])
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "oneshot: mine.py:Raises on pts, seed 0: ValueError: shapes cannot be multiplied. "
        "Add --debug to see where."
    )
    assert (
        'raise ValueError("shapes cannot be multiplied")'
        in run("--debug", models=["Raises"]).stderr
    )


def test_a_failed_record_sets_the_exit_code_now_and_when_it_is_found_again(here):
    first, second = run(models=("Nan", "Fine")), run(models=("Nan", "Fine"))
    assert first.returncode == second.returncode == 2
    assert "2 new records in results, 1 of them failures." in first.stdout
    assert "0 new records in results." in second.stdout
    assert "2 records were there already, " in second.stdout
    assert "1 failed record was there already; --existing redo tries again." in second.stdout
    assert run(models=["Fine"]).returncode == 0


def states(*words, models=("Fine",)):
    told = run("--dry-run", *words, models=models)
    assert told.returncode == 0, told.stderr
    return [line.split("  ")[0] for line in told.stdout.splitlines() if f"  {TASK}  " in line]


def test_a_dry_run_says_what_the_run_would_do(here):
    assert states() == ["missing"]
    run("--episodes", "20")
    assert states("--episodes", "20") == ["present"]
    assert states() == ["short"]
    assert states("--existing", "redo", "--episodes", "20") == ["again"]
    (here / "helper.py").write_text("")
    (here / "mine.py").write_text(MODELS + "\nimport sys; sys.path.insert(0, '.')\nimport helper\n")
    run("--episodes", "20")
    assert states("--episodes", "20") == ["present"]
    (here / "helper.py").write_text("changed = 1")
    assert states("--episodes", "20") == ["outdated"]
    plan = oneshot("plan", "mine.py:Fine", "--task", TASK, "--episodes", "20").stdout
    assert TASK in plan, "the plan agrees"
    assert "1 new record" in run("--episodes", "20").stdout, "and so does the run"
    assert states("--episodes", "20") == ["present"]


@pytest.mark.parametrize("spelling", ["sub/net.py:Fine", "./sub/net.py:Fine", "{}/sub/net.py:Fine"])
def test_compare_takes_what_run_took(here, spelling):
    (here / "sub").mkdir()
    (here / "sub" / "net.py").write_text(MODELS)
    spelling = spelling.format(here)
    words = ["--task", TASK, "--episodes", "20"]
    assert oneshot("run", spelling, "pixels-cosine", *words).returncode == 0
    for name in (spelling, "net.py:Fine"):
        done = oneshot("compare", name, "pixels-cosine")
        assert done.returncode == 0, done.stderr
    near = oneshot("compare", "net.py:Fin", "pixels-cosine").stderr
    assert "Did you mean net.py:Fine" in near, "a spelling that can be typed"


def test_data_that_have_changed_are_named_with_the_models_to_run_again(here, tmp_path):
    words = ["--task", TASK, "--episodes", "20"]
    assert oneshot("run", "pixels-cosine", *words).returncode == 0
    assert oneshot("verify").stdout.endswith("1 records, 0 of them wrong.\n")
    for path in (tmp_path / "data" / "pts").iterdir():
        path.unlink()
    (tmp_path / "data" / "pts").rmdir()
    add_points(tmp_path / "data", spread=3.0)
    found = oneshot("verify")
    assert found.returncode == 1 and "0 of them wrong, 1 outdated" in found.stdout
    assert "other data than those at hand as 'pts'" in found.stdout
    shown = oneshot("leaderboard", "--no-figures").stdout
    assert "outdated  pixels-cosine--" in shown and TASK in shown
    assert oneshot("run", "pixels-euclidean", *words).returncode == 0
    refused = oneshot("leaderboard", "--no-figures")
    assert refused.returncode == 2
    assert "oneshot run pixels-cosine" in refused.stderr, "the outdated one, not the new one"
    assert "oneshot run pixels-euclidean" not in refused.stderr
    assert oneshot("run", "pixels-cosine", *words).returncode == 0
    assert oneshot("leaderboard", "--no-figures").returncode == 0


def test_an_interruption_exits_with_130(monkeypatch, capsys):
    from benchmark.cli import app as command

    def stop(**_):
        raise Interrupted("Interrupted; 0 new records are kept.")

    monkeypatch.setattr(command, "app", stop)
    monkeypatch.setattr(sys, "argv", ["oneshot", "run"])
    with pytest.raises(SystemExit) as end:
        command.main()
    assert end.value.code == 130
