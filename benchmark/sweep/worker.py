"""A worker: a process that does one job after the other and tells what it does through a pipe.

It lives as long as there are jobs, since importing torch costs seconds, and not longer than the
process that started it. Nothing it does needs an orderly end: files are written whole, locks are
the system's.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import connection, parent_process
from pathlib import Path
from typing import Any, Literal

from benchmark.errors import Busy, OneshotError
from benchmark.evaluation.job import Existing, RunContext
from benchmark.protocols import Progress
from benchmark.records.schema import Record
from benchmark.sweep.run_spec import RunSpec
from benchmark.sweep.tuning import Search
from benchmark.user_code import same_folder

Order = RunSpec | Search
Kind = Literal[
    "ready", "training", "answering", "finished", "refused", "said",  # on the way
    "done", "busy", "failed", "broken",  # the end of an order; after "broken" the worker leaves
]  # fmt: skip
Message = tuple[Any, ...]
"""A kind, then what belongs to it: see `Teller` and `do`."""
TELL_SECONDS = 0.25


@dataclass(frozen=True)
class Orders:
    """What all jobs of a sweep have in common, in words.

    Attributes:
        data, results, work, device, commit_weights, embeddings: see `RunContext`.
        existing: what to do where a record is there.
        threads: of the processor, where a recipe does not say how many.
    """

    data: Path | None
    results: Path | None
    work: Path | None
    device: str
    existing: Existing = "skip"
    threads: int = 1
    commit_weights: bool = False
    embeddings: Path | None = None

    def context(self) -> RunContext:
        """The surroundings; jobs that another process is at are left to it."""
        return RunContext(
            self.data, self.results, self.work, self.device, self.commit_weights, wait=False,
            embeddings=self.embeddings,
        )  # fmt: skip


class Teller:
    """A watcher that passes everything on through a pipe."""

    def __init__(self, pipe: connection.Connection) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()
        self._told = 0.0

    def tell(self, kind: Kind, *facts: Any) -> None:
        """Sends a message; from any thread."""
        with self._lock:
            self._pipe.send((kind, *facts))

    def training(self, progress: Progress) -> None:
        """("training", progress)."""
        self.tell("training", progress)

    def answering(self, task: str, done: int, total: int) -> None:
        """("answering", task, done, total), now and then."""
        if done == total or time.monotonic() - self._told > TELL_SECONDS:
            self._told = time.monotonic()
            self.tell("answering", task, done, total)

    def finished(self, record: Record, path: Path | None) -> None:
        """("finished", record, path)."""
        self.tell("finished", record, path)

    def refused(self, task: str, reason: str) -> None:
        """("refused", task, reason)."""
        self.tell("refused", task, reason)


class _Log(logging.Handler):
    """Warnings go through the pipe too: whoever shows progress decides where they stand."""

    def __init__(self, teller: Teller) -> None:
        super().__init__(logging.WARNING)
        self.teller = teller

    def emit(self, record: logging.LogRecord) -> None:
        self.teller.tell("said", record.getMessage())


def work(pipe: connection.Connection, orders: Orders) -> None:
    """The life of a worker: takes orders from the pipe until it is None or closed."""
    # An interruption at the keyboard reaches every process; the one that started this decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.dup2(2, 1)  # what a model prints does not mix with the results
    import torch

    from benchmark.tasks.own import looking_in

    torch.set_num_threads(orders.threads)
    teller = Teller(pipe)
    for name in ("benchmark", "baselines"):
        logging.getLogger(name).addHandler(_Log(teller))
        logging.getLogger(name).propagate = False
    context = orders.context()
    teller.tell("ready")
    with looking_in(orders.data):
        while True:
            try:
                order = pipe.recv()
            except EOFError:
                return
            if order is None:
                return
            end = do(order, context, orders.existing, teller)
            teller.tell(*end)
            if end[0] == "broken":
                return  # after an unforeseen error, of a device say, a fresh process is safer


def do(order: Order, context: RunContext, existing: Existing, teller: Teller) -> Message:
    """Does a job or a search, and says how it ended; see `ended_as`."""
    from benchmark.evaluation.run import run

    def job() -> None:
        if isinstance(order, Search):
            order.make(context, teller)
        else:
            for _ in run(order.job(), context, existing, teller):
                pass

    try:
        return ended_as(job)
    except KeyboardInterrupt as error:  # the keyboard's never comes here: the model raised it
        return "broken", reason_of(error), traceback.format_exc()


def ended_as(job: Callable[[], object]) -> Message:
    """Does a job and says how it ended, whatever its model does but end the process.

    Returns:
        ("done",), ("busy", reason) where another process is at it, ("failed", reason), or
        ("broken", reason, traceback) after an error that nobody foresaw.

    Raises:
        KeyboardInterrupt: the user wants all jobs to end.
    """
    try:
        with same_folder():
            job()
    except Busy as busy:
        return "busy", str(busy)
    except OneshotError as error:
        return "failed", str(error)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # sys.exit too: a model does not end a sweep
        return "broken", reason_of(error), traceback.format_exc()
    return ("done",)


def reason_of(error: BaseException) -> str:
    """An error of somebody's code in one line."""
    if type(error).__name__ == "SystemExit":  # of this process, or of the model's own
        code = repr(error.code) if isinstance(error, SystemExit) else str(error)
        return f"the model called sys.exit({code})"
    try:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    except Exception:  # its own __str__ fails
        lines = []
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
