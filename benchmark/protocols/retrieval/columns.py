"""The columns of retrieval: of its tables, and of its CSV file."""

from __future__ import annotations

from collections.abc import Callable

from benchmark.report import cells
from benchmark.report.columns import CHOSEN, COMMON, MODEL, Column, Entry, sheet_with, six
from benchmark.statistics.retrieval import NAMES, Retrieval


def summary_of(entry: Entry) -> Retrieval | None:
    """All numbers of an entry, None where nothing was measured."""
    found = entry.result.summary
    return found if isinstance(found, Retrieval) else None


def _retrieved(name: str) -> Callable[[Entry], str]:
    def text(entry: Entry) -> str:
        told = summary_of(entry)
        return "" if told is None else cells.with_interval(told.measures[name])

    return text


def _count(entry: Entry) -> str:
    return f"{entry.result.episodes:,}"


COLUMNS: tuple[Column, ...] = (
    MODEL,
    Column("mAP@R", lambda e: f"{cells.cell(e.result)} {cells.marks(e.result)}".strip()),
    *(Column(name, _retrieved(name)) for name in NAMES[1:]),
    *CHOSEN,
    Column("Queries", _count),
    *COMMON,
)


def _found(name: str, part: str) -> Callable[[Entry], str]:
    def text(entry: Entry) -> str:
        told = summary_of(entry)
        return "" if told is None else six(getattr(told.measures[name], part))

    return text


def _title(name: str) -> str:
    return name.lower().replace("@", "_at_").replace("-", "_")


SHEET = sheet_with(
    tuple(
        Column(_title(name) + end, _found(name, part))
        for name in NAMES
        for end, part in (("", "mean"), ("_low", "low"), ("_high", "high"))
    )
)
