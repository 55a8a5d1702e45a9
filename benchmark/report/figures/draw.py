"""All figures of a leaderboard, in the order of its sections."""

from __future__ import annotations

from collections.abc import Iterable

from benchmark.records.schema import Record
from benchmark.report.figures.theme import Picture
from benchmark.report.leaderboard import Leaderboard

FigureKinds = ("accuracy", "curves")
SUFFIXES = (".svg", ".png", ".csv")


def draw(leaderboard: Leaderboard, records: Iterable[Record]) -> list[Picture]:
    """Accuracy and learning curves per section; earlier versions of tasks are not drawn."""
    from benchmark.report.figures import accuracy, curves

    records = list(records)
    pictures: list[Picture] = []
    for section in leaderboard.sections:
        if section.kind == "earlier":
            continue
        pictures.append(accuracy.draw(section))
        learned = curves.draw(section, records)
        if learned is not None:
            pictures.append(learned)
    return pictures
