"""The columns of the tables, each a frozen dataclass in an ordered tuple.

To show something more, add a column here; no renderer knows what it renders.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmark.report import cells, recipes
from benchmark.report.aggregate import Result
from benchmark.report.leaderboard import Leaderboard, Ranking, Row, Section
from benchmark.statistics.intervals import Interval


@dataclass(frozen=True)
class Entry:
    """One row on one task, with the table it stands in."""

    section: Section
    ranking: Ranking
    row: Row
    result: Result


@dataclass(frozen=True)
class Column:
    """A column: its title, its text for an entry, and whether it is flush right."""

    title: str
    value: Callable[[Entry], str]
    number: bool = True


def entries(leaderboard: Leaderboard) -> list[Entry]:
    """Every model on every task of its table, holes included, in the order of the tables."""
    return [
        Entry(section, ranking, row, result)
        for section in leaderboard.sections
        for ranking in section.rankings
        for row in ranking.rows
        for result in row.results
    ]


def _setting(name: str) -> Callable[[Entry], str]:
    return lambda entry: recipes.part(entry.row.recipe, name)


def _new_classes(entry: Entry) -> str:
    interval = entry.result.new_classes
    if interval is None:
        return ""
    return f"{cells.with_interval(interval)} ({interval.groups})"


def _seen(entry: Entry) -> str:
    if entry.result.accuracy is None:
        return ""
    if entry.result.seen is None:
        return "undeclared"
    return ", ".join(entry.result.seen) or "nothing"


def _whole(value: float | None) -> str:
    return "" if not value else f"{value:,.0f}"


def _readings(row: Row) -> str:
    return ("" if row.readings_complete else "≥ ") + _whole(row.readings)


def _seconds(result: Result) -> str:
    """Whole seconds; those of a GPU are told, for they cannot be compared with the others."""
    on_gpu = (result.training_device or "cpu") != "cpu"
    return _whole(result.training_seconds) + (" (GPU)" if on_gpu and result.training_items else "")


def _marked(entry: Entry) -> str:
    return f"{cells.cell(entry.result)} {cells.marks(entry.result)}".strip()


MODEL = Column("Model", lambda e: e.row.label, number=False)
COMMON: tuple[Column, ...] = (
    Column("Backbone", _setting("backbone"), number=False),
    Column("Distance", _setting("distance"), number=False),
    Column("Loss", _setting("loss"), number=False),
    Column("Has seen", _seen, number=False),
    Column("Verified", lambda e: e.result.verified.text, number=False),
    Column("Test readings", lambda e: _readings(e.row)),
    Column("Parameters", lambda e: _whole(e.result.parameters)),
    Column("Training items", lambda e: _whole(e.result.training_items)),
    Column("Training seconds", lambda e: _seconds(e.result)),
)
CHOSEN: tuple[Column, ...] = (
    Column("Validation", lambda e: cells.percent(e.result.validation)),
    Column("Seeds", lambda e: cells.seeds(e.result)),
)
DETAILS: tuple[Column, ...] = (
    MODEL,
    Column("These images", _marked),
    Column("New classes", _new_classes),
    *CHOSEN,
    Column("ECE", lambda e: cells.percent(e.result.calibration_error)),
    Column("Episodes", lambda e: _whole(e.result.episodes)),
    *COMMON,
)


def _digits(value: float | int | None) -> str:
    """Six digits after the point, whole numbers as they are, nothing for what is missing."""
    if value is None or math.isnan(value):
        return ""
    return str(value) if isinstance(value, int) else f"{value:.6f}"


def _accuracy(pick: Callable[[Interval], Any]) -> Callable[[Entry], str]:
    return lambda e: "" if e.result.accuracy is None else _digits(pick(e.result.accuracy))


def _groups(pick: Callable[[Interval], Any]) -> Callable[[Entry], str]:
    return lambda e: "" if e.result.new_classes is None else _digits(pick(e.result.new_classes))


SHEET: tuple[Column, ...] = (
    Column("track", lambda e: e.section.track),
    Column("kind", lambda e: e.section.kind),
    Column("task", lambda e: e.result.column.task.name),
    Column("version", lambda e: str(e.result.column.version)),
    Column("pool", lambda e: e.ranking.pool),
    Column("budget", lambda e: e.ranking.budget or ""),
    Column("views", lambda e: str(e.ranking.views)),
    Column("model", lambda e: e.row.key),
    Column("recipe8", lambda e: e.row.recipe8),
    Column("backbone", _setting("backbone")),
    Column("distance", _setting("distance")),
    Column("loss", _setting("loss")),
    Column("state", lambda e: e.result.state),
    Column("seeds", lambda e: " ".join(str(seed) for seed in e.result.seeds)),
    Column("missing_seeds", lambda e: " ".join(str(seed) for seed in e.result.missing)),
    Column("failed_seeds", lambda e: " ".join(str(seed) for seed, _ in e.result.failures)),
    Column("episodes", lambda e: str(e.result.episodes or "")),
    Column("prefix", lambda e: str(int(e.result.prefix)) if e.result.accuracy else ""),
    Column("accuracy", _accuracy(lambda i: i.mean)),
    Column("low", _accuracy(lambda i: i.low)),
    Column("high", _accuracy(lambda i: i.high)),
    Column("half_width", _accuracy(lambda i: i.half_width)),
    Column("degrees_of_freedom", _accuracy(lambda i: i.degrees_of_freedom)),
    Column("covers_training", _accuracy(lambda i: int(i.covers_training))),
    Column("new_classes", _groups(lambda i: i.mean)),
    Column("new_classes_low", _groups(lambda i: i.low)),
    Column("new_classes_high", _groups(lambda i: i.high)),
    Column("groups", _groups(lambda i: i.groups)),
    Column("validation", lambda e: _digits(e.result.validation)),
    Column("row_mean", lambda e: _digits(e.row.mean)),
    Column("seen", _seen),
    Column("saw_test", lambda e: str(int(e.result.saw_test)) if e.result.accuracy else ""),
    Column("verified", lambda e: e.result.verified.text),
    Column(
        "saw_validation", lambda e: str(int(e.result.saw_validation)) if e.result.accuracy else ""
    ),
    Column("test_readings", lambda e: str(e.row.readings)),
    Column("test_readings_complete", lambda e: str(int(e.row.readings_complete))),
    Column("row_rank", lambda e: cells.rank(e.row)),
    Column("training_items", lambda e: _digits(e.result.training_items)),
    Column("training_seconds", lambda e: _digits(e.result.training_seconds)),
    Column("training_device", lambda e: e.result.training_device or ""),
    Column("parameters", lambda e: _digits(e.result.parameters)),
    Column("calibration_error", lambda e: _digits(e.result.calibration_error)),
)


def six(value: float | None) -> str:
    """Six digits after the point, nothing for what is missing."""
    return "" if value is None or math.isnan(value) else f"{value:.6f}"


def sheet_with(numbers: tuple[Column, ...]) -> tuple[Column, ...]:
    """The columns of the CSV file of episodes, with other numbers between the same ends."""
    titles = [column.title for column in SHEET]
    first, after = titles.index("accuracy"), titles.index("validation")
    return (*SHEET[:first], *numbers, *SHEET[after:])
