"""Workers: the same records with one and with two, and nothing but the job is lost with one."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark import waiting
from benchmark.errors import OneshotError
from benchmark.evaluation.job import RunContext, RunSpec, build, lock_of
from benchmark.evaluation.locks import held
from benchmark.evaluation.run import run
from benchmark.records import store
from benchmark.registry import ISOLATE
from benchmark.sweep import local, resources
from benchmark.sweep.local import ProcessExecutor
from benchmark.sweep.plan import make
from benchmark.sweep.scheduling import longest_first
from benchmark.sweep.subprocess_utils import ended
from benchmark.sweep.suite import RunGrid
from benchmark.sweep.tuning import Search

pytestmark = pytest.mark.process

TASK = "glyphs-5w1s@validation"
SMALL = {"width": 0.125, "items": 1000, "validations": 2, "input_size": 16, "threads": 1}
MODEL = '''
import json, os, signal, time
from pathlib import Path


class Model:
    """Notes what it sees of its process, then behaves as it is told."""

    input_size = 8

    def __init__(self, seed, does: str = "", notes: str = "."):
        self.seed, self.does, self.notes = seed, does, Path(notes)

    def embed(self, images):
        import torch

        tries = self.notes / f"{self.does}-{self.seed}"
        with tries.open("a") as file:
            file.write(json.dumps({
                "pid": os.getpid(), "card": os.environ.get("CUDA_VISIBLE_DEVICES"),
                "threads": torch.get_num_threads(), "openmp": os.environ["OMP_NUM_THREADS"],
                "spins": os.environ.get("GOMP_SPINCOUNT"),
            }) + chr(10))
        if self.does == "dies" or self.does == "dies once" and len(tries.read_text().split(chr(10))) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.does == "raises":
            raise ZeroDivisionError("of all things")
        if self.does == "leaves":
            os._exit(3)
        time.sleep(0.3)
        return images.flatten(1)
'''  # noqa: E501


class Heard:
    """Keeps what it is told."""

    def __init__(self):
        self.events, self.slots = [], set()

    def began(self, unit, slot):
        self.slots.add(slot)
        self.events.append(("began", unit.which))

    def heard(self, unit, message):
        self.events.append((message[0], unit.which))

    def done(self, unit):
        self.events.append(("done", unit.which))

    def put_back(self, unit, reason):
        self.events.append(("put back", unit.which, reason))

    def lost(self, unit, reason):
        self.events.append(("lost", unit.which, reason))

    def tick(self):
        pass

    def of(self, kind):
        return [event[1:] for event in self.events if event[0] == kind]


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.setenv(ISOLATE, "0")  # what ends the model's process ends the worker
    path = tmp_path / "model.py"
    path.write_text(MODEL)

    def units(does, seeds=(0,)):
        settings = {"does": does, "notes": str(tmp_path)}
        wanted = RunGrid(f"{path}:Model", (TASK,), tuple(seeds), "quick", settings)
        return make([wanted], tmp_path / "r").planned

    return units


def notes(tmp_path, does):
    files = sorted(tmp_path.glob(f"{does}-*"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def crew(tmp_path, count, listener, cards=(), cores=2):
    context = RunContext(None, tmp_path / "r", tmp_path / "w")
    return ProcessExecutor(context, count, listener, cores, cards)


def test_two_workers_make_the_records_of_one_and_one_training_serves_all_tasks(tmp_path):
    tasks = (TASK, "glyphs-5w5s@validation")
    models = (
        "siamese-conv4-euclidean-contrastive",
        "nearest-centroid-conv4",
        "simple-shot-un-conv4",
    )
    wanted = [RunGrid(name, tasks, (0,), "quick", SMALL) for name in models]
    plan = make(wanted, tmp_path / "r")
    context = RunContext(None, tmp_path / "one", tmp_path / "one-w")
    for each in plan.planned:
        list(run(each.job, context))
    listener = Heard()
    with crew(tmp_path, 2, listener) as two:
        assert two.run(longest_first(plan.planned)) == []
    expected = {store.record_path(Path(), r): r.id for r in store.load(tmp_path / "one")}
    assert {store.record_path(Path(), r): r.id for r in store.load(tmp_path / "r")} == expected
    assert len(expected) == 6 and listener.slots == {0, 1}
    assert len(list((tmp_path / "w").rglob("weights.safetensors"))) == 2, "two heads, one training"
    assert not listener.of("put back"), "they were not begun at once either"


def test_a_worker_that_dies_costs_its_job_one_more_try_and_no_other_anything(model, tmp_path):
    units = [*model("dies"), *model("dies once", (1,)), *model("", (2, 3, 4))]
    listener = Heard()
    with crew(tmp_path, 2, listener) as two:
        every = two.run(units)
    assert [each.job.which for each in every] == ["seed 0"], every
    (lost,) = every
    assert lost.job is units[0]
    assert "killed by SIGKILL, as the system does when memory runs out, 2 times" in lost.reason
    assert len(notes(tmp_path, "dies")) == 2 <= len(notes(tmp_path, "dies once"))
    assert sorted(record.seed for record in store.load(tmp_path / "r")) == [1, 2, 3, 4]
    assert {which for which, _ in listener.of("put back")} == {"seed 0", "seed 1"}


def test_errors_are_told_and_the_others_go_on(model, tmp_path):
    units = [*model("raises"), *model("leaves"), *model("", (1,))]
    with crew(tmp_path, 1, Heard()) as one:
        raised, left = one.run(units)
    assert raised.reason == "ZeroDivisionError: of all things" and "model.py" in raised.trace
    assert "exit code 3, 2 times" in left.reason
    assert [record.seed for record in store.load(tmp_path / "r")] == [1]


def test_workers_are_kept_and_share_cores_and_cards(model, tmp_path, monkeypatch):
    monkeypatch.setenv(waiting.SPINS, waiting.BRIEFLY)
    listener = Heard()
    with crew(tmp_path, 3, listener, cards=("4", "7"), cores=8) as three:
        three.run(model("a", range(4)))
        three.run(model("b", range(4)))
    seen = notes(tmp_path, "a") + notes(tmp_path, "b")
    assert 2 <= len({note["pid"] for note in seen}) <= 3, "they serve the second call too"
    assert {note["card"] for note in seen} == {"4", "7"}
    assert {note["threads"] for note in seen} == {2} and {note["openmp"] for note in seen} == {"2"}
    assert {note["spins"] for note in seen} == {"0"}, "beside others a waiting thread sleeps"
    assert "CUDA_VISIBLE_DEVICES" not in os.environ or os.environ["CUDA_VISIBLE_DEVICES"] != "4"


def test_a_job_that_another_process_is_at_comes_last(model, tmp_path):
    units = model("", (0, 1, 2))
    job = RunSpec.parse(**units[0].order)
    lock = held(lock_of(job, build(job)[1], tmp_path / "r"), True, "a test")
    lock.__enter__()
    listener = Heard()
    keep = listener.done

    def done(unit):
        keep(unit)
        if len(listener.of("done")) == 2:
            lock.__exit__(None, None, None)

    listener.done = done
    with crew(tmp_path, 1, listener) as one:
        assert one.run(units) == []
    assert [which for (which,) in listener.of("done")] == ["seed 1", "seed 2", "seed 0"]
    assert "Another process is at" in listener.of("put back")[0][1]
    assert len(store.load(tmp_path / "r")) == 3


def test_searches_are_work_too(learner, tmp_path):
    search = Search(learner, "glyphs", "quick")
    with crew(tmp_path, 1, Heard()) as one:
        assert one.run([search]) == []
    assert search.read(tmp_path / "r").best.settings == {"sharpness": 1.0}


def test_workers_that_cannot_start_end_it(model, tmp_path, monkeypatch):
    monkeypatch.setattr(local, "work", os.abort)  # a function that a fresh process can find
    told = pytest.raises(OneshotError, match="cannot be started: .* 3 times in a row")
    with told, crew(tmp_path, 1, Heard()) as one:
        one.run(model(""))


def test_how_processes_end_in_words():
    assert ended(3) == "the worker ended with exit code 3"
    assert ended(-11) == "the worker was killed by SIGSEGV"
    assert "memory" in ended(-9)


@pytest.mark.parametrize("text", ["0", "-1", "two", "", "1.5", "9999"])
def test_wrong_numbers_of_workers(text):
    with pytest.raises(OneshotError, match="--workers"):
        resources.worker_count(text, [], "cpu")


def test_auto_divides_the_machine(tmp_path, monkeypatch):
    settings = SMALL | {"threads": 2}
    wanted = [RunGrid("prototypical-conv4", (TASK,), tuple(range(8)), "quick", settings)]
    planned = make(wanted, tmp_path).planned
    monkeypatch.setattr(resources, "cores", lambda: 8)
    assert resources.worker_count("auto", planned, "cpu") == 4
    assert resources.worker_count("auto", planned[:3], "cpu") == 3
    assert resources.worker_count("auto", [], "cpu") == 1
    assert resources.worker_count("auto", [replace(e, found={}) for e in planned], "cpu") == 1
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3, 5,6")
    assert resources.cards("cuda") == ("3", "5", "6") and resources.cards("cuda:1") == ()
    assert resources.cards("cpu") == ()
    assert resources.worker_count("auto", planned, "cuda") == 3
    assert resources.worker_count("auto", planned, "cuda:1") == 1
    assert resources.worker_count("5", planned, "cuda") == 5


def test_units_of_one_training_are_never_at_work_together(model, tmp_path):
    units = [replace(unit, training="the same") for unit in model("", range(3))]
    listener = Heard()
    with crew(tmp_path, 2, listener) as two:
        two.run(units)
    kinds = [kind for kind, *_ in listener.events if kind in ("began", "done")]
    assert kinds == ["began", "done"] * 3
