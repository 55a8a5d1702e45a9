"""What the verbs of `oneshot data` share: two arguments, progress bars, and the closing line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from benchmark.datasets.own.reading import Reading
    from benchmark.datasets.store import Progress, Verified
    from benchmark.datasets.summary import Summary

Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data directory (else ONESHOT_DATA, else a cache)."),
]
Name = Annotated[str, typer.Argument(help="Name of the data set, as `oneshot data list` shows it.")]


def report(verified: Verified) -> None:
    """One line on a data set that is there and sound."""
    from benchmark.datasets.catalogue import KNOWN

    known = KNOWN.get(verified.name)
    note = ""
    if known and known.pixels and known.pixels != verified.stored_digest:
        note = "; decoded by another JPEG library than the suite's own results, pixels differ a bit"
    typer.echo(
        f"{verified.name}: {verified.items:,} items in {verified.classes:,} classes, "
        f"digest {verified.digest[:12]}{note}"
    )


def show_reading(reading: Reading, summary: Summary | None = None) -> None:
    """A table of what was understood of the source, what was left out, and what is stored.

    Without `summary` only what concerns the source.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from benchmark.datasets.own.reading import lines
    from benchmark.report.escape import printable

    rows = lines(reading) + ([] if summary is None else _stored(summary))
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    before = ""
    for section, topic, text in rows:
        words = (section if section != before else "", topic, printable(text))
        table.add_row(*(Text(word) for word in words))
        before = section
    if rows:
        Console(highlight=False).print(table)


def _stored(summary: Summary) -> list[tuple[str, str, str]]:
    balance = summary.balance
    each = f"{balance.least:,}" + (
        f" to {balance.greatest:,}" * (balance.least != balance.greatest)
    )
    rows = [("stored", "items", f"{summary.items:,} {summary.shape}")]
    rows.append(("stored", "classes", f"{balance.classes:,}, of {each} items each"))
    if balance.classes and balance.least < balance.median / 2:
        rows.append(("look at", "small classes", f"'{balance.fewest}' has only {balance.least:,}"))
    for split, classes, items in summary.splits:
        rows.append(("stored", split, f"{classes:,} classes, {items:,} items"))
    return sorted(rows, key=lambda row: row[0] != "stored")


@contextmanager
def bars() -> Iterator[Progress]:
    """One progress bar per thing that is being done, on standard error."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total or None)
            bars.update(tasks[what], completed=done, total=total or None)

        yield show
