"""`oneshot about`: the page of a model or of a task; no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark.cli.options import Data


def about(
    name: Annotated[
        str,
        typer.Argument(help="A model such as prototypical-conv4, or a task such as glyphs-5w1s."),
    ],
    results: Annotated[
        Path, typer.Option("--results", help="Results folder; shows the records in it.")
    ] = Path("results"),
    data: Data = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the page's source.")] = False,
) -> None:
    """Show what a model or a task is.

    Of a model: paper, idea, differences, settings with their sources, results. Of a task: what is
    asked, who may learn from what, the digests, results.
    """
    from benchmark.records.store import RECORDS, load
    from benchmark.report import model_pages, task_pages
    from benchmark.report.leaderboard import Leaderboard, build

    # Without any records there is a page all the same.
    there = (results / RECORDS).is_dir()
    leaderboard = build(load(results, strict=False)) if there else Leaderboard(0, ())
    if _is_task(name):
        page = task_pages.page(name, leaderboard)
    else:
        page = model_pages.render(name, model_pages.entries_of(name, leaderboard))
    if markdown:
        typer.echo(page, nl=False)
        return
    from rich.markdown import Markdown

    from benchmark.cli.console import Console

    Console(highlight=False).print(Markdown(page))


def _is_task(name: str) -> bool:
    """Whether this names a task: of the suite, of any ways and shots, or of the user's own data.

    Raises:
        Refused: the task of a data set that has no such task, with the reason.
    """
    from benchmark.errors import UnknownName
    from benchmark.tasks.catalogue import task

    try:
        task(name)
    except UnknownName:
        return False
    return True
