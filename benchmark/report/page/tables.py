"""The tables of the page as plain values: the template lays them out and decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmark.report import cells, recipes
from benchmark.report.aggregate import Result
from benchmark.report.escape import printable
from benchmark.report.leaderboard import Ranking, Row, Section


@dataclass(frozen=True)
class Head:
    """A column's title; `hint` says it in full, `sorted` is the order in which the page opens."""

    title: str
    number: bool = True
    hint: str = ""
    sorted: str = "none"


@dataclass(frozen=True)
class Cell:
    """A cell: `value` is what it is sorted by, None for a hole, which always comes last."""

    text: str
    value: float | str | None
    spread: str = ""
    marks: str = ""
    number: bool = True
    best: bool = False
    hole: bool = False


@dataclass(frozen=True)
class Line:
    """A row: its number on the page, its label, what it is filtered by, its other cells."""

    number: int
    label: str
    rank: str
    place: int | None  # by the mean, for sorting
    filters: dict[str, str]
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """A ranking; `notes` explain the marks that occur in it, `failures` give reasons."""

    title: str
    ranked: bool
    heads: tuple[Head, ...]
    lines: tuple[Line, ...]
    notes: tuple[tuple[str, str], ...]
    failures: tuple[str, ...]


@dataclass(frozen=True)
class Fact:
    """A column about the row itself, shown where any row of the table has it."""

    title: str
    value: Callable[[Row], float | str | None]
    number: bool = True


def _part(name: str) -> Callable[[Row], str | None]:
    return lambda row: printable(recipes.part(row.recipe, name)) or None


def _first(pick: Callable[[Result], float | None]) -> Callable[[Row], float | None]:
    """Of the row's first measured task: its tasks share their training."""
    return lambda row: next((pick(r) or None for r in row.results if r.accuracy is not None), None)


FACTS: tuple[Fact, ...] = (
    Fact("Backbone", _part("backbone"), number=False),
    Fact("Distance", _part("distance"), number=False),
    Fact("Loss", _part("loss"), number=False),
    Fact("Verified", lambda row: row.verified.text or None, number=False),
    Fact("Training items", _first(lambda r: r.training_items)),
    Fact("Training seconds", _first(lambda r: r.training_seconds)),
    Fact("Parameters", _first(lambda r: r.parameters)),
)
FILTERS = ("track", "pool", "backbone", "distance", "loss", "budget", "views")


def table(section: Section, ranking: Ranking, first: int) -> Table:
    """A ranking as a table; its rows are numbered from `first` on."""
    ranked = any(row.rank is not None for row in ranking.rows)
    several = ranked and len(ranking.columns) > 1
    facts = [fact for fact in FACTS if any(fact.value(row) is not None for row in ranking.rows)]
    heads = [Head("Rank", sorted="ascending")] if ranked else []
    heads.append(Head("Model", number=False))
    heads += [
        Head(printable(_short(column.task.short, column.version)), hint=printable(column.name))
        for column in ranking.columns
    ]
    heads += [Head("Mean")] if several else []
    heads += [Head(fact.title, fact.number) for fact in facts]
    best = [ranking.best(position) for position in range(len(ranking.columns))]
    lines = []
    for number, row in enumerate(ranking.rows):
        line = [_result(r, number in best[n]) for n, r in enumerate(row.results)]
        if several:
            line.append(Cell(cells.percent(row.mean) or "no mean", row.mean, hole=row.mean is None))
        line += [_fact(fact, row) for fact in facts]
        rank = cells.rank(row)
        filters = _filters(section, ranking, row)
        lines.append(
            Line(first + number, printable(row.label), rank, row.rank, filters, tuple(line))
        )
    results = [result for row in ranking.rows for result in row.results]
    notes = tuple((note[0], note[2:]) for note in cells.notes(results))
    failures = tuple(printable(line) for line in cells.failures(ranking))
    return Table(printable(ranking.title), ranked, tuple(heads), tuple(lines), notes, failures)


def _short(name: str, version: int) -> str:
    return name if version == 1 else f"{name} v{version}"


def _result(result: Result, best: bool) -> Cell:
    if result.accuracy is None:
        return Cell(cells.cell(result), None, hole=True)
    mean, _, half = cells.cell(result).partition(" ± ")
    return Cell(mean, result.accuracy.mean, half, cells.marks(result), best=best)


def _fact(fact: Fact, row: Row) -> Cell:
    value = fact.value(row)
    if value is None:
        return Cell("", None, number=fact.number)
    text = value if isinstance(value, str) else f"{value:,.0f}"
    return Cell(text, value, number=fact.number)


def _filters(section: Section, ranking: Ranking, row: Row) -> dict[str, str]:
    values = {
        "track": section.track,
        "pool": ranking.pool,
        "budget": ranking.budget or "none",
        "views": str(ranking.views),
        **{name: recipes.part(row.recipe, name) for name in ("backbone", "distance", "loss")},
    }
    return {name: printable(values[name]) for name in FILTERS}
