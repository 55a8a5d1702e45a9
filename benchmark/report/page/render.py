"""Puts the page together: one file, nothing from elsewhere, the same bytes for the same records."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from benchmark.records.claims import Claim
from benchmark.records.schema import Record
from benchmark.report import cells, cite, published
from benchmark.report.escape import printable
from benchmark.report.leaderboard import Leaderboard, Section
from benchmark.report.page import data
from benchmark.report.page.tables import FILTERS, Table, table
from benchmark.report.results import GroupsOf, default_groups

FILE = "leaderboard.html"
SCRIPTS = (
    "elements", "statistics", "tables", "filters", "axes", "curves", "scatter", "grid", "details",
    "compare", "theme", "main",
)  # fmt: skip


@dataclass(frozen=True)
class _Section:
    """A track's part of the page."""

    title: str
    tables: tuple[Table, ...]
    claims: tuple[dict[str, Any], ...]
    unverified: bool


def render(
    leaderboard: Leaderboard,
    records: Iterable[Record],
    suite: str,
    holes: tuple[str, ...],
    claims: list[Claim],
    results: Path,
    groups_of: GroupsOf | None = None,
) -> str:
    """The whole page as text.

    Args:
        leaderboard: what to show.
        records: those behind it.
        suite: the suite's version and record set, in words.
        holes: the commands that fill the holes.
        claims: published numbers.
        results: the folder whose record set the suite's reference names.
        groups_of: see `benchmark.report.leaderboard.build`.
    """
    told = data.build(leaderboard, records, groups_of or default_groups(), cite.suite(results))
    sections = _sections(leaderboard, claims)
    css, script = _text("page.css"), _script()
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_text("page.html")).render(
        css=css,
        script=script,
        hashes={"css": _hash(css), "script": _hash(script)},
        data=embedded(told),
        suite=suite,
        count=leaderboard.records,
        sections=sections,
        filters=_choices(sections),
        note=cells.INTERVAL_NOTE,
        published_note=published.NOTE,
        unverified=published.UNVERIFIED_NOTE,
        holes=[printable(hole) for hole in holes],
        has_grid=_has_grid(told["rows"]),
    )


def embedded(value: Any) -> str:
    """JSON that can stand inside a script element: no character in it ends or opens one."""
    text = json.dumps(value, separators=(",", ":"), sort_keys=True, allow_nan=False)
    # Plain ASCII; a lone surrogate from a name stays the escape that it is in JSON.
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _sections(leaderboard: Leaderboard, claims: list[Claim]) -> list[_Section]:
    made, first = [], 0
    for section in leaderboard.sections:
        tables = []
        for ranking in section.rankings:
            tables.append(table(section, ranking, first))
            first += len(ranking.rows)
        found = published.beside(section, claims)
        made.append(
            _Section(
                printable(section.title),
                tuple(tables),
                tuple(_claim(section, each) for each in found),
                any(each.claim.reliability != "seen" for each in found),
            )
        )
    return made


def _claim(section: Section, each: published.Beside) -> dict[str, Any]:
    """A published number as the template shows it."""
    claim, ours = each.claim, each.ours
    printed = f"{claim.percent:.2f}".rstrip("0").rstrip(".")
    half = "" if claim.half_width is None else f" ± {claim.half_width:g}"
    return {
        "task": printable(claim.task),
        "method": printable(claim.method),
        "detail": printable(claim.detail),
        "printed": printed + half,
        "percent": claim.percent,
        "mark": "" if claim.reliability == "seen" else published.UNVERIFIED,
        "protocol": claim.protocol,
        "source": printable(claim.source),
        "ours": "" if ours is None else cells.cell(ours.result),
        "mean": None if ours is None or ours.result.accuracy is None else ours.result.accuracy.mean,
        "model": "" if ours is None else printable(ours.row.key),
        "budget": "" if ours is None else printable(ours.ranking.budget or ""),
        "difference": each.difference,
    }


def _has_grid(rows: list[dict[str, Any]]) -> bool:
    """Whether any ranking has two cells of the Siamese grid with the same backbone."""
    cells_of: dict[tuple[int, str], set[tuple[str, str]]] = defaultdict(set)
    for row in rows:
        if row["grid"]:
            cells_of[row["ranking"], row["backbone"]].add((row["distance"], row["loss"]))
    return any(len(found) > 1 for found in cells_of.values())


def _choices(sections: list[_Section]) -> dict[str, list[str]]:
    """What can be chosen in each filter, in the order of the tables; numbers by size."""
    lines = [line for section in sections for table in section.tables for line in table.lines]
    choices = {name: [*dict.fromkeys(line.filters[name] for line in lines)] for name in FILTERS}
    choices["views"].sort(key=int)
    return {name: [value for value in found if value] for name, found in choices.items()}


def _script() -> str:
    """All parts of the script in one function, so that nothing of it is global."""
    parts = "\n".join(_text(f"script/{name}.js") for name in SCRIPTS)
    return f'(() => {{\n"use strict";\n\n{parts}}})();\n'


def _hash(text: str) -> str:
    """What the page's security policy knows a script or style by (CSP Level 2, section 4.2)."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return "sha256-" + base64.b64encode(digest).decode("ascii")


@cache
def _text(name: str) -> str:
    found = resources.files("benchmark.report").joinpath("templates").joinpath(*name.split("/"))
    return found.read_text("utf-8")
