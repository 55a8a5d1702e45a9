"""`oneshot data describe`: what a data set holds, in numbers and in pictures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.cli.data_common import Data, Name, show_reading

if TYPE_CHECKING:
    from benchmark.datasets.summary import Summary

SHOWN = 10  # classes of a split


def describe(
    name: Name,
    sheet: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Also draw a contact sheet.")
    ] = None,
    classes: Annotated[
        bool, typer.Option("--classes", help="Name all classes of each split, not the first few.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    data: Data = None,
) -> None:
    """Counts, sizes, balance, splits and equal items of a data set; a sheet of its images."""
    from dataclasses import asdict

    from benchmark.datasets import catalogue, store
    from benchmark.datasets.description import reading_of
    from benchmark.datasets.summary import summarise

    held = catalogue.load(name, store.data_directory(data))
    summary = summarise(held)
    reading = reading_of(name, store.data_directory(data))
    if as_json:
        everything = {**asdict(summary), "reading": reading.as_json()}
        typer.echo(json.dumps(everything, indent=2, ensure_ascii=False))
    else:
        for line in _told(name, summary, classes):
            typer.echo(line)
        show_reading(reading)
    if sheet is not None:
        from benchmark.datasets.contact_sheet import draw

        draw(held, sheet)
        if not as_json:
            typer.echo(f"contact sheet in {sheet}")


def _told(name: str, summary: Summary, every_class: bool) -> Iterator[str]:
    from benchmark.report.escape import printable

    balance = summary.balance
    yield f"{name}: {summary.items:,} {summary.shape}"
    yield (
        f"{balance.classes:,} classes of {balance.least:,} ({balance.fewest}) to "
        f"{balance.greatest:,} items ({balance.most}), median {balance.median:g}"
    )
    for split, classes, items in summary.splits:
        names = [printable(name) for name, part, _ in summary.classes if part == split]
        shown = names if every_class else names[:SHOWN]
        more = f" and {len(names) - len(shown):,} more" if len(names) > len(shown) else ""
        listed = f": {', '.join(shown)}{more}" if names else ""
        yield f"{split}: {classes:,} classes, {items:,} items{listed}"
    for where, same, different in summary.pairs:
        yield f"{where}: {same:,} pairs labelled the same, {different:,} different"
    for group, values, is_whole in summary.groups:
        inside = "classes lie inside its values" if is_whole else "classes spread over its values"
        yield f"group {group}: {values:,} values; {inside}"
    yield (
        f"{summary.doubles:,} items repeat another one, {summary.across_classes:,} of them in "
        f"another class, {summary.across_splits:,} in another split"
    )
    for double in summary.examples:
        (first, of), (second, other) = double.first, double.second
        yield f"  item {second} ({other}) is item {first} ({of})"
