"""What the verbs of `oneshot data` share: two arguments, progress bars, and the closing line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.cli.options import noted

if TYPE_CHECKING:
    from benchmark.datasets.own.reading import Reading
    from benchmark.datasets.store import Progress, Verified
    from benchmark.datasets.summary import Summary

Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="Data directory (else ONESHOT_DATA, else a cache).",
        callback=noted,
    ),
]
PLAIN_WIDTH = 110  # of tables that are printed into a file or a pipe
SECTIONS = ("understood", "left out", "stored", "look at")
SHOWN = 8  # classes with copies that are named
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
    from rich.table import Table
    from rich.text import Text

    from benchmark.cli.console import Console
    from benchmark.datasets.own.reading import lines
    from benchmark.report.escape import printable

    rows = lines(reading) + ([] if summary is None else _stored(summary))
    rows.sort(key=lambda row: SECTIONS.index(row[0]))
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
        console = Console(highlight=False)
        if not console.is_terminal:
            console = Console(highlight=False, width=PLAIN_WIDTH)
        with console.capture() as printed:
            console.print(table)
        typer.echo("\n".join(line.rstrip() for line in printed.get().splitlines()))


def _stored(summary: Summary) -> list[tuple[str, str, str]]:
    """What is in the data directory now, and what of it deserves a look."""
    balance = summary.balance
    each = f"{balance.least:,}" + (
        f" to {balance.greatest:,}" * (balance.least != balance.greatest)
    )
    rows = [("stored", "items", f"{summary.items:,} {summary.shape}")]
    rows.append(("stored", "classes", f"{balance.classes:,}, with {each} items each"))
    for split, classes, items in summary.splits:
        rows.append(("stored", split, f"{classes:,} classes, {items:,} items"))
    for where, same, different in summary.pairs:
        rows.append(("stored", f"{where} pairs", f"{same:,} the same, {different:,} different"))
    for group, values, is_whole in summary.groups:
        how = "each class has one of them" if is_whole else "classes spread over them"
        rows.append(("stored", f"group {group}", f"{values:,} values, {how}"))
    if balance.least < balance.median / 2:
        small = f"'{balance.fewest}' has {balance.least:,} items, the median is {balance.median:g}"
        rows.append(("look at", "class sizes", small))
    if summary.doubles:
        copied = ", ".join(f"{name} ({count:,})" for name, count in summary.copied_classes[:SHOWN])
        more = ", ..." if len(summary.copied_classes) > SHOWN else ""
        text = (
            f"{summary.doubles:,} identical to another item, {summary.across_classes:,} in another "
            f"class, {summary.across_splits:,} in another split; by class: {copied}{more}"
        )
        rows.append(("look at", "copies", text))
    return rows


@contextmanager
def bars() -> Iterator[Progress]:
    """One progress bar per thing that is being done, on standard error."""
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    from benchmark.cli.console import Console

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total or None)
            bars.update(tasks[what], completed=done, total=total or None)

        yield show
