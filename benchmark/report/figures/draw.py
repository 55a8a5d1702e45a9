"""All figures of a leaderboard, in the order of its sections.

The plotting library is imported where the figures are drawn: not at all in a process that leaves
them to others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from benchmark.protocols.catalogue import BY_NAME, PROTOCOLS
from benchmark.records.claims import Claim
from benchmark.records.schema import Record
from benchmark.report import row_selection
from benchmark.report.analysis import Analysis
from benchmark.report.figures.picture import Picture
from benchmark.report.figures.workers import Job, Workers
from benchmark.report.leaderboard import Leaderboard, Section


def draw(
    leaderboard: Leaderboard,
    records: Iterable[Record],
    analysis: Analysis,
    claims: Sequence[Claim] = (),
) -> list[Picture]:
    """The figures of each section; earlier versions of tasks are not drawn.

    Accuracy of episodes, ROC and DET of each verification task, bars of retrieval tasks, the
    learning curves once for each track; and of a track's main task what its records suffice for:
    differences, the Siamese grid and its main effects, cost, what more training gives, beside
    published numbers (`claims`), ways and shots, reliability. First of all the headline, last the
    ranks over data sets.
    """
    return drawn(begin(leaderboard, records, analysis, claims))


def begin(
    leaderboard: Leaderboard,
    records: Iterable[Record],
    analysis: Analysis,
    claims: Sequence[Claim] = (),
) -> Workers:
    """The same under way, beside whatever else there is to do; `drawn` waits for it."""
    return Workers(partial(_jobs, leaderboard, list(records), analysis, claims))


def drawn(workers: Workers) -> list[Picture]:
    """The figures, in the order of the sections."""
    return [picture for some in workers.results() for picture in some if picture is not None]


def _jobs(
    leaderboard: Leaderboard, records: list[Record], analysis: Analysis, claims: Sequence[Claim]
) -> list[Job]:
    """Each gives some pictures, or None in their place."""
    from benchmark.report.figures import curves, ranks, shapes
    from benchmark.report.figures import headline as head
    from benchmark.report.summary_table import headline

    full, leaderboard = leaderboard, row_selection.reduced_all(leaderboard)
    learned_on: set[str] = set()
    shaped: set[str] = set()
    jobs: list[Job] = []

    def add(drawing: Callable[..., Picture | None], *given: Any) -> None:
        jobs.append(lambda: [drawing(*given)])

    add(head.draw, headline(full))
    for whole, section in zip(full.sections, leaderboard.sections, strict=True):
        if section.kind == "earlier":
            continue
        protocol = BY_NAME[section.protocol]
        jobs += protocol.charts(whole, section, records)
        if protocol is PROTOCOLS[0]:
            jobs += _of_main_task(whole, section, analysis, claims)
            if section.track not in shaped:
                shaped.add(section.track)
                add(shapes.draw, leaderboard, section)
        if protocol is not PROTOCOLS[0] and section.track in learned_on:
            continue  # the same trainings, shown already
        if curves.learned(section, records):
            learned_on.add(section.track)
            add(curves.draw, section, records)
    add(ranks.draw, analysis.across)
    return jobs


def _of_main_task(
    whole: Section, section: Section, analysis: Analysis, claims: Sequence[Claim]
) -> list[Job]:
    """What the main task of a track's ranked tasks gives: of all its rows, or of those shown."""
    from benchmark.report.figures import budgets, cost, effects, forest, grid, reliability

    if section.kind != "ranked":
        return []
    return [
        lambda: [forest.draw(whole, analysis.differences)],
        lambda: grid.draw(whole),
        lambda: [effects.draw(whole, analysis.effects)],
        lambda: [cost.draw(section)],
        lambda: [budgets.draw(whole, claims)],
        lambda: [reliability.draw(section, analysis.measured)],
    ]
