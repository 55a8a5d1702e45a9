"""All figures of a leaderboard, in the order of its sections, drawn in other processes."""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any

from benchmark.protocols.catalogue import BY_NAME, PROTOCOLS
from benchmark.records.claims import Claim
from benchmark.records.schema import Record
from benchmark.report import row_selection
from benchmark.report.analysis import Analysis
from benchmark.report.figures.picture import Picture
from benchmark.report.leaderboard import Leaderboard, Section

MAX_PROCESSES = 4
Pictures = Sequence[Picture | None]
Job = Callable[[], Pictures]
_jobs: list[Job] = []  # of a forked process


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
    with drawing(leaderboard, records, analysis, claims) as drawn:
        return drawn()


@contextmanager
def drawing(
    leaderboard: Leaderboard,
    records: Iterable[Record],
    analysis: Analysis,
    claims: Sequence[Claim] = (),
) -> Iterator[Callable[[], list[Picture]]]:
    """Draws while the block does something else; its value waits for the figures."""
    with parallel(jobs(leaderboard, list(records), analysis, claims)) as results:
        yield lambda: [picture for some in results() for picture in some if picture is not None]


@contextmanager
def parallel(
    given: Sequence[Job], processes: int | None = None
) -> Iterator[Callable[[], Iterable[Pictures]]]:
    """Runs jobs in forked processes, which have all records already; elsewhere in this one.

    Args:
        given: the jobs; what they return can be pickled.
        processes: at most; by default one for each processor that this process may use.
    """
    count = min(processes or _processors(), MAX_PROCESSES, len(given))
    if count <= 1:
        yield lambda: (job() for job in given)
        return
    # The arguments of the initializer are inherited by a fork, not pickled.
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(count, fork, initializer=_begin, initargs=(given,)) as pool:
        try:
            results = pool.map(_run, range(len(given)))
            yield lambda: results
        finally:
            pool.shutdown(cancel_futures=True)


def _begin(given: Sequence[Job]) -> None:
    gc.freeze()  # a garbage collection would copy the memory that is shared with the parent
    _jobs.extend(given)


def _run(number: int) -> Pictures:
    return _jobs[number]()


def _processors() -> int:
    """1 where a process should not fork: outside of Linux, and in a daemon, which may not."""
    if sys.platform != "linux" or multiprocessing.current_process().daemon:
        return 1
    return len(os.sched_getaffinity(0))


def jobs(
    leaderboard: Leaderboard, records: list[Record], analysis: Analysis, claims: Sequence[Claim]
) -> list[Job]:
    """Each draws some pictures, with None for those that the records do not suffice for."""
    from benchmark.report.figures import curves, ranks, shapes
    from benchmark.report.figures import headline as head
    from benchmark.report.summary_table import headline

    full, leaderboard = leaderboard, row_selection.reduced_all(leaderboard)
    learned_on: set[str] = set()
    shaped: set[str] = set()
    found: list[Job] = []

    def add(drawing: Callable[..., Picture | None], *given: Any) -> None:
        found.append(lambda: [drawing(*given)])

    add(head.draw, headline(full))
    for whole, section in zip(full.sections, leaderboard.sections, strict=True):
        if section.kind == "earlier":
            continue
        protocol = BY_NAME[section.protocol]
        found += protocol.charts(whole, section, records)
        if protocol is PROTOCOLS[0]:
            found += _of_main_task(whole, section, analysis, claims)
            if section.track not in shaped:
                shaped.add(section.track)
                add(shapes.draw, leaderboard, section)
        if protocol is not PROTOCOLS[0] and section.track in learned_on:
            continue  # the same trainings, shown already
        if curves.learned(section, records):
            learned_on.add(section.track)
            add(curves.draw, section, records)
    add(ranks.draw, analysis.across)
    return found


def _of_main_task(
    whole: Section, section: Section, analysis: Analysis, claims: Sequence[Claim]
) -> list[Job]:
    """The figures of a track's main task: of all its rows, or of those shown."""
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
