"""Locks: one process at a time, none left by the dead, nothing trained or read twice."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.errors import Busy, OneshotError
from benchmark.evaluation.job import RunContext, RunSpec, build, lock_of
from benchmark.evaluation.locks import held
from benchmark.evaluation.run import run
from benchmark.records import readings, store
from benchmark.registry import ISOLATE

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[2]
LEARNER = """
import time
from benchmark.protocols import TrainingResult


class Learner:
    input_size = 8
    fits = []

    def __init__(self, head: int = 0):
        self.recipe = {"head": head}
        self.answering = ("head",)

    def fit(self, data, run):
        self.fits.append(run.key)
        time.sleep(1.0)
        return TrainingResult(items=1, seconds=1.0)

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass

    def embed(self, images):
        return images.flatten(1)
"""
HOLD = """
import sys, time
from pathlib import Path
from benchmark.evaluation.locks import held
with held(Path(sys.argv[1]), True, "a test"):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def holder(tmp_path):
    """A living process that holds the lock `tmp_path / "x.lock"`."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "x.lock")],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def job(tmp_path, monkeypatch):
    monkeypatch.setenv(ISOLATE, "0")  # the class counts its trainings in this process
    path = tmp_path / "learner.py"
    path.write_text(LEARNER)
    job = RunSpec.parse(f"{path}:Learner", ("glyphs-5w1s",))
    job.spec.factory.fits.clear()
    return job


def test_another_process_is_told_and_a_dead_one_is_no_hindrance(holder, tmp_path):
    told = pytest.raises(Busy, match="Another process is at a test")
    with told, held(tmp_path / "x.lock", False, "a test"):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with held(tmp_path / "x.lock", False, "a test"):
        pass


def test_whoever_waits_gets_it_when_the_other_is_gone(holder, tmp_path):
    killed = threading.Event()

    def kill():
        killed.set()
        holder.kill()

    threading.Timer(0.5, kill).start()
    with held(tmp_path / "x.lock", True, "a test"):
        assert killed.is_set(), "the lock was given while another process held it"


def test_threads_exclude_each_other_too(tmp_path):
    inside, most = [], []

    def enter():
        with held(tmp_path / "x.lock", True, "a test"):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.02)
            inside.pop()

    threads = [threading.Thread(target=enter) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 5


def test_locks_of_records_are_no_part_of_what_is_committed(tmp_path):
    with held(tmp_path / ".locks" / "a.lock", False, "a test"):
        pass
    assert (tmp_path / ".locks" / ".gitignore").read_text() == "*\n"


def test_a_place_without_locks_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    told = pytest.raises(OneshotError, match="Cannot lock .*--results DIR")
    with told, held(tmp_path / "file" / "a.lock", False, "a test"):
        pass


def test_a_job_that_another_is_at_is_left_or_waited_for(job, tmp_path):
    results = tmp_path / "r"
    context = RunContext(results=results, wait=False)
    lock = held(lock_of(job, build(job)[1], results), False, "a test")
    with lock, pytest.raises(Busy, match=r"learner.py:Learner on glyphs, seed 0"):
        list(run(job, context))
    assert not job.spec.factory.fits and not list(store.paths(results))
    assert len(list(run(job, context))) == 1


def together(jobs, context):
    """Runs the jobs at the same time, each with surroundings of its own."""
    records, errors = [], []

    def one(each):
        try:
            records.extend(run(each, replace(context, _data={}, _tasks={})))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=one, args=(each,)) for each in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    return records


def test_the_same_job_twice_at_once_is_done_once(job, tmp_path):
    context = RunContext(results=tmp_path / "r", work=tmp_path / "w")
    assert len(together([job, job, job], context)) == 1
    assert len(job.spec.factory.fits) == 1
    assert sum(readings.load(tmp_path / "r").values()) == 1, "the test was read once"
    assert len(store.load(tmp_path / "r")) == 1


def test_two_heads_on_one_training_train_once(job, tmp_path):
    other = replace(job, spec=replace(job.spec, settings={"head": 1}))
    context = RunContext(results=tmp_path / "r", work=tmp_path / "w")
    assert len(together([job, other], context)) == 2
    assert len(job.spec.factory.fits) == 1
    assert len(store.load(tmp_path / "r")) == 2


def test_what_only_looks_like_a_record_is_set_aside_and_measured(job, tmp_path, caplog):
    context = RunContext(results=tmp_path / "r", work=tmp_path / "w")
    (record,) = run(job, context)
    (path,) = store.paths(tmp_path / "r")
    path.write_bytes(path.read_bytes()[:100])
    (again,) = run(job, context)
    assert again.id == record.id and len(job.spec.factory.fits) == 1
    assert path.with_name("seed-0.json.broken").stat().st_size == 100
    assert str(path) in caplog.text


def test_weights_that_are_damaged_are_set_aside_and_trained_anew(job, tmp_path, caplog):
    context = RunContext(work=tmp_path / "w")
    list(run(job, context))
    (weights,) = (tmp_path / "w").rglob("weights.safetensors")
    weights.write_bytes(b"foreign")
    list(run(job, context))
    assert len(job.spec.factory.fits) == 2
    assert weights.with_name("weights.safetensors.broken").read_bytes() == b"foreign"
    assert str(weights) in caplog.text and weights.read_bytes() != b"foreign"
