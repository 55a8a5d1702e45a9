"""`oneshot cite`: BibTeX for the suite, models and data sets; no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark.errors import UnknownName


def cite(
    models: Annotated[
        list[str] | None,
        typer.Argument(metavar="[MODEL...]", help="Catalogue keys; default: those with records."),
    ] = None,
    task: Annotated[
        list[str] | None,
        typer.Option("--task", "-t", help="Task or pattern; default: those with records."),
    ] = None,
    results: Annotated[
        Path, typer.Option("--results", help="Results folder whose records are cited.")
    ] = Path("results"),
) -> None:
    """Prints BibTeX, sorted by key: the suite with its record set, models and data sets."""
    from benchmark.records.store import measured
    from benchmark.registry import catalogue_keys
    from benchmark.report.cite import references
    from benchmark.report.task_info import is_validation
    from benchmark.sweep.suite import tasks_of

    keys = catalogue_keys()
    for model in models or []:
        if model not in keys and ":" not in model:
            raise UnknownName("model", model, keys, "Type: oneshot list models")
    pairs = [
        (key, name) for key, name in measured(results, strict=False) if not is_validation(name)
    ]
    names = tasks_of(task) if task else list(dict.fromkeys(name for _, name in pairs))
    if not models and task:
        pairs = [(key, name) for key, name in pairs if name in names]
    used = models or list(dict.fromkeys(key for key, _ in pairs))
    typer.echo(references(used, names, results), nl=False)
