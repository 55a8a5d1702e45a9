"""`oneshot check`: the list of checks that every model must pass, on one model."""

from __future__ import annotations

from typing import Annotated

import typer

from benchmark.cli.options import Data


def check(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="Catalogue key, package.module:Name, path/to/file.py:Name (code that is run), "
            "or an adapter.",
        ),
    ],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a setting of the recipe."),
    ] = None,
    train: Annotated[
        bool, typer.Option("--train", help="Check it after a short training.")
    ] = False,
    track: Annotated[str, typer.Option(help="Whose validation split it is shown.")] = "glyphs",
    data: Data = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Checks a model for the known mistakes: hidden transduction, state, label order and more.

    The exit code is 1 if a check fails; docs/checks.md explains each of them.
    """
    import json

    from benchmark.evaluation.conformance.judge import check as check_model
    from benchmark.settings import parse

    report = check_model(model, settings=parse(settings or ()), track=track, train=train, data=data)
    typer.echo(json.dumps(report.plain(), indent=1, ensure_ascii=False) if as_json else str(report))
    if not report.passed:
        raise typer.Exit(1)
