"""What the verbs of `oneshot data` share: two arguments, progress bars, and the closing line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from benchmark.datasets.store import Progress, Verified

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
