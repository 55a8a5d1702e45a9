"""The progress of jobs: a live table on a terminal, elsewhere a line on stderr now and then."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from benchmark.cli.console import Console
from benchmark.cli.tensorboard import Board
from benchmark.protocols import Progress
from benchmark.protocols.catalogue import BY_OUTCOME, PROTOCOLS
from benchmark.records.schema import Record
from benchmark.report.escape import printable
from benchmark.report.outcomes import eer_by_kind, headline, remarks
from benchmark.sweep.executor import Shown

PLAIN_SECONDS = 30.0
LEARNING = 0.9  # part of a job with a training that the training is taken to be
ROWS, NEXT = 12, 3  # failed and waiting jobs that are shown, at most
BAR = 10  # letters
REFRESH = 4  # a second


@dataclass
class _AtWork:
    job: Shown
    slot: int
    began: float
    done: float = 0.0  # part of the job
    first: tuple[float, float] | None = None  # (when, part) of the first report
    trains: bool = False
    note: str = "getting ready"

    def report(self, part: float) -> None:
        self.done = max(self.done, min(1.0, part))
        if self.first is None:
            self.first = time.monotonic(), self.done

    def left(self) -> float | None:
        """Seconds to come, once there is something to go by."""
        if self.first is None:
            return None
        since, part = time.monotonic() - self.first[0], self.done - self.first[1]
        return None if since < 3 or part <= 0 else since * (1 - self.done) / part


@dataclass
class ProgressDisplay:
    """Shows what an executor does; a `Display` of `benchmark.sweep.executor`.

    Attributes:
        tensorboard: folder for TensorBoard, or None.
        records: new ones so far.
        failed: how many of them tell of failures.
    """

    tensorboard: Path | None = None
    records: int = 0
    failed: int = 0
    finished: int = 0  # jobs
    tasks_left_out: int = 0
    _jobs: list[Shown] = field(default_factory=list)
    _waiting: list[Shown] = field(default_factory=list)
    _at_work: dict[int, _AtWork] = field(default_factory=dict)
    _lost: list[tuple[Shown, str]] = field(default_factory=list)
    _told: set[tuple[Shown, str]] = field(default_factory=set)
    _done_cost: float = 0.0
    _began: float = field(default_factory=time.monotonic)
    _said: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.console = Console(highlight=False, soft_wrap=True)
        self._boards: dict[int, Board] = {}
        self._board(0)  # says at once where TensorBoard is not installed
        self._live = Live(
            console=self.console,
            get_renderable=self._picture,
            refresh_per_second=REFRESH,
            transient=True,
        )

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()
        for board in self._boards.values():
            board.close()

    def expect(self, jobs: Sequence[Shown]) -> None:
        """What is to be done now, in this order."""
        self._jobs, self._waiting = list(jobs), list(jobs)
        self.finished, self._done_cost, self._began = 0, 0.0, time.monotonic()

    def began(self, job: Shown, slot: int) -> None:
        """A worker has taken the job."""
        self._waiting.remove(job)
        self._at_work[slot] = _AtWork(job, slot, time.monotonic())
        board = self._board(slot)
        if board is not None:
            which = job.which.replace(", ", "-").replace(" ", "-")
            board.start(f"{job.where}/{job.model}/{which}")

    def _board(self, slot: int) -> Board | None:
        """The slot's, made when it is first needed: a cluster may grow, and so may its slots."""
        if self.tensorboard is None:
            return None
        if slot not in self._boards:
            self._boards[slot] = Board(self.tensorboard)
        return self._boards[slot]

    def heard(self, job: Shown, message: tuple[Any, ...]) -> None:
        """Progress, a record, or a warning."""
        kind, *facts = message
        at_work = next(each for each in self._at_work.values() if each.job is job)
        if kind == "training":
            (progress,) = facts
            at_work.trains = True
            at_work.report(LEARNING * progress.items / progress.items_total)
            at_work.note = training_note(progress)
            board = self._board(at_work.slot)
            if board is not None:
                board.training(progress)
        elif kind == "answering":
            task, done, total = facts
            at_work.note = f"answering {task}"
            if not at_work.trains:
                at_work.report(LEARNING * done / total)
        elif kind == "finished":
            record, _ = facts
            self.records += 1
            self.failed += record.outcome is None
            self._print(result_of(record))
        elif kind == "refused":
            task, reason = facts
            self.left_out(job, task, reason)
        elif kind == "profile":
            self._print(f"Where the time went: {job.title}")
            for line in facts[0]:
                self._print(f"  {line}")
        else:
            self._print(f"{job.title}: {facts[0]}")

    def left_out(self, job: Shown, task: str, reason: str) -> None:
        """The model of the job is not asked a task."""
        self.tasks_left_out += 1
        self._print(f"{job.title}: {task} left out, {reason}")

    def done(self, job: Shown) -> None:
        """All of the job is there."""
        self._leaves(job)
        self.finished += 1
        self._done_cost += job.cost

    def put_back(self, job: Shown, reason: str) -> None:
        """The job is tried again later."""
        self._leaves(job)
        self._waiting.append(job)
        if (
            job,
            reason,
        ) not in self._told:  # a job that is busy elsewhere is tried again and again
            self._told.add((job, reason))
            self._print(f"{job.title}: tried again later, {_lowered(reason)}")

    def lost(self, job: Shown, reason: str) -> None:
        """The job is given up."""
        self._leaves(job)
        self._lost.append((job, reason))
        self._done_cost += job.cost
        self._print(f"{job.title}: FAILED: {reason}")

    def tick(self) -> None:
        """Off a terminal, a line on stderr now and then."""
        if not self.console.is_terminal and time.monotonic() - self._said > PLAIN_SECONDS:
            self._said = time.monotonic()
            for each in self._at_work.values():
                line = f"{each.job.title}: {100 * each.done:.0f} %  {each.note}"
                typer.echo(printable(line), err=True)
            if len(self._jobs) > 1:
                typer.echo(self._summary(), err=True)

    def _leaves(self, job: Shown) -> None:
        self._at_work = {s: each for s, each in self._at_work.items() if each.job is not job}

    def print(self, text: str) -> None:
        """Prints lines above the table."""
        self.console.print(text, markup=False)

    def _print(self, line: str) -> None:
        self.print(printable(line))

    def _part(self) -> float:
        """How much of everything is done, by cost."""
        total = sum(job.cost for job in self._jobs)
        under_way = sum(each.done * each.job.cost for each in self._at_work.values())
        return (self._done_cost + under_way) / total if total else 1.0

    def _summary(self) -> str:
        from benchmark.sweep.estimate import hours

        words = [f"{self.finished} of {len(self._jobs)} jobs"]
        if self._lost:
            words.append(f"{len(self._lost)} given up")
        part, since = self._part(), time.monotonic() - self._began
        if 0.02 < part < 1 and since > 3:
            words.append(f"about {hours(since * (1 - part) / part)} left")
        return ", ".join(words)

    def _picture(self) -> Group:
        """The table as it is now; it fits the window."""
        table = Table(box=None, padding=(0, 2, 0, 0), expand=True)
        table.add_column("model", ratio=6, no_wrap=True, overflow="ellipsis")
        if self._several_tracks:
            table.add_column("track", ratio=2, no_wrap=True, overflow="ellipsis")
        table.add_column("which", no_wrap=True)
        table.add_column("", width=BAR)
        table.add_column("state", ratio=3, no_wrap=True, overflow="ellipsis")
        table.add_column("left", justify="right", width=6, no_wrap=True)
        for slot in sorted(self._at_work):
            each = self._at_work[slot]
            bar = ProgressBar(total=1.0, completed=each.done, width=BAR)
            state = Text(each.note, style="dim")
            table.add_row(*self._named(each.job), bar, state, _clock(each.left()))
        room = max(2, min(ROWS, (self.console.height - len(self._at_work) - 6) // 2))
        for job, reason in self._lost[-room:]:
            table.add_row(*self._named(job, "red"), "", Text(f"failed: {reason}"), "")
        for job in self._waiting[:NEXT]:
            table.add_row(*self._named(job, "dim"), "", Text("waits", style="dim"), "")
        rows: list[RenderableType] = [Text(""), table]
        if len(self._waiting) > NEXT:
            rows.append(Text(f"and {len(self._waiting) - NEXT} more that wait", style="dim"))
        whole = ProgressBar(total=1.0, completed=self._part(), width=BAR)
        foot = Table.grid(padding=(0, 2, 0, 0))
        foot.add_row(whole, Text(self._summary(), style="bold"))
        return Group(*rows, foot)

    @property
    def _several_tracks(self) -> bool:
        return len({job.where for job in self._jobs}) > 1

    def _named(self, job: Shown, style: str = "") -> list[Text]:
        """Model, track where there are several, and which of their trainings."""
        words = [job.model, job.where, job.which]
        if not self._several_tracks:
            del words[1]
        return [Text(word, style=style) for word in words]


def _clock(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}" if minutes < 60 else f"{minutes // 60}h{minutes % 60:02d}"


def _lowered(reason: str) -> str:
    return reason[:1].lower() + reason[1:].rstrip(".")


def training_note(progress: Progress) -> str:
    """Speed, loss and validation accuracy of a training in one line."""
    note = f"loss {progress.loss:.3f}"
    if progress.validation is not None:
        note += f"  valid. {100 * progress.validation:.1f} %"
    return f"{note}  {progress.items_per_second:,.0f} items/s"


def result_of(record: Record) -> str:
    """A record in one line: the number that ranks, or why it failed."""
    if record.outcome is None:
        result = f"FAILED: {record.reason}"
    else:
        value = headline(record.task.name, record.outcome, record.fold)
        protocol = BY_OUTCOME[record.outcome.kind]
        measure = "" if protocol is PROTOCOLS[0] else f"{protocol.measure} "
        result = "answered" if value is None else f"{measure}{100 * value:6.2f} %"
        kinds = eer_by_kind(record.task.name, record.outcome, record.fold)
        if len(kinds) > 1:  # random and skilled forgeries differ by far: never their mixture alone
            each = ", ".join(f"{kind} {100 * eer:.2f} %" for kind, eer in kinds.items())
            result += f" over all impostors: {each}"
        result += "".join(f". {remark}" for remark in remarks(record))
    which = f"seed {record.seed}" + ("" if record.fold is None else f", fold {record.fold}")
    return f"{record.model.key}  {record.task.name}  {which}  {result}"
