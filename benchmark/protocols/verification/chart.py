"""The figures of verification: a ROC and a DET curve of each task."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from benchmark.records.schema import Record
from benchmark.report.figures import rates
from benchmark.report.figures.picture import Picture
from benchmark.report.leaderboard import Section


def jobs(whole: Section, records: list[Record]) -> list[Callable[[], Sequence[Picture | None]]]:
    """A job for each task of the section."""
    return [partial(rates.draw, whole, column, records) for column in rates.columns(whole)]
