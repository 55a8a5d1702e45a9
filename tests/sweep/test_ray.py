"""A sweep on a real Ray cluster of three nodes outlives a node and its own driver."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from contextlib import ExitStack

import pytest

from benchmark.datasets import store as data_store
from benchmark.errors import Busy, OneshotError
from benchmark.evaluation.job import RunContext, lock_of
from benchmark.evaluation.locks import held
from benchmark.evaluation.run import run
from benchmark.records import readings, store
from benchmark.sweep import plan as plans
from benchmark.sweep.cluster import Cluster
from benchmark.sweep.ray import RayExecutor
from benchmark.sweep.suite import RunGrid
from benchmark.tasks.own import looking_in
from tests.sweep.conftest import LEARNER

ray = pytest.importorskip("ray")

pytestmark = pytest.mark.ray

STORE = 80 << 20  # bytes of a node's object store, about the least that Ray takes
JOBS = 24
TASK = "blobs-few-3w1s"
SLOW = """

import time


class Slow(Learner):
    '''Trains long enough that a node or the driver can die in the middle.'''

    def fit(self, data, run):
        time.sleep(0.5)
        return super().fit(data, run)
"""


@pytest.fixture(scope="module")
def cluster():
    """Three nodes with a processor each; the first holds Ray's own services."""
    from ray.cluster_utils import Cluster as Nodes

    # Its nodes have no token, even where an earlier cluster of this machine has left one.
    variables = pytest.MonkeyPatch()
    variables.setenv("RAY_USAGE_STATS_ENABLED", "0")
    variables.setenv("RAY_AUTH_MODE", "disabled")
    options = {"num_cpus": 1, "object_store_memory": STORE, "include_dashboard": False}
    nodes = Nodes(initialize_head=True, head_node_args=options)
    del options["include_dashboard"]
    for _ in range(2):
        nodes.add_node(**options)
    nodes.wait_for_nodes(60)
    yield nodes
    if ray.is_initialized():
        ray.shutdown()
    nodes.shutdown()
    variables.undo()


@pytest.fixture(scope="module")
def source(tmp_path_factory, blobs):
    """A data directory with small synthetic characters, asked in few episodes."""
    directory = tmp_path_factory.mktemp("source")
    few = {"within": None, "apart": None, "queries": 3, "episodes": 40}
    data_store.save(blobs, directory, own={"tasks": {"few": few}, "version": 1})
    return directory


@pytest.fixture(scope="module")
def slow(tmp_path_factory):
    """A small learner in no hurry, in a file of the user's."""
    path = tmp_path_factory.mktemp("model") / "learner.py"
    path.write_text(LEARNER + SLOW)
    return f"{path}:Slow"


@pytest.fixture(scope="module")
def expected(slow, source, tmp_path_factory):
    """The ids that the same recipes have one after the other, without Ray."""
    import torch

    folder, threads = tmp_path_factory.mktemp("plain"), torch.get_num_threads()
    torch.set_num_threads(1)  # as on the nodes
    with looking_in(source):
        for each in plans.make(wanted(slow), folder / "results").planned:
            list(run(each.job, RunContext(source, folder / "results", folder / "work")))
    torch.set_num_threads(threads)
    found = ids(folder / "results")
    assert len(found) == JOBS
    return found


def wanted(slow):
    return [RunGrid(model, (TASK,), tuple(range(12)), "quick") for model in (slow, "chance")]


def ids(results):
    """The id of every record by its path; reading checks each."""
    records = results / store.RECORDS
    return {p.relative_to(records).as_posix(): store.read(p).id for p in store.paths(results)}


class Listener:
    """Notes what it is told."""

    def __init__(self, tick=lambda: None):
        self.tick = tick
        self.slots, self.heard_of, self.finished, self.back = [], [], [], []

    def began(self, unit, slot):
        self.slots.append(slot)

    def heard(self, unit, message):
        self.heard_of.append(message[0])

    def done(self, unit):
        self.finished.append(unit)

    def put_back(self, unit, reason):
        self.back.append(reason)

    def lost(self, unit, reason):
        pytest.fail(f"{unit.title}: {reason}")


def test_a_node_that_dies_costs_only_what_it_was_at(cluster, source, slow, expected, tmp_path):
    results, killed = tmp_path / "results", []

    def kill():
        """Removes a node that is at a training, without a word to anybody, after a few jobs."""
        at_work = crew.at_work()
        for node in list(cluster.worker_nodes):
            jobs = [name for name, context in at_work.items() if context == node.node_id]
            if not killed and len(listener.finished) >= 3 and any("Slow" in job for job in jobs):
                killed.extend(jobs)
                cluster.remove_node(node, allow_graceful=False)

    listener = Listener(kill)
    # The nodes have an empty data directory, and a folder to fill it from.
    where = Cluster(
        cluster.address,
        source=source,
        context=RunContext(tmp_path / "nodes", work=tmp_path / "w", device="auto"),
    )
    with looking_in(source):
        todo = plans.make(wanted(slow), results).planned
    assert len(todo) == JOBS and {unit.data_sets for unit in todo} == {("blobs",)}
    with RayExecutor(where, results, listener) as crew:
        assert crew.capacity() == 3
        with pytest.raises(Busy), RayExecutor(where, results, listener):
            pass  # one sweep at a time in a results folder
        assert crew.run(todo) == []
    assert killed
    assert len(listener.finished) == len({unit.title for unit in listener.finished}) == JOBS
    assert listener.heard_of.count("finished") == JOBS
    # A node may begin its next job before the last one is back, and of a dead one is told late.
    assert max(listener.slots) < 2 * 3
    assert ids(results) == expected
    assert sum(readings.load(results).values()) == JOBS  # one look at the test for each
    assert data_store.present(tmp_path / "nodes") == ["blobs"]
    cluster.add_node(num_cpus=1, object_store_memory=STORE)
    cluster.wait_for_nodes(60)


def test_it_shares_the_jobs_with_workers_of_this_machine(cluster, source, slow, tmp_path):
    results = tmp_path / "results"
    with looking_in(source):
        todo = plans.make([RunGrid("chance", (TASK,), tuple(range(6)), "quick")], results).planned
        done, busy = todo[1], todo[2]
        list(run(done.job, RunContext(source, results, tmp_path / "work")))
    (context,) = [found.path for found in busy.found.values()]

    def tick():
        """The other process gives the lock back when nothing else is left."""
        if len(listener.finished) == len(todo) - 1:
            assert not context.exists(), "its lock is another's"
            elsewhere.close()

    listener = Listener(tick)
    where = Cluster(cluster.address, context=RunContext(source, work=tmp_path / "w", device="auto"))
    with ExitStack() as elsewhere, RayExecutor(where, results, listener) as crew:
        elsewhere.enter_context(held(lock_of(busy.job, busy.recipe, results), False, "x"))
        assert crew.run(todo) == []
    assert len(listener.finished) == len(ids(results)) == len(todo)
    assert listener.heard_of.count("finished") == len(todo) - 1  # one was there already


def command(slow, source, tmp_path, cluster):
    words = [sys.executable, "-m", "benchmark", "run", "--engine", "ray"]
    words += ["--address", cluster.address, "--results", str(tmp_path / "results")]
    words += ["--data", str(source), "--work", str(tmp_path / "work"), "--task", TASK]
    return [*words, "--seeds", "0-11", slow, "chance"]


def test_a_driver_that_dies_is_started_again(cluster, source, slow, expected, tmp_path):
    results = tmp_path / "results"
    words = command(slow, source, tmp_path, cluster)
    first = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 600
    while len(list(store.paths(results))) < 5 and time.monotonic() < until:
        assert first.poll() is None
        time.sleep(0.05)
    first.send_signal(signal.SIGKILL)
    first.wait()
    before = {path: path.stat().st_mtime_ns for path in store.paths(results)}
    assert 5 <= len(before) < JOBS
    again = subprocess.run(words, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert f"{JOBS - len(before)} new records" in again.stdout
    assert all(path.stat().st_mtime_ns == when for path, when in before.items())
    assert ids(results) == expected
    assert not list(results.rglob(".writing-*"))


def test_a_cluster_that_is_not_there_is_one_clear_line(tmp_path):
    if ray.is_initialized():
        ray.shutdown()
    for address in ("127.0.0.1:1", "ray://127.0.0.1:1", "nowhere", "127.0.0.1:99999"):
        crew = RayExecutor(Cluster(address), tmp_path, Listener())
        with pytest.raises(OneshotError, match="no Ray cluster"), crew:
            pass
    with pytest.raises(OneshotError, match="gpus-per-job"):
        RayExecutor(Cluster(gpus=1.5), tmp_path, Listener())


def test_jobs_that_this_machine_cannot_do_are_refused(slow, source, tmp_path):
    if ray.is_initialized():
        ray.shutdown()
    with looking_in(source):
        (first, *_) = plans.make(wanted(slow), tmp_path).planned
    crew = RayExecutor(Cluster(cpus=1000), tmp_path, Listener())
    with pytest.raises(OneshotError, match="no 1000 processors"), crew:
        crew.run([first])
