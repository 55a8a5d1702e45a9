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
    from benchmark.records.store import RECORDS, load
    from benchmark.registry import catalogue_keys
    from benchmark.report.cite import references
    from benchmark.report.names import is_validation
    from benchmark.sweep.suite import tasks_of

    keys = catalogue_keys()
    for model in models or []:
        if model not in keys and ":" not in model:
            raise UnknownName("model", model, keys, "Type: oneshot list models")
    records = load(results) if (results / RECORDS).is_dir() else []
    told = [record for record in records if not is_validation(record.task.name)]
    asked = tasks_of(task) if task else list(dict.fromkeys(r.task.name for r in told))
    if not models and task:
        told = [record for record in told if record.task.name in asked]
    used = models or list(dict.fromkeys(record.model.key for record in told))
    typer.echo(references(used, asked, results), nl=False)
