"""What a worker makes of an order: how it ends is told, whatever happens."""

import multiprocessing
import pickle
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from benchmark.datasets import prepare
from benchmark.evaluation.job import NullCallback, RunContext, RunSpec, build, lock_of
from benchmark.evaluation.locks import held
from benchmark.records import store
from benchmark.sweep.outcome import ended_as, reason_of
from benchmark.sweep.worker import PipeCallback, do

pytestmark = pytest.mark.process


@pytest.fixture
def ends(tmp_path):
    """Does a job here, without a process, and gives its end and all that was told before."""

    def does(described, data=None):
        mine, its = multiprocessing.Pipe()
        context = RunContext(
            data, tmp_path / "r", tmp_path / "w", wait=False, callback=PipeCallback(its)
        )
        end = do(described, context)
        told = []
        while mine.poll():
            told.append(mine.recv())
        return end, told

    return does


def job(model="chance", task="glyphs-5w1s@validation", **settings):
    return {"model": model, "tasks": (task,), "settings": settings}


def test_a_job_that_is_done_has_told_of_its_record(ends, tmp_path):
    end, told = ends(job())
    assert end == ("done",)
    (finished,) = [facts for kind, *facts in told if kind == "finished"]
    assert finished == [*store.load(tmp_path / "r"), *store.paths(tmp_path / "r")]
    assert told[0][0] == "answering"
    assert ends(job()) == (("done",), []), "what is there is not done again"


def test_a_job_elsewhere_is_busy(ends, tmp_path):
    there = RunSpec.parse(**job())
    with held(lock_of(there, build(there)[1], tmp_path / "r"), False, "a test"):
        (kind, reason), _ = ends(job())
    assert kind == "busy" and "chance on glyphs, seed 0" in reason


def test_what_can_be_mended_is_told_with_its_hint(ends, tmp_path):
    end, _ = ends(job(model="pixles-cosine"))
    assert end[0] == "failed" and "Did you mean pixels-cosine" in end[1]
    end, _ = ends(job(task="orl-faces-5w1s"), data=tmp_path / "nothing")
    assert end[0] == "failed" and "oneshot data" in end[1]


@pytest.mark.parametrize("damage", ["truncated", "gone"])
def test_a_dead_data_file_is_a_reason(ends, tmp_path, damage):
    data = tmp_path / "data"
    prepare.add("digits", None, data)
    files = [path for path in data.rglob("*") if path.is_file()]
    largest = max(files, key=lambda path: path.stat().st_size)
    if damage == "gone":
        largest.unlink()
    else:
        largest.write_bytes(largest.read_bytes()[:100])
    end, _ = ends(job(model="pixels-cosine", task="digits-5w1s"), data=data)
    assert end[0] == "failed" and "digits" in end[1], end


def test_what_nobody_foresaw_comes_with_its_traceback(ends, tmp_path):
    path = tmp_path / "m.py"
    path.write_text(
        "class Model:\n    input_size = 8\n    def embed(self, images):\n        return 1 / 0\n"
    )
    (kind, reason, trace), _ = ends(job(model=f"{path}:Model"))
    assert (kind, reason) == ("broken", "ZeroDivisionError: division by zero")
    assert "return 1 / 0" in trace


class Unspeakable(Exception):
    def __str__(self):
        raise ValueError


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("raise ValueError('one\\ntwo')", "ValueError: one"),
        ("raise ValueError", "ValueError"),
        ("raise ValueError('\\n  two')", "ValueError: two"),
        ("import sys; sys.exit()", "the model called sys.exit(None)"),
        ("import sys; sys.exit('bye')", "the model called sys.exit('bye')"),
        ("self.embed(images)", "RecursionError: maximum recursion depth exceeded"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("raise GeneratorExit", "GeneratorExit"),
    ],
)
def test_every_error_of_a_model_ends_its_job_alone_with_one_line(ends, tmp_path, statement, reason):
    path = tmp_path / "m.py"
    path.write_text(
        "class Model:\n    input_size = 8\n    distance = 'cosine'\n"
        f"    def embed(self, images):\n        {statement}\n"
    )
    (kind, told, *_), _ = ends(job(model=f"{path}:Model"))
    assert kind in ("failed", "broken") and told.startswith(reason) and "\n" not in told


def test_a_wrong_signature_of_fit_ends_its_job_alone(ends, tmp_path):
    path = tmp_path / "m.py"
    path.write_text("class Model:\n    def fit(self): ...\n    def embed(self, images): ...\n")
    (kind, told, _), _ = ends(job(model=f"{path}:Model"))
    assert kind == "broken" and "fit() takes 1 positional argument" in told


def test_an_error_that_cannot_be_told_is_named():
    assert reason_of(Unspeakable()) == "Unspeakable"


def test_a_model_that_leaves_the_working_directory_is_brought_back(ends, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.py").write_text(
        "import os\nclass Model:\n    input_size = 8\n    distance = 'cosine'\n"
        "    def embed(self, images):\n        os.chdir('/')\n        return images.flatten(1)\n"
    )
    for seed in (0, 1):
        end, _ = ends(job(model="m.py:Model") | {"seed": seed})
        assert end == ("done",) and Path.cwd() == tmp_path


def test_an_interruption_of_the_user_goes_through():
    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ended_as(stop)


def test_a_context_for_another_process_goes_through_pickle_and_leaves_others_their_runs(tmp_path):
    callback = PipeCallback(None)  # holds a lock, which no pickle takes
    context = RunContext(tmp_path, Path("r"), existing="redo", callback=callback, mark=print)
    context.task("glyphs-5w1s@validation", RunSpec.parse(**job()).track)
    sent = pickle.loads(pickle.dumps(context.portable()))
    assert not sent.wait and not sent._data and not sent._tasks
    assert (sent.data, sent.results, sent.existing) == (tmp_path, Path("r"), "redo")
    assert isinstance(sent.callback, NullCallback)


@pytest.mark.parametrize("name", ["data", "wait", "existing", "callback", "mark"])
def test_nothing_changes_a_context_from_outside(name):
    with pytest.raises(FrozenInstanceError):
        setattr(RunContext(), name, None)
