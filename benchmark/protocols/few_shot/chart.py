"""The figure of few-shot tasks: accuracy with its intervals."""

from __future__ import annotations

from benchmark.report.figures import accuracy
from benchmark.report.figures.picture import Picture
from benchmark.report.leaderboard import Section


def draw(section: Section) -> Picture:
    """The figure of one section."""
    return accuracy.draw(section)
