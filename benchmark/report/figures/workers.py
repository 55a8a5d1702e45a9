"""Jobs in processes beside this one, where the system can copy a process as it stands.

A copy has all the records already; a process that starts from nothing would have to be sent them,
which takes longer than the drawing. The copies make the list of jobs too, and with it import what
the jobs need, so that this process can go on without. Where processes cannot be copied, and on one
processor, the jobs are done here.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

MOST = 4  # processes
NONE_LEFT = 2**62  # a number of a job that no list has
GARBAGE = 100_000  # objects after which a process looks for it
Job = Callable[[], Any]
_make: Callable[[], Sequence[Job]] = tuple  # as the copies find it
_next: Any = None  # shared by them: the number of the first job that nobody has taken


@dataclass(frozen=True)
class _Failed:
    error: Exception
    where: str


class Workers:
    """Jobs that are under way, or that wait to be done here.

    Args:
        make: the jobs, the same whenever it is called; they have no arguments, and what they return
            or raise can be pickled.
        processes: how many at most; default the processors that this process may use.
    """

    def __init__(self, make: Callable[[], Sequence[Job]], processes: int | None = None) -> None:
        global _make, _next
        self._here = make
        self._pool: ProcessPoolExecutor | None = None
        self._taken: Any = None
        self._futures: list[Future[dict[int, Any]]] = []
        count = min(processes or _processors(), MOST)
        if count > 1 and _copies():
            fork = multiprocessing.get_context("fork")
            _make, _next = make, fork.Value("q", 0)
            self._taken = _next
            self._pool = ProcessPoolExecutor(count, mp_context=fork, initializer=_begin)
            try:
                self._futures = [self._pool.submit(_share) for _ in range(count)]
            finally:
                _make, _next = tuple, None

    def results(self) -> list[Any]:
        """What each job returned, in their order.

        Raises:
            Exception: the first job's, in their order, that failed.
            RuntimeError: if a process was killed.
        """
        if self._pool is None:
            return [job() for job in self._here()]
        try:
            found = {n: one for future in self._futures for n, one in future.result().items()}
        finally:
            self.stop()
        results = [found[number] for number in sorted(found)]
        for one in results:
            if isinstance(one, _Failed):
                one.error.add_note(one.where)
                raise one.error
        return results

    def stop(self) -> None:
        """Ends the processes; what they have not begun is not done."""
        if self._pool is not None:
            self._taken.value = NONE_LEFT
            self._pool.shutdown(cancel_futures=True)


def _begin() -> None:
    """What the copies share is not searched for garbage, and what they make seldom."""
    gc.freeze()
    gc.set_threshold(GARBAGE)


def _share() -> dict[int, Any]:
    """Does one job after the other that is not taken yet; results by number.

    After a failure no job is begun any more, by nobody; those before it have been.
    """
    jobs, done = _make(), {}
    while (number := _take(len(jobs))) < len(jobs):
        try:
            done[number] = jobs[number]()
        except Exception as error:
            done[number] = _Failed(error, traceback.format_exc())
            _next.value = NONE_LEFT
    return done


def _take(count: int) -> int:
    with _next.get_lock():
        number: int = _next.value
        if number < count:
            _next.value = number + 1
    return number


def _copies() -> bool:
    """Whether a process may copy itself: elsewhere than on Linux its libraries may not bear it."""
    return sys.platform == "linux" and not multiprocessing.current_process().daemon


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1
