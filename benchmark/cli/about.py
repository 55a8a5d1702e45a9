"""`oneshot about`: the page of a model or of a task; no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def about(
    name: Annotated[
        str,
        typer.Argument(help="A model such as prototypical-conv4, or a task such as glyphs-5w1s."),
    ],
    results: Annotated[
        Path, typer.Option("--results", help="Results folder; shows the records in it.")
    ] = Path("results"),
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the page's source.")] = False,
) -> None:
    """Tells what a model or a task is.

    Of a model: paper, idea, differences, settings with their sources, results. Of a task: what is
    asked, who may learn from what, the digests, results.
    """
    from benchmark.records.store import RECORDS, load
    from benchmark.report import model_pages, task_pages
    from benchmark.report.leaderboard import Leaderboard, build
    from benchmark.tasks.catalogue import RANKED

    # Without any records the page is still told.
    there = (results / RECORDS).is_dir()
    leaderboard = build(load(results)) if there else Leaderboard(0, ())
    if name in RANKED:
        page = task_pages.render_all(leaderboard)[name]
    else:
        page = model_pages.render(name, model_pages.entries_of(name, leaderboard))
    if markdown:
        typer.echo(page, nl=False)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console(highlight=False).print(Markdown(page))
