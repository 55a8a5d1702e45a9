"""`oneshot leaderboard`: regenerates the tables and figures from the records and shows them.

Everything heavy is imported inside the command, so that `--help` stays quick.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from benchmark.cli.options import commands_for


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
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit code 1 if something is outdated.")
    ] = False,
) -> None:
    """Regenerate tables, pages, references and figures from the records, and show them.

    Models with holes are not ranked; the commands that fill them are listed below the tables.
    """
    import gc

    from benchmark.cli.console import Console

    # Nearly all that is read and made is needed to the end: to look for garbage takes a tenth.
    gc.set_threshold(100_000)
    if check:
        _check(results)
        return
    from benchmark.report.comparable import outdated
    from benchmark.report.text import fill, render
    from benchmark.report.write import write_leaderboard

    with commands_for(results):
        written = write_leaderboard(results, out, figures=figures)
    console = Console(highlight=False, soft_wrap=False)
    width = max(60, min(console.width, 120))
    console.print(render(written.leaderboard, width), width=width)
    console.print()
    also = "" if results == Path("results") else f" --results {shlex.quote(str(results))}"
    for line in fill(written.commands, also):
        console.print(line, markup=False, soft_wrap=True)
    for line in outdated(results):
        console.print(line, markup=False, soft_wrap=True)
    for path in (written.page, written.sheet, *written.pair_sheets, written.html):
        console.print(f"wrote {path}", markup=False, soft_wrap=True)
    if written.figures:
        folder = written.figures[0].parent
        count = sum(path.suffix == ".svg" for path in written.figures)
        console.print(f"wrote {count} figures (svg, csv) to {folder}", markup=False, soft_wrap=True)


def _check(results: Path) -> None:
    """Names what is not as the records give it."""
    from benchmark.report.check import differing

    outdated = differing(results)
    for name in outdated:
        typer.echo(f"outdated  {results / name}")
    if outdated:
        typer.echo(f"Type: oneshot leaderboard --results {shlex.quote(str(results))}")
        raise typer.Exit(1)
    typer.echo("Everything is as the records give it.")
