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
from benchmark.report.figures.draw import parallel

pytestmark = pytest.mark.results

FORKS = sys.platform == "linux"
linux = pytest.mark.skipif(not FORKS, reason="processes are forked on Linux only")


def failing(*given):
    raise OneshotError("It went wrong.", "Type: something else")


def results_of(jobs, processes):
    with parallel(jobs, processes) as results:
        return list(results())


@pytest.mark.parametrize("processes", [1, 3])
def test_results_come_in_order_and_errors_as_they_are(processes):
    jobs = [lambda n=n: [n, os.getpid()] for n in range(12)]
    found = results_of(jobs, processes)
    assert [n for n, _ in found] == list(range(12))
    assert (os.getpid() in {process for _, process in found}) is (processes == 1 or not FORKS)
    for position in (0, 11):
        with pytest.raises(OneshotError, match="It went wrong. Type: something else"):
            results_of([*jobs[:position], failing, *jobs[position:]], processes)
    assert not multiprocessing.active_children()


@linux
def test_a_daemonic_process_draws_by_itself(monkeypatch):
    monkeypatch.setattr(multiprocessing.current_process(), "_config", {"daemon": True})
    assert results_of([lambda: [os.getpid()]] * 9, None) == [[os.getpid()]] * 9


@linux
def test_a_killed_process_is_an_error_that_ends_the_drawing():
    with pytest.raises(BrokenProcessPool):
        results_of([lambda: os.kill(os.getpid(), signal.SIGKILL), *[list] * 8], 2)


@linux
def test_of_several_failures_the_first_in_order_comes_through():
    def late(n):
        time.sleep(0.3 - 0.1 * n)  # the last fails first
        raise OneshotError(f"Job {n} went wrong.")

    with pytest.raises(OneshotError, match="Job 0") as caught:
        results_of([lambda n=n: late(n) for n in range(3)], 3)
    assert "in late" in str(caught.value.__cause__)  # the traceback of the other process


@linux
def test_after_a_failure_waiting_jobs_are_not_begun(tmp_path):
    def touch(n):
        time.sleep(0.05)
        (tmp_path / str(n)).touch()

    with pytest.raises(OneshotError):
        results_of([failing, *[lambda n=n: touch(n) for n in range(99)]], 2)
    assert len(list(tmp_path.iterdir())) < 50


def test_an_error_beside_the_drawing_leaves_no_process(tmp_path, monkeypatch):
    results = save(tmp_path, grid()[:6])
    monkeypatch.setattr(write.leaderboard_csv, "render", failing)
    with pytest.raises(OneshotError, match="went wrong"):
        write.write_leaderboard(results)
    assert not multiprocessing.active_children() and not (results / "leaderboard.md").exists()


def test_tables_alone_import_no_plotting_library():
    code = (
        "import sys; from benchmark.report import write; from benchmark.report.figures import draw;"
        "sys.exit(' '.join({'matplotlib', 'seaborn', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.strip() == ""


def test_the_same_bytes_from_one_process_and_from_several(tmp_path):
    results = save(tmp_path / "results", grid())
    code = (
        "import sys; from pathlib import Path; from benchmark.report.figures import draw;"
        "draw._processors = lambda: int(sys.argv[3]);"
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
