"""`oneshot data`: add, fetch, list, describe and verify the data sets in the data directory.

Errors are left to the main application, which prints them on one line.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmark.cli import data_add, data_describe
from benchmark.cli.data_common import Data, Name, bars, report

app = typer.Typer(help="Add, fetch, list, describe and verify data sets.", no_args_is_help=True)

app.command("add")(data_add.add)
app.command("describe")(data_describe.describe)


@app.command()
def fetch(name: Name, data: Data = None) -> None:
    """Download a data set from its public source, check it and store it."""
    from benchmark.datasets import fetch as downloads
    from benchmark.datasets import store

    with bars() as progress:
        verified = downloads.fetch(name, store.data_directory(data), progress)
    report(verified)


@app.command("list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    data: Data = None,
) -> None:
    """List the data sets: those that are known, and your own."""
    rows = _rows(data)
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    from rich.markup import escape
    from rich.table import Table

    from benchmark.cli.console import Console
    from benchmark.report.escape import printable

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("name", "status", "items", "classes", "what it is, and its terms"):
        number = heading in ("items", "classes")
        table.add_column(heading, no_wrap=heading == "name", justify="right" if number else "left")
    for row in rows:
        counts = [f"{row[key]:,}" if row[key] is not None else "" for key in ("items", "classes")]
        what = f"{row['title']} ({row['terms']})" if row["terms"] else row["title"]
        table.add_row(row["name"], row["status"], *counts, escape(printable(what)))
    Console().print(table)
    for row in rows:
        if row["status"] == "absent":
            typer.echo(f"To get {row['name']}, type: {row['get']}")


@app.command()
def where(data: Data = None) -> None:
    """Print the data directory."""
    from benchmark.datasets import store

    typer.echo(str(store.data_directory(data)))


@app.command()
def verify(
    names: Annotated[list[str] | None, typer.Argument(help="Which ones; all without it.")] = None,
    data: Data = None,
) -> None:
    """Recompute the digests of what is stored and compare them with what they should be."""
    from benchmark.datasets import catalogue, store
    from benchmark.errors import OneshotError

    directory = store.data_directory(data)
    failures: list[OneshotError] = []
    for name in names or store.present(directory):
        try:
            report(catalogue.verify(name, directory))
        except OneshotError as error:
            typer.echo(f"{name}: FAILED. {error}")
            failures.append(error)
    if len(failures) == 1:
        raise failures[0]
    if failures:
        raise OneshotError(f"{len(failures)} data sets failed.", "Add or fetch them again.")
    if not names and not store.present(directory):
        typer.echo(f"There is no data set in {directory}.")


def _rows(data: Path | None) -> list[dict[str, Any]]:
    from benchmark.datasets import store
    from benchmark.datasets.catalogue import KNOWN

    directory = store.data_directory(data)
    stored = store.present(directory)
    rows: list[dict[str, Any]] = []
    for known in KNOWN.values():
        absent = "present" if known.name in stored else "absent"
        rows.append(
            {
                "name": known.name,
                "status": "shipped" if known.shipped else absent,
                "title": known.title,
                "family": known.family,
                "channels": known.channels,
                "side": known.side,
                "items": known.items,
                "classes": known.classes,
                "terms": known.terms,
                "citation": known.citation,
                "digest": known.digest,
                "get": known.how_to_get,
            }
        )
    for name in stored:
        if name not in KNOWN:
            rows.append(_own_row(name, directory))
    return rows


def _own_row(name: str, directory: Path) -> dict[str, Any]:
    """A data set of the user's; a damaged one is listed too, so that `list` never fails."""
    from benchmark.datasets.description import read_description
    from benchmark.errors import OneshotError

    row = dict.fromkeys(("title", "family", "channels", "side", "items", "classes", "digest"))
    row = {"name": name, "status": "present", **row, "terms": "", "citation": "", "get": ""}
    try:
        description = read_description(name, directory)
    except OneshotError:
        return row | {"status": "damaged"}
    shape = description["shape"]
    if len(shape) == 4:
        row |= {"channels": shape[1], "side": shape[2]}
    return row | {
        "title": name,
        "family": description["family"],
        "items": shape[0],
        "classes": len(description["class_names"]),
        "digest": description["digest"],
    }
