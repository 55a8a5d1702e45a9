"""Many jobs on a Ray cluster: one task a job, records come back and are written here.

A worker or a node that dies costs the jobs it was at, which Ray begins again elsewhere; when this
process dies, what has come back is written already, and the same command does the rest.
"""

from __future__ import annotations

import logging
import os
import time
from collections import Counter, deque
from collections.abc import Iterable
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmark import waiting
from benchmark.errors import Busy, OneshotError
from benchmark.evaluation.job import lock_of
from benchmark.evaluation.locks import FOLDER as LOCKS
from benchmark.evaluation.locks import held
from benchmark.records import store
from benchmark.sweep import remote_job
from benchmark.sweep.cluster import Cluster, knock, load_ray, refused
from benchmark.sweep.executor import Display, Failure, Job, Message
from benchmark.sweep.plan import PlannedRun

log = logging.getLogger(__name__)
RETRIES = 3  # by Ray itself, of a job whose worker or node dies
TRIES = 2  # more, each with as many, after Ray has given up
IN_FLIGHT = 500  # jobs that Ray knows of at once, each with a lock
AHEAD = 8  # of them at least, however few the cluster can do: more make a cluster in a cloud grow
BUSY_SECONDS = 2.0  # before a job that another process was at is tried again
LISTEN_SECONDS = 1.0
ANSWER_SECONDS = 120.0  # for the first actor, whose process has to start
TELL_SECONDS = 1.0
STORE_BYTES = 128 << 20  # of a cluster that is started here: only model files go through it


class ProgressQueue:
    """An actor beside the driver that jobs tell their progress to."""

    def __init__(self) -> None:
        self._told: list[tuple[int, Message]] = []

    def put(self, number: int, message: Message) -> None:
        """Keeps a message of the job with this number."""
        self._told.append((number, message))

    def drain(self) -> list[tuple[int, Message]]:
        """All messages since the last time."""
        told, self._told = self._told, []
        return told


def at_node(
    number: int, order: remote_job.RemoteJob, progress: Any
) -> tuple[str, remote_job.RemoteResult]:
    """The task: what a node does. Returns the node's id and what came of the job."""
    # Other jobs may be on the node. Read once, before torch is imported.
    waiting.choose()
    os.environ.update(waiting.among(2))
    ray = import_module("ray")
    node = ray.get_runtime_context().get_node_id()
    told = [0.0]

    def tell(message: Message) -> None:
        if time.monotonic() - told[0] > TELL_SECONDS:
            told[0] = time.monotonic()
            progress.put.remote(number, message)

    progress.put.remote(number, ("began", node))
    return node, remote_job.do(order, tell)


class RayExecutor:
    """The jobs of a sweep on a cluster, for as long as the `with` block lasts.

    Args:
        cluster: where, and with how much for each job.
        results: where records are written, by this process alone.
        display: shows everything.
    """

    def __init__(self, cluster: Cluster, results: Path, display: Display) -> None:
        cluster.check()
        self.cluster, self.results, self.display = cluster, results, display
        self._ray = load_ray(cluster.address)
        self._ours = False  # whether the connection is to be closed
        self._alone = False  # whether the cluster was started here, and ends with the sweep
        self._node_of: dict[str, str] = {}  # trainings, whose weights the node keeps

    def __enter__(self) -> Self:
        self._sweep = held(
            self.results / LOCKS / "ray.lock", False, "a sweep on Ray of this folder"
        )
        self._sweep.__enter__()
        try:
            self._connect()
        except BaseException:
            self._sweep.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._ours:
                self._ray.shutdown()  # with it end the jobs that are not done
        finally:
            self._sweep.__exit__(None, None, None)

    def run(self, jobs: Iterable[Job]) -> list[Failure]:
        """Runs all jobs in about this order; returns those that were given up.

        Raises:
            OneshotError: a record cannot be written, or the cluster is gone.
        """
        self._jobs = list(jobs)
        self._waiting = deque(range(len(self._jobs)))
        left = {path for job in self._jobs for path in remote_job.left_behind(job.order)}
        for path in sorted(left):
            log.warning(
                "%s lies outside the folder of the model that reads it and is not sent: every node "
                "needs it at the same place.", path,
            )  # fmt: skip
        if self._jobs and not self.capacity():
            self._no_room()
        self._flying: dict[Any, int] = {}
        self._slots: dict[int, int] = {}  # of jobs that have begun
        self._nodes: dict[int, str] = {}  # where they have
        self._deaths: Counter[int] = Counter()
        self._failures: list[Failure] = []
        self._locks: dict[int, ExitStack] = {}
        self._not_before: dict[int, float] = {}
        self._before = {number: self._files(number) for number in self._waiting}
        try:
            return self._run()
        finally:
            for number in list(self._locks):
                self._unlock(number)

    def _run(self) -> list[Failure]:
        while self._waiting or self._flying:
            try:
                self._submit()
                if not self._flying:  # all that is left waits for other processes
                    time.sleep(LISTEN_SECONDS / 5)
                    self.display.tick()
                    continue
                ready, _ = self._ray.wait(list(self._flying), timeout=LISTEN_SECONDS)
            except self._ray.exceptions.RayError as error:
                reason = (str(error).strip() or type(error).__name__).splitlines()[0]
                raise OneshotError(
                    f"The Ray cluster is gone ({reason}). Finished records are kept.",
                    "Start it and type the same command again.",
                ) from error
            self._hear()
            for reference in ready:
                self._land(self._flying.pop(reference), reference)
            self.display.tick()
        return self._failures

    def _lock(self, number: int) -> bool:
        """Takes the lock of the job's records, which workers of this machine take too.

        Returns:
            Whether the job is to be done: false where another process is at it, or has done it.
        """
        job = self._jobs[number]
        if not isinstance(job, PlannedRun):  # searches have no lock
            return True
        if self._not_before.get(number, 0.0) > time.monotonic():
            return False
        stack = ExitStack()
        path = lock_of(job.job, job.recipe, self.results)
        try:
            stack.enter_context(held(path, False, job.title))
        except Busy as busy:
            if number not in self._not_before:
                log.info("%s: %s", job.title, busy)
            self._not_before[number] = time.monotonic() + BUSY_SECONDS
            return False
        self._locks[number] = stack
        if self.cluster.context.existing == "skip" and self._done_meanwhile(number):
            self._unlock(number)
            self._waiting.remove(number)
            self._begin(number, "")
            self._leave(number)
            self.display.done(job)
            return False
        return True

    def _unlock(self, number: int) -> None:
        stack = self._locks.pop(number, None)
        if stack is not None:
            stack.close()

    def _files(self, number: int) -> dict[Path, tuple[int, int] | None]:
        """The files of the job's missing records, each with what tells it from a later one."""
        planned = self._jobs[number]
        if not isinstance(planned, PlannedRun):
            return {}
        found: dict[Path, tuple[int, int] | None] = {}
        for task in planned.missing:
            path = planned.found[task].path
            try:
                status = path.stat()
                found[path] = status.st_mtime_ns, status.st_ino
            except OSError:
                found[path] = None
        return found

    def _done_meanwhile(self, number: int) -> bool:
        """Whether another process has written all records of the job since it was planned."""
        before, now = self._before[number], self._files(number)
        planned = self._jobs[number]
        found = planned.found.values() if isinstance(planned, PlannedRun) else ()
        before |= {each.path: None for each in found if each.state == "missing"}
        return bool(now) and all(
            now[path] is not None and now[path] != before.get(path) and store.is_whole(path)
            for path in now
        )

    def _no_room(self) -> None:
        """Jobs that nothing can take would wait for ever on this machine, not in a cloud.

        Raises:
            OneshotError: the cluster is of this machine alone.
        """
        wanted = f"{self.cluster.cpus:g} processors and {self.cluster.gpus:g} cards"
        if self._alone:
            raise OneshotError(
                f"This machine has no {wanted} for a job.",
                "Ask for less with --cpus-per-job and --gpus-per-job.",
            )
        log.warning("No node has %s for a job now; the jobs wait for one that has.", wanted)

    def at_work(self) -> dict[str, str]:
        """Ids of the nodes that are known to be at a job, by the job's name."""
        return {self._jobs[number].title: self._nodes[number] for number in self._slots}

    def capacity(self) -> int:
        """How many jobs the cluster can do at once now; 0 where no node can do any."""
        count = 0
        for node in self._ray.nodes():
            has = node["Resources"] if node["Alive"] else {}
            most = [has.get("CPU", 0.0) / self.cluster.cpus]
            most += [has.get("GPU", 0.0) / self.cluster.gpus] if self.cluster.gpus else []
            count += int(min(most) + 1e-9)
        return count

    def _connect(self) -> None:
        # Nothing but `oneshot data fetch` uses the network of its own accord.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        if not self._ray.is_initialized():
            address = self.cluster.address or os.environ.get("RAY_ADDRESS")
            # "local" starts one; None would take any cluster that was ever started here for meant.
            options: dict[str, Any] = {"address": address or "local", "log_to_driver": False}
            if address is None:
                options |= {"include_dashboard": False, "object_store_memory": STORE_BYTES}
            knock(address)
            try:
                self._ray.init(logging_level="ERROR", **options)
            except (RuntimeError, ValueError, OSError, self._ray.exceptions.RayError) as error:
                reason = str(error).strip().splitlines()[0] if str(error) else type(error).__name__
                raise refused(address, reason) from error
            self._ours, self._alone = True, address is None
        here = self._ray.get_runtime_context().get_node_id()
        queue = self._ray.remote(num_cpus=0, scheduling_strategy=self._at(here))(ProgressQueue)
        self._progress = queue.remote()
        try:
            # A cluster without tokens takes a connection that offers one, and then ends its actors.
            self._ray.get(self._progress.drain.remote(), timeout=ANSWER_SECONDS)
        except self._ray.exceptions.RayError as error:
            raise refused(self.cluster.address, str(error).strip().splitlines()[0]) from error
        self._task = self._ray.remote(
            num_cpus=self.cluster.cpus,
            num_gpus=self.cluster.gpus,
            max_retries=RETRIES,
        )(at_node)

    def _at(self, node: str) -> Any:
        """Prefers a node; jobs go elsewhere where it is full or gone."""
        strategies = import_module("ray.util.scheduling_strategies")
        return strategies.NodeAffinitySchedulingStrategy(node, soft=True)

    def _submit(self) -> None:
        """Hands jobs to Ray; of those that share a training one at a time."""
        at_work = {self._jobs[number].training for number in self._flying.values()}
        # Few are sent ahead, since each is kept from the workers of another sweep on the folder.
        most = min(IN_FLIGHT, max(AHEAD, 2 * self.capacity()))
        for number in list(self._waiting):
            job = self._jobs[number]
            if len(self._flying) >= most:
                return
            if job.training in at_work or not self._lock(number):
                continue
            self._waiting.remove(number)
            at_work.add(job.training)
            order = remote_job.RemoteJob(
                job.order, job.data_sets, self.cluster.context.portable(), self.cluster.source,
                max(1, int(self.cluster.cpus)), files=remote_job.carried(job.order),
                beside=remote_job.beside(job.order),
            )  # fmt: skip
            task, node = self._task, self._node_of.get(job.training)
            if node is not None:
                task = task.options(scheduling_strategy=self._at(node))
            self._flying[task.remote(number, order, self._progress)] = number

    def _hear(self) -> None:
        try:
            told = self._ray.get(self._progress.drain.remote(), timeout=10 * LISTEN_SECONDS)
        except self._ray.exceptions.RayError:  # progress is not worth more than the jobs
            return
        for number, message in told:
            if number not in self._flying.values():
                continue  # it has landed already
            if message[0] != "began":
                if number in self._slots:
                    self.display.heard(self._jobs[number], message)
                continue
            if number in self._slots:
                self._leave(number)
                self.display.put_back(self._jobs[number], "its worker or its node was lost")
            self._begin(number, message[1])

    def _land(self, number: int, reference: Any) -> None:
        job = self._jobs[number]
        if number not in self._slots:
            self._begin(number, "")
        try:
            self._came(number, job, reference)
        finally:
            self._unlock(number)

    def _came(self, number: int, job: Job, reference: Any) -> None:
        """Writes what came of a job, or gives it up."""
        try:
            node, back = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            self._give_up(number, str(error.cause), str(error))
        except self._ray.exceptions.RayError as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            self._deaths[number] += 1
            if self._deaths[number] < TRIES:
                self._leave(number)
                self._waiting.append(number)
                self.display.put_back(job, reason)
            else:
                self._give_up(number, reason)
        else:
            self._node_of[job.training] = node
            for task, why in back.refused:
                self.display.heard(job, ("refused", task, why))
            for record, path in remote_job.keep(back, self.results, self.cluster.context.existing):
                self.display.heard(job, ("finished", record, path))
            if back.end[0] == "done":
                self._leave(number)
                self.display.done(job)
            else:
                self._give_up(number, *back.end[1:])

    def _begin(self, number: int, node: str) -> None:
        self._nodes[number] = node
        taken = set(self._slots.values())
        self._slots[number] = next(slot for slot in range(len(taken) + 1) if slot not in taken)
        self.display.began(self._jobs[number], self._slots[number])

    def _leave(self, number: int) -> None:
        self._slots.pop(number, None)

    def _give_up(self, number: int, reason: str, trace: str = "") -> None:
        self._leave(number)
        self._failures.append(Failure(self._jobs[number], reason, trace))
        self.display.lost(self._jobs[number], reason)
