"""Jobs in processes beside this one, where the system can copy a process as it stands.

A copy has all the records already; a process that starts from nothing would have to import
matplotlib and be sent everything, which takes longer than the drawing. There, and on one processor,
the jobs are done here.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any

MOST = 4  # processes
EACH = 3  # jobs that make a process worth its start
GARBAGE = 100_000  # objects after which a process looks for it
Job = Callable[[], Any]
_jobs: list[Job] = []  # as the copies find them


class Workers:
    """Jobs that are under way, or that wait to be done here.

    Args:
        jobs: without arguments; what they return or raise can be pickled.
        processes: how many at most; default the processors that this process may use.
    """

    def __init__(self, jobs: Sequence[Job], processes: int | None = None) -> None:
        self._waiting = list(jobs)
        self._pool: ProcessPoolExecutor | None = None
        self._futures: list[Future[Any]] = []
        count = min(processes or _processors(), MOST, len(jobs) // EACH)
        if count > 1 and _copies():
            _jobs[:] = self._waiting
            fork = multiprocessing.get_context("fork")
            self._pool = ProcessPoolExecutor(count, mp_context=fork, initializer=_begin)
            try:
                self._futures = [self._pool.submit(_do, number) for number in range(len(jobs))]
            finally:
                _jobs.clear()

    def results(self) -> list[Any]:
        """What each job returned, in their order.

        Raises:
            Exception: the first job's, in their order, that failed.
            RuntimeError: if a process was killed.
        """
        if self._pool is None:
            return [job() for job in self._waiting]
        try:
            return [future.result() for future in self._futures]
        finally:
            self.stop()

    def stop(self) -> None:
        """Ends the processes; what they have not begun is not done."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


def _begin() -> None:
    """What the copies share is not searched for garbage, and what they make seldom."""
    gc.freeze()
    gc.set_threshold(GARBAGE)


def _do(number: int) -> Any:
    return _jobs[number]()


def _copies() -> bool:
    """Whether a process may copy itself: elsewhere than on Linux its libraries may not bear it."""
    return sys.platform == "linux" and not multiprocessing.current_process().daemon


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1
