"""What runs jobs: one after the other in this process (here), in several (`local`), or on Ray."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from benchmark.evaluation.job import RunContext, RunText
from benchmark.protocols import Progress
from benchmark.records.schema import Record
from benchmark.sweep.outcome import ended_as

if TYPE_CHECKING:
    from benchmark.evaluation.profiler import Profiler
    from benchmark.sweep.tuning import Search

Message = tuple[Any, ...]
"""A kind and what belongs to it: an event of `Callback`, or the end of a job (`ended_as`)."""


class Shown(Protocol):
    """What a display names."""

    @property
    def model(self) -> str:
        """The model's key or name."""

    @property
    def where(self) -> str:
        """Its track or task."""

    @property
    def which(self) -> str:
        """Which of its trainings there."""

    @property
    def title(self) -> str:
        """All of these in one line."""

    @property
    def cost(self) -> float:
        """Multiply-adds, roughly."""


class Job(Shown, Protocol):
    """What an executor runs: a planned run or a search."""

    @property
    def order(self) -> RunText | Search:
        """The job for another process, as plain text."""

    @property
    def training(self) -> str:
        """Identity of what is trained; jobs that share it never run at once."""

    @property
    def data_sets(self) -> tuple[str, ...]:
        """Names of the data sets that it needs."""

    def run(self, context: RunContext) -> None:
        """Runs the job in this process."""


class Display(Protocol):
    """Shows what an executor does; every call must return quickly."""

    def began(self, job: Any, slot: int) -> None:
        """A worker has taken the job; `slot` is 0 .. workers - 1."""

    def heard(self, job: Any, message: Message) -> None:
        """Something has happened in the job."""

    def done(self, job: Any) -> None:
        """The job is complete."""

    def put_back(self, job: Any, reason: str) -> None:
        """The job waits to be tried again."""

    def lost(self, job: Any, reason: str) -> None:
        """The job has failed."""

    def tick(self) -> None:
        """Called now and then."""


@dataclass(frozen=True)
class Failure:
    """A job that was given up, why, and the traceback where there is one."""

    job: Job
    reason: str
    trace: str = ""


class Executor(Protocol):
    """Runs jobs for as long as its `with` block lasts."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def run(self, jobs: Iterable[Job]) -> list[Failure]:
        """Runs all jobs in about this order; returns those that were given up.

        Raises:
            OneshotError: the executor itself fails.
        """


class MessageCallback:
    """A `Callback` that turns each event into a message."""

    def __init__(self, send: Callable[[Message], None]) -> None:
        self.send = send

    def training(self, progress: Progress) -> None:
        """("training", progress)."""
        self.send(("training", progress))

    def answering(self, task: str, done: int, total: int) -> None:
        """("answering", task, done, total)."""
        self.send(("answering", task, done, total))

    def finished(self, record: Record, path: Path | None) -> None:
        """("finished", record, path)."""
        self.send(("finished", record, path))

    def refused(self, task: str, reason: str) -> None:
        """("refused", task, reason)."""
        self.send(("refused", task, reason))


class SerialExecutor:
    """Runs jobs in this process, in their order; those that another process is at come last.

    Args:
        context: of all jobs.
        display: shows them.
        profiler: measures the parts of trainings; its `mark` is the context's.
    """

    def __init__(
        self, context: RunContext, display: Display, profiler: Profiler | None = None
    ) -> None:
        self.context, self.display, self.profiler = context, display, profiler

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Has nothing to close."""

    def run(self, jobs: Iterable[Job]) -> list[Failure]:
        """See `Executor`."""
        waiting = deque(jobs)
        failures: list[Failure] = []
        busy = 0  # jobs in a row that another process was at
        while waiting:
            job = waiting.popleft()
            self.display.began(job, 0)
            if self.profiler is not None:
                self.profiler.start()
            context = replace(
                self.context, callback=MessageCallback(partial(self._heard, job)),
                wait=busy > len(waiting),  # for all that is left other processes are at work
            )  # fmt: skip
            end, *facts = ended_as(partial(job.run, context))
            busy = busy + 1 if end == "busy" else 0
            if end == "busy":
                waiting.append(job)
                self.display.put_back(job, facts[0])
            elif end != "done":
                failures.append(Failure(job, *facts))
                self.display.lost(job, facts[0])
            else:
                if self.profiler is not None:
                    self.display.heard(job, ("profile", self.profiler.lines()))
                self.display.done(job)
        return failures

    def _heard(self, job: Job, message: Message) -> None:
        self.display.heard(job, message)
        self.display.tick()
