"""`oneshot leaderboard`: regenerates the tables and figures from the records and shows them.

Everything heavy is imported inside the command, so that `--help` stays quick.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer


def leaderboard(
    results: Annotated[
        Path, typer.Option("--results", help="Results folder with the records in it.")
    ] = Path("results"),
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Where to write; default: the results folder."),
    ] = None,
    figures: Annotated[
        bool, typer.Option("--figures/--no-figures", help="Whether to draw the figures.")
    ] = True,
) -> None:
    """Regenerate leaderboard.md, leaderboard.csv and the figures from the records, and show them.

    Models with holes are not ranked; the commands that fill them are listed below the tables.
    """
    from rich.console import Console

    from benchmark.report.text import fill, render
    from benchmark.report.write import write_leaderboard

    written = write_leaderboard(results, out, figures=figures)
    console = Console(highlight=False, soft_wrap=False)
    width = max(60, min(console.width, 120))
    console.print(render(written.leaderboard, width), width=width)
    console.print()
    also = "" if results == Path("results") else f" --results {shlex.quote(str(results))}"
    for line in fill(written.commands, also):
        console.print(line, markup=False, soft_wrap=True)
    for path in (written.page, written.sheet, *written.pair_sheets):
        console.print(f"wrote {path}", markup=False, soft_wrap=True)
    if written.figures:
        folder = written.figures[0].parent
        count = len({path.stem for path in written.figures})
        console.print(
            f"wrote {count} figures (svg, png, csv) to {folder}", markup=False, soft_wrap=True
        )
