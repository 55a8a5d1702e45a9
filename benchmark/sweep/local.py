"""Many jobs on one machine: workers that are kept, a job at a time for each, nothing lost.

A worker that dies costs its job one more try, in a fresh process; the sweep goes on.
"""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing import connection, process, resource_tracker
from types import TracebackType
from typing import Protocol, Self

from benchmark import waiting
from benchmark.errors import OneshotError
from benchmark.sweep.plan import Planned
from benchmark.sweep.subprocess_utils import ended, environment, uninterrupted
from benchmark.sweep.tuning import Search
from benchmark.sweep.worker import Message, Order, Orders, work
from benchmark.tasks.spec import Track
from benchmark.tasks.tracks import track as find_track

TRIES = 2  # of a job whose worker dies
STARTS = 3  # workers in a row that die before they are ready
BUSY_SECONDS = 2.0  # before a job that another process was at is tried again
LISTEN_SECONDS = 1.0
LEAVE_SECONDS = 5.0


@dataclass(frozen=True, eq=False)
class Unit:
    """A job, or a search, as the workers take it; each is equal to itself alone.

    Attributes:
        order: what is sent.
        model, where, which: its name, for people.
        training: identity of what is trained; units that share it are never done at once.
        cost: multiply-adds, roughly.
        data_sets: names of those that it needs.
        planned: the job with its recipe; None for a search.
    """

    order: Order
    model: str
    where: str
    which: str
    training: str
    cost: float
    data_sets: tuple[str, ...] = ()
    planned: Planned | None = None

    @property
    def name(self) -> str:
        """The unit in one line."""
        return f"{self.model} on {self.where}, {self.which}"


def unit_of(each: Planned) -> Unit:
    """The planned job; present tasks are left out by the worker itself."""
    job = each.job
    cost = each.learning + each.answers
    data_sets = data_sets_of(job.track)
    return Unit(
        each.described,
        job.spec.key,
        job.track.name,
        job.which,
        each.training,
        cost,
        data_sets,
        each,
    )


def unit_of_search(search: Search) -> Unit:
    """The search: several trainings, one after the other."""
    data_sets = data_sets_of(find_track(search.track))
    return Unit(search, search.model, search.track, "search", search.name, 1.0, data_sets)


def data_sets_of(track: Track) -> tuple[str, ...]:
    """Names of the data sets of a track."""
    return tuple(dict.fromkeys(name for name in (track.data, track.test_data) if name is not None))


class Listener(Protocol):
    """Whoever shows what the workers do; every call must return quickly."""

    def began(self, unit: Unit, slot: int) -> None:
        """A worker has taken the unit; `slot` is 0 .. workers - 1."""

    def heard(self, unit: Unit, message: Message) -> None:
        """The worker tells something of the unit, see `benchmark.sweep.worker`."""

    def done(self, unit: Unit) -> None:
        """All that the unit asked for is there."""

    def put_back(self, unit: Unit, reason: str) -> None:
        """The unit waits to be tried again."""

    def lost(self, unit: Unit, reason: str) -> None:
        """The unit is given up."""

    def tick(self) -> None:
        """Now and then."""


@dataclass(frozen=True)
class Lost:
    """A unit that was given up, why, and the traceback where there is one."""

    unit: Unit
    reason: str
    trace: str = ""


@dataclass
class _Worker:
    process: process.BaseProcess
    pipe: connection.Connection
    slot: int
    ready: bool = False
    leaving: bool = False
    unit: Unit | None = None


class Crew:
    """Workers for as long as the `with` block lasts; they are started when there is work.

    Args:
        orders: what all jobs have in common.
        count: workers at most.
        listener: told of everything.
        cores: of the processor, to be divided.
        cards: names for CUDA_VISIBLE_DEVICES, dealt out in turn; none for no choice.
    """

    def __init__(
        self,
        orders: Orders,
        count: int,
        listener: Listener,
        cores: int,
        cards: Sequence[str] = (),
    ) -> None:
        self.orders = replace(orders, threads=max(1, cores // count))
        self.count, self.listener, self.cards = count, listener, tuple(cards)
        self._context = multiprocessing.get_context("spawn")
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

    def do(self, units: Iterable[Unit]) -> list[Lost]:
        """Does all units in about this order; returns those that were given up.

        Raises:
            OneshotError: workers cannot be started.
        """
        self._waiting = deque(units)
        self._not_before: dict[Unit, float] = {}
        self._deaths: Counter[Unit] = Counter()
        self._lost: list[Lost] = []
        while self._waiting or any(worker.unit for worker in self._workers):
            self._hand_out()
            for worker, message in self._listen():
                if message is None:
                    self._died(worker)
                elif message[0] == "ready":
                    worker.ready, self._failed_starts = True, 0
                elif worker.unit is not None:
                    self._told(worker, worker.unit, message)
            self.listener.tick()
        return self._lost

    def _died(self, worker: _Worker) -> None:
        reason, unit = self._bury(worker), worker.unit
        if unit is None:
            return
        self._deaths[unit] += worker.ready  # else the unit never began
        if self._deaths[unit] < TRIES:
            self._put_back(unit, reason)
        else:
            self._give_up(unit, f"{reason}, {TRIES} times")

    def _told(self, worker: _Worker, unit: Unit, message: Message) -> None:
        if message[0] not in ("done", "busy", "failed", "broken"):
            self.listener.heard(unit, message)
            return
        worker.unit = None
        if message[0] == "done":
            self.listener.done(unit)
        elif message[0] == "busy":
            self._not_before[unit] = time.monotonic() + BUSY_SECONDS
            self._put_back(unit, message[1])
        else:
            self._give_up(unit, *message[1:])
            worker.leaving = message[0] == "broken"

    def _put_back(self, unit: Unit, reason: str) -> None:
        self._waiting.append(unit)
        self.listener.put_back(unit, reason)

    def _give_up(self, unit: Unit, reason: str, trace: str = "") -> None:
        self._lost.append(Lost(unit, reason, trace))
        self.listener.lost(unit, reason)

    def _hand_out(self) -> None:
        """Gives the first units that may begin now to workers that have nothing to do."""
        at_work = {worker.unit.training for worker in self._workers if worker.unit}
        now = time.monotonic()
        for unit in list(self._waiting):
            if unit.training in at_work or self._not_before.get(unit, 0.0) > now:
                continue
            free = (each for each in self._workers if each.unit is None and not each.leaving)
            worker = next(free, None)
            if worker is None:
                if len(self._workers) >= self.count:
                    return
                worker = self._start()
            self._waiting.remove(unit)
            worker.unit = unit
            at_work.add(unit.training)
            self.listener.began(unit, worker.slot)
            _send(worker, unit.order)  # a worker that is dead already is noticed while listening

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
        mine, its = self._context.Pipe()
        changes = {"OMP_NUM_THREADS": str(self.orders.threads), **waiting.among(self.count)}
        if self.cards:
            changes["CUDA_VISIBLE_DEVICES"] = self.cards[slot % len(self.cards)]
        child = self._context.Process(
            target=work, args=(its, self.orders), name=f"oneshot worker {slot}", daemon=True
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
