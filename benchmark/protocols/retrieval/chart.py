"""Retrieval as bars: a panel per task, per model mAP@R, R-precision and Recall@1."""

from __future__ import annotations

from collections.abc import Mapping

from benchmark.report.aggregate import Result
from benchmark.report.figures import bars
from benchmark.report.figures.picture import Picture
from benchmark.report.leaderboard import Section
from benchmark.statistics.intervals import Interval
from benchmark.statistics.retrieval import MEAN_AVERAGE_PRECISION, NAMES, R_PRECISION, Retrieval

SHOWN = (MEAN_AVERAGE_PRECISION, R_PRECISION, "Recall@1")


def draw(section: Section) -> Picture:
    """The figure of one section."""
    return bars.draw(section, _intervals, SHOWN, NAMES)


def _intervals(result: Result) -> Mapping[str, Interval] | None:
    return result.summary.measures if isinstance(result.summary, Retrieval) else None
