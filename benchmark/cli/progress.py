"""Live progress of jobs: a moving bar on a terminal, elsewhere a line on stderr now and then."""

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType
from typing import Self

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from benchmark.cli.console import Console
from benchmark.cli.tensorboard import Board
from benchmark.protocols import Progress as Training
from benchmark.protocols.catalogue import BY_OUTCOME, PROTOCOLS
from benchmark.records.schema import Record
from benchmark.report.escape import printable
from benchmark.report.outcomes import eer_by_kind, headline, remarks

PLAIN_SECONDS = 30.0


class Watch:
    """Shows one job after the other; a `Callback` of `benchmark.evaluation.run`."""

    def __init__(self, jobs: int, tensorboard: Path | None = None) -> None:
        self.board = None if tensorboard is None else Board(tensorboard)
        self.console = Console(highlight=False, soft_wrap=True)
        self.jobs = jobs
        self.job = 0
        self.records = 0
        self.failed = 0
        self.left_out: list[str] = []  # tasks that the model does not answer
        self._said = 0.0
        self._label = ""
        self._bar = Progress(
            BarColumn(bar_width=18),
            TextColumn("{task.percentage:>3.0f}%"),
            TextColumn("{task.fields[note]}", style="dim", markup=False),
            TimeRemainingColumn(compact=True),
            console=self.console,
            transient=True,
        )
        self._row = self._bar.add_task("", total=1, note="", visible=False)

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()
        if self.board is not None:
            self.board.close()

    def start(self, model: str, where: str, which: str) -> None:
        """The next job begins: a model, its track or task, and which of their trainings."""
        self.job += 1
        self._label = f"[{self.job}/{self.jobs}] {model} on {where}, {which}"
        self._said = time.monotonic()
        if self.board is not None:
            self.board.start(f"{where}/{model}/{which.replace(', ', '-').replace(' ', '-')}")
        if self.console.is_terminal:  # the bar below it must fit into 80 columns
            self.console.print(printable(self._label), style="bold", markup=False)
        self._show(0, 1, "getting ready")

    def later(self, reason: str) -> None:
        """The job is put back, since another process is at it."""
        self.job -= 1
        self._print(f"{self._label}: left for later. {reason}")

    def lost(self, reason: str) -> None:
        """The job failed without a record."""
        self._print(f"{self._label}: FAILED: {reason}")

    def training(self, progress: Training) -> None:
        """Items, loss, validation accuracy, speed and time left."""
        if self.board is not None:
            self.board.training(progress)
        self._show(progress.items, progress.items_total, training_note(progress))

    def answering(self, task: str, done: int, total: int) -> None:
        """Episodes answered."""
        self._show(done, total, f"answering {task}")

    def finished(self, record: Record, path: Path | None) -> None:
        """A record is written: its accuracy, EER or mAP@R, or why it failed."""
        self.records += 1
        self.failed += record.outcome is None
        self._print(result_of(record))

    def profile(self, lines: list[str]) -> None:
        """Where the time of the job's training went."""
        self._print(f"Where the time went: {self._label}")
        for line in lines:
            self._print(f"  {line}")

    def refused(self, task: str, reason: str) -> None:
        """A task that the model does not answer."""
        self.left_out.append(task)
        self._print(f"{self._label}: {task} left out, {reason}")

    def _print(self, line: str) -> None:
        self.console.print(printable(line), markup=False)

    def _show(self, done: int, total: int, note: str) -> None:
        if self.console.is_terminal:
            self._bar.update(self._row, completed=done, total=total, note=note, visible=True)
        elif time.monotonic() - self._said > PLAIN_SECONDS:
            self._said = time.monotonic()
            line = f"{self._label}: {done:,} of {total:,}  {note}"
            typer.echo(printable(line), err=True)


def training_note(progress: Training) -> str:
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
