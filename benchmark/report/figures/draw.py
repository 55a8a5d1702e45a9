"""All figures of a leaderboard, in the order of its sections."""

from __future__ import annotations

from collections.abc import Iterable

from benchmark.records.schema import Record
from benchmark.report.figures.theme import Picture
from benchmark.report.leaderboard import Leaderboard

FigureKinds = ("accuracy", "curves", "roc", "det", "retrieval")
SUFFIXES = (".svg", ".png", ".csv")


def draw(leaderboard: Leaderboard, records: Iterable[Record]) -> list[Picture]:
    """The figures of each section; earlier versions of tasks are not drawn.

    Accuracy of episodes, ROC and DET of each verification task, bars of retrieval tasks, and the
    learning curves once for each track.
    """
    from benchmark.report.figures import accuracy, bars, curves, rates

    records = list(records)
    learned_on: set[str] = set()
    pictures: list[Picture] = []
    for section in leaderboard.sections:
        if section.kind == "earlier":
            continue
        if section.protocol == "verification":
            pictures += rates.draw(section, records)
        elif section.protocol == "retrieval":
            pictures.append(bars.draw(section))
        else:
            pictures.append(accuracy.draw(section))
        if section.protocol != "episodes" and section.track in learned_on:
            continue  # the same trainings, shown already
        learned = curves.draw(section, records)
        if learned is not None:
            learned_on.add(section.track)
            pictures.append(learned)
    return pictures
