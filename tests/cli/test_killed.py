"""`oneshot run --workers 2`, killed at any moment or stopped at the keyboard, loses nothing."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmark.evaluation.job import RunContext
from benchmark.evaluation.run import run
from benchmark.records import readings, store
from benchmark.records.verify import verify
from benchmark.sweep.plan import make
from benchmark.sweep.suite import RunGrid

pytestmark = [pytest.mark.process, pytest.mark.skipif(os.name == "nt", reason="process groups")]
ROOT = Path(__file__).parents[2]
MODELS = ("siamese-conv4-euclidean-contrastive", "nearest-centroid-conv4")
TASKS = ("glyphs-5w1s", "glyphs-5w5s@validation")
SETTINGS = {
    "width": "0.125", "items": "2000", "validations": "3", "input_size": "16", "threads": "1",
}  # fmt: skip
SEEDS = (0, 1)
PATIENCE = 300.0  # seconds, for a busy machine
CHOICE = random.Random(9)


def wanted():
    return [RunGrid(name, TASKS, SEEDS, "quick", SETTINGS) for name in MODELS]


def start(folder, *more, workers=2):
    words = [sys.executable, "-m", "benchmark", "run", *MODELS, "--seeds", "0-1"]
    for task in TASKS:
        words += ["--task", task]
    for name, value in SETTINGS.items():
        words += ["--set", f"{name}={value}"]
    words += ["--results", folder / "results", "--work", folder / "work", "--device", "cpu"]
    return subprocess.Popen(
        [*map(str, words), "--workers", str(workers), *more],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a process group of its own, to be killed as a whole
        preexec_fn=interruptible,  # noqa: PLW1509 (no threads are about)
    )


def interruptible():
    """A shell makes what it starts in the background deaf to Ctrl-C, and tests may run there."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def finish(process):
    out, err = process.communicate()
    assert process.returncode == 0, out + err
    return out


def ids(folder):
    return {store.record_path(Path(), r): r.id for r in store.load(folder / "results")}


def files(folder):
    """What there is that tells of work done: names with times of change."""
    found = {}
    for path in [*folder.glob("work/*/*/*"), *folder.glob("results/records/*/*/*")]:
        with contextlib.suppress(FileNotFoundError):
            found[path] = path.stat().st_mtime_ns
    return found


def gone(group):
    """Whether no process of the group is left; waits until the others have ended."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The ids of records that one process makes, one job after the other."""
    folder = tmp_path_factory.mktemp("undisturbed")
    context = RunContext(None, folder / "results", folder / "work")
    for each in make(wanted(), folder / "results").planned:
        list(run(each.job, context))
    return ids(folder)


def kill_often(folder, times):
    """Starts the command and kills its whole group `times` times, each time at some moment.

    A moment is up to a second after the first new sign of work: a checkpoint, weights or a record.
    """
    killed = 0
    while killed < times:
        before = files(folder)
        process = start(folder)
        until = time.monotonic() + PATIENCE
        while files(folder) == before and process.poll() is None and time.monotonic() < until:
            time.sleep(0.03)
        time.sleep(CHOICE.random())
        ended = process.poll() is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        assert gone(process.pid)
        killed += 1
        if ended:  # all is done: from here on it is killed while there is nothing left
            break


@pytest.mark.parametrize("times", [5, pytest.param(25, marks=pytest.mark.slow)])
def test_killed_again_and_again_it_ends_with_the_whole_verified_set(undisturbed, tmp_path, times):
    if times == 5:
        kill_often(tmp_path, 5)
    else:  # more than one sweep takes: several in a row
        for number in range(5):
            (tmp_path / str(number)).mkdir()
            kill_often(tmp_path / str(number), 5)
    for folder in [tmp_path] if times == 5 else sorted(tmp_path.iterdir()):
        finish(start(folder))
        assert ids(folder) == undisturbed
        assert len(undisturbed) == 8
        assert verify(folder / "results") == (8, [])
        assert not list(folder.rglob(".writing-*")) and not list(folder.rglob("*.part"))
        assert not list(folder.rglob("*.broken*")), "a kill leaves nothing that is half"
        assert make(wanted(), folder / "results").missing == 0


def test_an_interruption_at_the_keyboard_ends_the_run_and_leaves_no_process(tmp_path):
    process = start(tmp_path)
    while not list(tmp_path.glob("work/*/*/checkpoint.pt")) and process.poll() is None:
        time.sleep(0.03)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to every process of the group
    _, err = process.communicate()
    assert process.returncode == 130
    assert len(ids(tmp_path)) < 8, "it was not interrupted before everything was done"
    assert err.count("\n") == 1 and "Interrupted; " in err and "same command again" in err, err
    assert gone(process.pid)


def test_workers_do_not_outlive_who_started_them(tmp_path):
    process = start(tmp_path)
    while not list(tmp_path.glob("work/*/*/*")) and process.poll() is None:
        time.sleep(0.03)
    process.kill()  # this one alone
    process.communicate()
    assert gone(process.pid)


def spawned(process):
    """Whether the command has started a worker."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    for child in children:
        with contextlib.suppress(OSError):
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                return True
    return False


@pytest.mark.skipif(sys.platform != "linux", reason="children are read from /proc")
@pytest.mark.parametrize("seconds", [0.05, 0.5, 2.0])
def test_workers_whose_parent_dies_while_they_start_end_quietly(tmp_path, seconds):
    process = start(tmp_path)
    while not spawned(process) and process.poll() is None:
        time.sleep(0.01)
    time.sleep(seconds)
    process.kill()
    _, err = process.communicate()  # until the last worker has closed it
    assert gone(process.pid)
    assert "Traceback" not in err and "Process oneshot worker" not in err, err


def test_two_commands_on_one_folder_share_the_work(undisturbed, tmp_path):
    pair = [start(tmp_path), start(tmp_path, workers=1)]
    told = [finish(process) for process in pair]
    assert ids(tmp_path) == undisturbed
    made = [int(line.split()[0]) for text in told for line in text.splitlines()
            if " new record" in line]  # fmt: skip
    assert sum(made) == len(undisturbed), "nothing is made twice"
    tests = sum("@" not in str(path) for path in undisturbed)
    assert sum(readings.load(tmp_path / "results").values()) == tests, "each test is read once"
    assert len(list(tmp_path.rglob("weights.safetensors"))) == len(MODELS) * len(SEEDS)
