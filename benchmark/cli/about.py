"""`oneshot about`: one model's paper, idea, recipe and results, as on its page; no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def about(
    model: Annotated[str, typer.Argument(help="Catalogue key, such as prototypical-conv4.")],
    results: Annotated[
        Path, typer.Option("--results", help="Results folder; shows the model's records in it.")
    ] = Path("results"),
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the page's source.")] = False,
) -> None:
    """Tells what a model is: paper, idea, differences, settings with their sources, results."""
    from benchmark.records.store import RECORDS, load
    from benchmark.report.leaderboard import build
    from benchmark.report.model_pages import entries_of, render

    # Records are looked at for this model's sake only: without any the page is still told.
    found = entries_of(model, build(load(results))) if (results / RECORDS).is_dir() else []
    page = render(model, found)
    if markdown:
        typer.echo(page, nl=False)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console(highlight=False).print(Markdown(page))
