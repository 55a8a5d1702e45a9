"""Failing models on the command line: one line each, the others go on, and an exit code for jobs.

The same for one worker and for two.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.cli.app import DEBUG
from benchmark.errors import Interrupted
from benchmark.records import store
from tests.cli.in_process import Finished
from tests.evaluation.test_presence import TASK, add_points

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[2]
MODELS = """
import ctypes
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


class Exits(Fine):
    def embed(self, x):
        sys.exit(4)


class Nan(Fine):
    def embed(self, x):
        return x.flatten(1) * float("nan")


class Unbuilt(Fine):
    def __init__(self):
        sys.exit(5)


class Ends(Fine):
    def __init__(self):
        os._exit(6)


class Crashes(Fine):
    def __init__(self):
        ctypes.string_at(0)


class Bare:
    pass


class Knows(Fine):
    seen = ("pts/test",)


class FitsNothing(Fine):
    def fit(self, data):
        pass
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with blanks in its name, the models and a small data set."""
    folder = tmp_path / "my models"
    folder.mkdir()
    (folder / "mine.py").write_text(MODELS)
    (folder / "dead.py").write_text("import os\nos._exit(9)\n\n\nclass Net: ...\n")
    add_points(tmp_path / "data")
    monkeypatch.setenv("ONESHOT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("ONESHOT_WORK", str(tmp_path / "work"))
    monkeypatch.delenv(DEBUG, raising=False)
    monkeypatch.chdir(folder)
    return folder


oneshot = Finished


def elsewhere(*words):
    """The command in a process of its own, as its workers need it."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "benchmark", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def run(*words, models=("Fine",), results="results", command=oneshot):
    names = [name if ":" in name else f"mine.py:{name}" for name in models]
    return command("run", *names, "--task", TASK, "--results", results, *words)


BUILT = ("Raises", "Leaves", "Exits", "FitsNothing", "Fine")
FAILURES = {
    "Raises": "ValueError: shapes cannot be multiplied",
    "Leaves": "mine.py:Leaves ended its process with exit code 3.",
    "Exits": "the model called sys.exit(4)",
    "FitsNothing": "TypeError: FitsNothing.fit() takes 2 positional arguments but 3 were given",
}
BROKEN = {
    "mine.py:Unbuilt": "mine.py:Unbuilt cannot be built: SystemExit: 5",
    "mine.py:Ends": "mine.py:Ends cannot be built: it ended its process with exit code 6",
    "mine.py:Crashes": "mine.py:Crashes cannot be built: it ended its process by SIGSEGV",
    "mine.py:Bare": "mine.py:Bare is not a model",
    "dead.py:Net": "dead.py:Net cannot be built: it ended its process with exit code 9",
}


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_others_go_on(here, workers, capfd):
    models = (*BROKEN, *BUILT) if workers == "1" else ("mine.py:Ends", *BUILT)
    command = oneshot if workers == "1" else elsewhere
    done = run("--workers", workers, models=models, results="my results", command=command)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("4 jobs were" if workers == "1" else "oneshot: ")
    told = done.stdout
    for name, reason in FAILURES.items():
        assert told.count(f"mine.py:{name} on pts, seed 0: FAILED: {reason}") == 1
    for name, reason in BROKEN.items():
        assert told.count(f"FAILED  {name} on pts: {reason}") == (name in models)
    assert f"mine.py:Fine  {TASK}  seed 0" in told
    assert "a print of the model" not in told
    assert "a print of the model" in (capfd.readouterr().err + done.stderr)
    assert "getting ready" not in told + done.stderr and " of 5 jobs" not in told + done.stderr
    assert "oneshot leaderboard --results 'my results'" in told
    (record,) = store.load(here / "my results")
    assert record.model.key == "mine.py:Fine"


def test_one_job_alone_says_what_happened_and_debug_where(here, monkeypatch):
    done = run(models=["Raises"])
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "mine.py:Raises on pts, seed 0: ValueError: shapes cannot be multiplied. "
        "Add --debug to see where."
    )
    monkeypatch.setenv(DEBUG, "1")
    where = run(models=["Raises"]).stderr
    assert 'raise ValueError("shapes cannot be multiplied")' in where


def test_a_failed_record_sets_the_exit_code_now_and_when_it_is_found_again(here):
    first, second = run(models=("Nan", "Fine")), run(models=("Nan", "Fine"))
    assert first.returncode == second.returncode == 2
    there = "2 of 2 records of this plan are in results."
    assert f"2 new records, 1 of them failures; {there}" in first.stdout
    assert f"0 new records; {there}" in second.stdout
    assert "2 records were there already, " in second.stdout
    assert "1 failed record was there already; --existing redo tries again." in second.stdout
    planned = run("--dry-run", models=("Nan", "Fine")).stdout.splitlines()
    assert [line.endswith(", FAILED") for line in planned if line.startswith("present")] == [
        True, False,
    ]  # fmt: skip
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
    (here / "mine.py").write_text(MODELS + "\nfrom . import helper\n")
    run("--episodes", "20")
    assert states("--episodes", "20") == ["present"]
    (here / "helper.py").write_text("changed = 1")
    assert states("--episodes", "20") == ["outdated"]
    plan = oneshot("plan", "mine.py:Fine", "--task", TASK, "--episodes", "20").stdout
    assert TASK in plan, "the plan agrees"
    assert (
        "1 new record; 1 of 1 record of this plan is in results." in run("--episodes", "20").stdout
    ), "and so does the run"
    assert states("--episodes", "20") == ["present"]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_a_run_refuses_is_planned_as_refused(here, workers):
    reason = "it has seen 4 of the 4 test classes in pts/test"
    words = ["mine.py:Knows", "--task", TASK]
    planned, dry = oneshot("plan", *words), run("--dry-run", models=["Knows"])
    assert planned.stdout == "" and reason in planned.stderr
    assert dry.stdout.startswith("left out  mine.py:Knows--") and reason in dry.stdout
    assert "0 of 0 records are missing." in dry.stdout
    done = run("--workers", workers, models=["Knows"])
    assert done.returncode == 2 and done.stdout.count(reason) == 1
    assert "No task could be evaluated" in done.stderr


def test_a_model_that_cannot_be_built_fails_in_every_plan(here):
    models = ["mine.py:Ends", "mine.py:Fine"]
    for done in (oneshot("plan", *models, "--task", TASK), run("--dry-run", models=models)):
        assert done.returncode == 2
        assert "FAILED  mine.py:Ends on pts: " in done.stdout + done.stderr
        assert "mine.py:Fine--" in done.stdout, "the other one is planned"


def test_compare_takes_what_run_took(here):
    (here / "sub").mkdir()
    (here / "sub" / "net.py").write_text(MODELS)
    words = ["--task", TASK, "--episodes", "20"]
    assert oneshot("run", "./sub/net.py:Fine", "pixels-cosine", *words).returncode == 0
    for name in ("sub/net.py:Fine", "./sub/net.py:Fine", f"{here}/sub/net.py:Fine", "net.py:Fine"):
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
    (here / "results").rename(here / "my results")
    refused = oneshot("leaderboard", "--no-figures", "--results", "my results")
    assert refused.stderr.endswith(" --results 'my results'\n"), "the folder is kept"
    (here / "my results").rename(here / "results")
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
