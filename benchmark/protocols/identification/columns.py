"""The columns of identification: of its tables, and of its CSV file."""

from __future__ import annotations

from collections.abc import Callable

from benchmark.protocols.identification.metrics import NAMES, Identification, Measure
from benchmark.report import cells
from benchmark.report.columns import CHOSEN, COMMON, MODEL, Column, Entry, sheet_with, six
from benchmark.statistics.intervals import Interval


def measure_of(entry: Entry, name: str) -> Measure | None:
    """One metric of an entry, None where it was not measured."""
    found = entry.result.summary
    return found.measures.get(name) if isinstance(found, Identification) else None


def _episodes(name: str) -> Callable[[Entry], str]:
    def text(entry: Entry) -> str:
        found = measure_of(entry, name)
        return "" if found is None else cells.with_interval(found.episodes)

    return text


def _classes(name: str) -> Callable[[Entry], str]:
    def text(entry: Entry) -> str:
        found = measure_of(entry, name)
        if found is None or found.classes is None:
            return ""
        return f"{cells.with_interval(found.classes)} ({found.classes.groups})"

    return text


def _number(name: str, of: str, pick: Callable[[Interval], float]) -> Callable[[Entry], str]:
    def text(entry: Entry) -> str:
        found = measure_of(entry, name)
        interval = None if found is None else getattr(found, of)
        return "" if interval is None else six(pick(interval))

    return text


def _title(name: str) -> str:
    words = name.lower().replace("(", "").replace(")", "").replace(" %", "_percent")
    return words.replace(" ", "_")


COLUMNS: tuple[Column, ...] = (
    MODEL,
    Column(NAMES[0], lambda e: f"{cells.cell(e.result)} {cells.marks(e.result)}".strip()),
    Column(f"{NAMES[0]}, new classes", _classes(NAMES[0])),
    *(
        column
        for name in NAMES[1:]
        for column in (
            Column(name, _episodes(name)),
            Column(f"{name}, new classes", _classes(name)),
        )
    ),
    *CHOSEN,
    Column("Episodes", lambda e: f"{e.result.episodes:,}"),
    *COMMON,
)
ENDS: dict[str, Callable[[Interval], float]] = {
    "": lambda i: i.mean,
    "_low": lambda i: i.low,
    "_high": lambda i: i.high,
}
SHEET = sheet_with(
    tuple(
        Column(_title(name) + unit + end, _number(name, of, pick))
        for name in NAMES
        for of, unit in (("episodes", ""), ("classes", "_new_classes"))
        for end, pick in ENDS.items()
    )
)
