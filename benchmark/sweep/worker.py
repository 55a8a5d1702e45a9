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
from dataclasses import replace
from functools import partial
from multiprocessing import connection, parent_process

from benchmark.evaluation.job import RunContext, RunSpec, RunText
from benchmark.sweep.executor import Message, MessageCallback
from benchmark.sweep.outcome import ended_as, reason_of
from benchmark.sweep.tuning import Search

Order = RunText | Search  # a run or a search, as plain text
SEND_SECONDS = 0.25


class PipeCallback(MessageCallback):
    """Sends events through a pipe, from any thread; progress of answers now and then."""

    def __init__(self, pipe: connection.Connection) -> None:
        super().__init__(self._put)
        self._pipe = pipe
        self._lock = threading.Lock()
        self._sent = 0.0

    def _put(self, message: Message) -> None:
        with self._lock:
            self._pipe.send(message)

    def answering(self, task: str, done: int, total: int) -> None:
        """("answering", task, done, total), now and then."""
        if done == total or time.monotonic() - self._sent > SEND_SECONDS:
            self._sent = time.monotonic()
            super().answering(task, done, total)


class _Log(logging.Handler):
    """Warnings go through the pipe too: whoever shows progress decides where they stand."""

    def __init__(self, callback: PipeCallback) -> None:
        super().__init__(logging.WARNING)
        self.callback = callback

    def emit(self, record: logging.LogRecord) -> None:
        self.callback.send(("said", record.getMessage()))


def work(pipe: connection.Connection, context: RunContext, threads: int) -> None:
    """The life of a worker: runs what comes through the pipe until it is None or closed.

    Args:
        pipe: to the process that started this one; the worker ends quietly when that one is gone.
        context: of all runs.
        threads: of the processor, where a recipe does not say how many.
    """
    try:
        _work(pipe, context, threads)
    except (BrokenPipeError, ConnectionResetError):
        os._exit(1)


def _work(pipe: connection.Connection, context: RunContext, threads: int) -> None:
    # An interruption at the keyboard reaches every process; the one that started this decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.dup2(2, 1)  # what a model prints does not mix with the results
    import torch

    from benchmark.tasks.own import looking_in

    torch.set_num_threads(threads)
    callback = PipeCallback(pipe)
    for name in ("benchmark", "baselines"):
        logging.getLogger(name).addHandler(_Log(callback))
        logging.getLogger(name).propagate = False
    context = replace(context, callback=callback)
    callback.send(("ready",))
    with looking_in(context.data):
        while True:
            try:
                order = pipe.recv()
            except EOFError:
                return
            if order is None:
                return
            end = do(order, context)
            callback.send(end)
            if end[0] == "broken":
                return  # after an unforeseen error, of a device say, a fresh process is safer


def do(order: Order, context: RunContext) -> Message:
    """Runs a job or a search, and says how it ended; see `ended_as`."""
    try:
        return ended_as(partial(run_order, order, context))
    except KeyboardInterrupt as error:  # the keyboard's never comes here: the model raised it
        return "broken", reason_of(error), traceback.format_exc()


def run_order(order: Order, context: RunContext) -> None:
    """Runs what was sent as plain text."""
    from benchmark.evaluation.run import run

    if isinstance(order, Search):
        order.run(context)
    else:
        for _ in run(RunSpec.parse(**order), context):
            pass


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
