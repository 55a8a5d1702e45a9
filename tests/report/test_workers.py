"""Figures drawn in other processes: the same, in order, with their errors, and none left behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures.process import BrokenProcessPool

import pytest
from synthetic_records import grid, save

from benchmark.errors import OneshotError
from benchmark.report import write
from benchmark.report.figures import workers
from benchmark.report.figures.workers import Workers

FORKS = sys.platform == "linux"


def failing() -> None:
    raise OneshotError("It went wrong.", "Type: something else")


@pytest.mark.parametrize("processes", [1, 3])
def test_results_come_in_order_and_errors_as_they_are(processes):
    jobs = [lambda n=n: (n, os.getpid()) for n in range(12)]
    found = Workers(lambda: jobs, processes).results()
    assert [n for n, _ in found] == list(range(12))
    assert (os.getpid() in {process for _, process in found}) is (processes == 1 or not FORKS)
    for place in (0, 11):
        with pytest.raises(OneshotError, match="It went wrong. Type: something else"):
            Workers(lambda at=place: [*jobs[:at], failing, *jobs[at:]], processes).results()
    assert not multiprocessing.active_children()


def test_where_processes_cannot_copy_themselves_the_work_is_done_here(monkeypatch):
    monkeypatch.setattr(workers, "_copies", lambda: False)
    assert set(Workers(lambda: [os.getpid] * 9, 3).results()) == {os.getpid()}


@pytest.mark.skipif(not FORKS, reason="processes are copied on Linux only")
def test_a_killed_process_is_an_error_and_no_wait():
    jobs = [lambda: os.kill(os.getpid(), signal.SIGKILL), *[int] * 8]
    with pytest.raises(BrokenProcessPool):
        Workers(lambda: jobs, 2).results()


def test_stopped_work_leaves_no_process_and_begins_nothing_more(tmp_path):
    def touch(n):
        (tmp_path / str(n)).touch()
        time.sleep(0.5)

    some = Workers(lambda: [lambda n=n: touch(n) for n in range(300)], 3)
    some.stop()
    assert not multiprocessing.active_children() and len(list(tmp_path.iterdir())) < 300


@pytest.mark.skipif(not FORKS, reason="processes are copied on Linux only")
def test_of_several_failures_the_first_in_order_comes_through(tmp_path):
    def late(n):
        time.sleep(0.3 - 0.1 * n)  # the last fails first
        raise OneshotError(f"Job {n} went wrong.")

    def touch(n):
        (tmp_path / str(n)).touch()

    jobs = [*[lambda n=n: late(n) for n in range(3)], *[lambda n=n: touch(n) for n in range(9)]]
    with pytest.raises(OneshotError, match="Job 0") as caught:
        Workers(lambda: jobs, 3).results()
    assert "in late" in "".join(caught.value.__notes__)  # where it happened, which is elsewhere
    assert not list(tmp_path.iterdir())


def test_who_leaves_the_drawing_to_others_imports_no_plotting_library():
    code = (
        "import sys; from benchmark.report import write; from benchmark.report.figures import draw;"
        "sys.exit(' '.join({'matplotlib', 'seaborn', 'pandas'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert told.stderr.strip() == ""


def test_an_error_beside_the_drawing_comes_through(tmp_path, monkeypatch):
    results = save(tmp_path, grid()[:6])
    monkeypatch.setattr(write.leaderboard_csv, "render", lambda *given: failing())
    with pytest.raises(OneshotError, match="went wrong"):
        write.write_leaderboard(results)
    assert not multiprocessing.active_children() and not (results / "leaderboard.md").exists()


def test_the_same_bytes_from_one_process_and_from_several(tmp_path):
    results = save(tmp_path / "results", grid())
    code = (
        "import sys; from pathlib import Path; from benchmark.report.figures import workers;"
        "workers._processors = lambda: int(sys.argv[3]);"
        "from benchmark.report.write import write_leaderboard as write;"
        "write(Path(sys.argv[1]), Path(sys.argv[2]), groups_of=lambda task, episodes: None)"
    )
    made = []
    for processes in ("1", "3"):
        out = tmp_path / processes
        subprocess.run([sys.executable, "-c", code, results, out, processes], check=True)
        files = sorted(path for path in out.rglob("*") if path.is_file())
        made.append({path.relative_to(out): path.read_bytes() for path in files})
    assert made[0] == made[1] and len(made[0]) > 20
