"""Many jobs on one machine: workers that are kept, a job at a time for each, nothing lost.

A worker that dies costs its job one more try, in a fresh process; the sweep goes on.
"""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import connection, process, resource_tracker
from types import TracebackType
from typing import Self

from benchmark import waiting
from benchmark.errors import OneshotError
from benchmark.evaluation.job import RunContext
from benchmark.sweep.executor import Display, Failure, Job, Message
from benchmark.sweep.subprocess_utils import ended, environment, uninterrupted
from benchmark.sweep.worker import Order, work

TRIES = 2  # of a job whose worker dies
STARTS = 3  # workers in a row that die before they are ready
BUSY_SECONDS = 2.0  # before a job that another process was at is tried again
LISTEN_SECONDS = 1.0
LEAVE_SECONDS = 5.0


@dataclass
class _Worker:
    process: process.BaseProcess
    pipe: connection.Connection
    slot: int
    ready: bool = False
    leaving: bool = False
    job: Job | None = None


class ProcessExecutor:
    """Workers for as long as the `with` block lasts; they are started when there is work.

    Args:
        context: of all jobs.
        count: workers at most.
        display: shows everything.
        cores: of the processor, to be divided.
        cards: names for CUDA_VISIBLE_DEVICES, dealt out in turn; none for no choice.
    """

    def __init__(
        self,
        context: RunContext,
        count: int,
        display: Display,
        cores: int,
        cards: Sequence[str] = (),
    ) -> None:
        self.context, self.threads = context.portable(), max(1, cores // count)
        self.count, self.display, self.cards = count, display, tuple(cards)
        self._spawn = multiprocessing.get_context("spawn")
        self._workers: list[_Worker] = []
        self._failed_starts = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in self._workers:
            if error is None:
                _send(worker, None)
            else:
                worker.process.terminate()
        until = time.monotonic() + LEAVE_SECONDS
        for worker in self._workers:
            worker.process.join(max(0.0, until - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            worker.pipe.close()
        self._workers.clear()

    def run(self, jobs: Iterable[Job]) -> list[Failure]:
        """Runs all jobs in about this order; returns those that were given up.

        Raises:
            OneshotError: workers cannot be started.
        """
        self._waiting = deque(jobs)
        self._not_before: dict[Job, float] = {}
        self._deaths: Counter[Job] = Counter()
        self._failures: list[Failure] = []
        while self._waiting or any(worker.job for worker in self._workers):
            self._hand_out()
            for worker, message in self._listen():
                if message is None:
                    self._died(worker)
                elif message[0] == "ready":
                    worker.ready, self._failed_starts = True, 0
                elif worker.job is not None:
                    self._told(worker, worker.job, message)
            self.display.tick()
        return self._failures

    def _died(self, worker: _Worker) -> None:
        reason, job = self._bury(worker), worker.job
        if job is None:
            return
        self._deaths[job] += worker.ready  # else the job never began
        if self._deaths[job] < TRIES:
            self._put_back(job, reason)
        else:
            self._give_up(job, f"{reason}, {TRIES} times")

    def _told(self, worker: _Worker, job: Job, message: Message) -> None:
        if message[0] not in ("done", "busy", "failed", "broken"):
            self.display.heard(job, message)
            return
        worker.job = None
        if message[0] == "done":
            self.display.done(job)
        elif message[0] == "busy":
            self._not_before[job] = time.monotonic() + BUSY_SECONDS
            self._put_back(job, message[1])
        else:
            self._give_up(job, *message[1:])
            worker.leaving = message[0] == "broken"

    def _put_back(self, job: Job, reason: str) -> None:
        self._waiting.append(job)
        self.display.put_back(job, reason)

    def _give_up(self, job: Job, reason: str, trace: str = "") -> None:
        self._failures.append(Failure(job, reason, trace))
        self.display.lost(job, reason)

    def _hand_out(self) -> None:
        """Gives the first jobs that may begin now to workers that have nothing to do."""
        at_work = {worker.job.training for worker in self._workers if worker.job}
        now = time.monotonic()
        for job in list(self._waiting):
            if job.training in at_work or self._not_before.get(job, 0.0) > now:
                continue
            free = (each for each in self._workers if each.job is None and not each.leaving)
            worker = next(free, None)
            if worker is None:
                if len(self._workers) >= self.count:
                    return
                worker = self._start()
            self._waiting.remove(job)
            worker.job = job
            at_work.add(job.training)
            self.display.began(job, worker.slot)
            _send(worker, job.order)  # a worker that is dead already is noticed while listening

    def _listen(self) -> Iterator[tuple[_Worker, Message | None]]:
        """What workers have told; None from one that is dead, after all that it told."""
        pipes = {worker.pipe: worker for worker in self._workers}
        if not pipes:
            time.sleep(LISTEN_SECONDS / 5)  # all that is left waits for other processes
            return
        for ready in connection.wait(list(pipes), LISTEN_SECONDS):
            worker = pipes[ready]  # type: ignore[index]
            try:
                message = worker.pipe.recv()
            except (EOFError, OSError):  # its end of the pipe closes when it dies
                message = None
            yield worker, message

    def _start(self) -> _Worker:
        slot = min(set(range(self.count)) - {worker.slot for worker in self._workers})
        mine, its = self._spawn.Pipe()
        changes = {"OMP_NUM_THREADS": str(self.threads), **waiting.among(self.count)}
        if self.cards:
            changes["CUDA_VISIBLE_DEVICES"] = self.cards[slot % len(self.cards)]
        child = self._spawn.Process(
            target=work,
            args=(its, self.context, self.threads),
            name=f"oneshot worker {slot}",
            daemon=True,
        )
        resource_tracker.ensure_running()  # would unblock interruptions below
        with environment(changes), uninterrupted():
            child.start()
        its.close()  # so that its death closes the pipe
        worker = _Worker(child, mine, slot)
        self._workers.append(worker)
        return worker

    def _bury(self, worker: _Worker) -> str:
        """Why the worker ended, in words.

        Raises:
            OneshotError: none can be started.
        """
        self._workers.remove(worker)
        worker.process.join(LEAVE_SECONDS)
        if worker.process.is_alive():  # it closed its pipe but does not leave
            worker.process.kill()
            worker.process.join()
        worker.pipe.close()
        reason = ended(worker.process.exitcode)
        if not worker.ready:
            self._failed_starts += 1
            if self._failed_starts >= STARTS:
                raise OneshotError(
                    f"Workers cannot be started: {reason}, {STARTS} times in a row.",
                    "Type the same command with --workers 1 to see why.",
                )
        return reason


def _send(worker: _Worker, order: Order | None) -> None:
    try:
        worker.pipe.send(order)
    except OSError:  # it is dead; whoever listens will hear nothing more from it
        return
