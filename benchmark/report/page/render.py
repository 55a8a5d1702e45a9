"""Puts the page together: one file, nothing from elsewhere, the same bytes for the same records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.records.claims import Claim
from benchmark.records.schema import Record
from benchmark.report import cells, cite, published
from benchmark.report.aggregate import GroupsOf, default_groups
from benchmark.report.escape import printable
from benchmark.report.leaderboard import Leaderboard, Section
from benchmark.report.page import data, parts
from benchmark.report.page.tables import FILTERS, Table, table
from benchmark.report.play import beside, questions

FILE = "leaderboard.html"
SCRIPTS = (
    "elements", "statistics", "tables", "filters", "axes", "curves", "scatter", "grid", "details",
    "compare", "drawings", "play", "played", "tabs", "theme", "main",
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
    told["play"] = beside.told(questions.on_glyphs(), leaderboard, claims)
    return parts.page(
        "page",
        SCRIPTS,
        told,
        suite=suite,
        count=leaderboard.records,
        sections=sections,
        filters=_choices(sections),
        note=cells.INTERVAL_NOTE,
        rank_note=cells.RANK_NOTE,
        published_note=published.NOTE,
        unverified=published.UNVERIFIED_NOTE,
        holes=[printable(hole) for hole in holes],
        has_grid=_has_grid(told["rows"]),
    )


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
