"""`oneshot compare`: two models on the same episodes, in pairs, from records alone.

Everything heavy is imported inside the command, so that `--help` stays quick.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from benchmark.cli.options import commands_for


def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="A model's KEY, or KEY--RECIPE8.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The model to hold it against.")],
    task: Annotated[
        str, typer.Option("--task", metavar="GLOB", help="Which tasks, such as 'omniglot-*'.")
    ] = "*",
    results: Annotated[
        Path, typer.Option("--results", help="Results folder with the records in it.")
    ] = Path("results"),
    across: Annotated[
        list[str] | None,
        typer.Option(help="Compare although these differ: budgets | pools | views. Repeatable."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    figure: Annotated[
        Path | None, typer.Option("--figure", help="Draw the differences: FILE.svg or FILE.png.")
    ] = None,
) -> None:
    """Compare two models in pairs: differences with intervals, tests and what could be detected."""
    from benchmark.errors import OneshotError
    from benchmark.report.compare import compare as compare_models

    if figure is not None and figure.suffix.lower() not in (".svg", ".png"):
        raise OneshotError(f"{figure} ends neither in .svg nor in .png.", "Type: --figure FILE.svg")
    words = [word.strip() for group in across or () for word in group.split(",")]
    with commands_for(results):
        rows = compare_models(results, a, b, task, words)
    if figure is not None:
        from benchmark.records.store import write_bytes
        from benchmark.report.figures.differences import draw
        from benchmark.report.figures.theme import image

        kind: Literal["svg", "png"] = "png" if figure.suffix.lower() == ".png" else "svg"
        write_bytes(figure, image(draw(rows), kind), "--figure")
    if as_json:
        import json

        from benchmark.report.compare_text import as_data

        typer.echo(json.dumps(as_data(rows), indent=1, ensure_ascii=False))
        return
    from benchmark.cli.console import Console
    from benchmark.report.compare_text import render

    width = max(100, min(Console().width, 120))
    console = Console(highlight=False, width=width)
    console.print(render(rows))
    if figure is not None:
        console.print(f"wrote {figure}", markup=False, soft_wrap=True)
