"""Identification as bars: a panel per task, per model its metrics with class-level intervals."""

from __future__ import annotations

from collections.abc import Mapping

from benchmark.protocols.identification.metrics import NAMES, Identification
from benchmark.report.aggregate import Result
from benchmark.report.figures import bars
from benchmark.report.figures.picture import Picture
from benchmark.report.leaderboard import Section
from benchmark.statistics.intervals import Interval


def draw(section: Section) -> Picture:
    """The figure of one section."""
    return bars.draw(section, _intervals, NAMES, NAMES)


def _intervals(result: Result) -> Mapping[str, Interval] | None:
    """Intervals over classes, over episodes where the task knows neither groups nor classes."""
    if not isinstance(result.summary, Identification):
        return None
    return {name: m.classes or m.episodes for name, m in result.summary.measures.items()}
