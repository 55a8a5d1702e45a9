"""All figures of a leaderboard, in the order of its sections."""

from __future__ import annotations

from collections.abc import Iterable

from benchmark.records.schema import Record
from benchmark.report.analysis import Analysis
from benchmark.report.figures.theme import Picture
from benchmark.report.leaderboard import Leaderboard, Section

FigureKinds = (
    "accuracy", "curves", "roc", "det", "retrieval", "forest", "grid", "effects", "cost",
    "reliability", "shapes",
)  # fmt: skip
OfAll = ("headline", "ranks")  # figures that belong to no track
SUFFIXES = (".svg", ".png", ".csv")


def draw(leaderboard: Leaderboard, records: Iterable[Record], analysis: Analysis) -> list[Picture]:
    """The figures of each section; earlier versions of tasks are not drawn.

    Accuracy of episodes, ROC and DET of each verification task, bars of retrieval tasks, the
    learning curves once for each track; and of a track's main task what its records suffice for:
    differences, the Siamese grid and its main effects, cost, ways and shots, reliability. First of
    all the headline, last the ranks over data sets.
    """
    from benchmark.report.figures import accuracy, bars, curves, ranks, rates, shapes
    from benchmark.report.figures import headline as head
    from benchmark.report.headline import headline

    records = list(records)
    learned_on: set[str] = set()
    shaped: set[str] = set()
    pictures: list[Picture | None] = [head.draw(headline(leaderboard))]
    for section in leaderboard.sections:
        if section.kind == "earlier":
            continue
        if section.protocol == "verification":
            pictures += rates.draw(section, records)
        elif section.protocol == "retrieval":
            pictures.append(bars.draw(section))
        else:
            pictures.append(accuracy.draw(section))
            pictures += _of_main_task(section, analysis)
            if section.track not in shaped:
                shaped.add(section.track)
                pictures.append(shapes.draw(leaderboard, section))
        if section.protocol != "episodes" and section.track in learned_on:
            continue  # the same trainings, shown already
        learned = curves.draw(section, records)
        if learned is not None:
            learned_on.add(section.track)
            pictures.append(learned)
    pictures.append(ranks.draw(analysis.across))
    return [picture for picture in pictures if picture is not None]


def _of_main_task(section: Section, analysis: Analysis) -> list[Picture | None]:
    """What the main task of a track's ranked tasks gives."""
    from benchmark.report.figures import cost, effects, forest, grid, reliability

    if section.kind != "ranked":
        return []
    return [
        forest.draw(section, analysis.differences),
        *grid.draw(section),
        effects.draw(section, analysis.effects),
        cost.draw(section),
        reliability.draw(section, analysis.measured),
    ]
