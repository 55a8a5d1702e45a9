"""`oneshot run --workers N` and `--engine ray`: searches first, then the jobs, in a live table."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.errors import Interrupted, OneshotError, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmark.cli.live_table import JobsTable
    from benchmark.evaluation.job import Existing, RunContext
    from benchmark.sweep.cluster import Cluster
    from benchmark.sweep.local import Crew, Lost
    from benchmark.sweep.plan import Plan
    from benchmark.sweep.ray import RayCrew


@dataclass(frozen=True)
class Done:
    """What came of the jobs of a plan.

    Attributes:
        records: new ones.
        failed: how many of them say that the model failed.
        lost: jobs that were given up, which leave no record.
        plan: the plan that was followed.
    """

    records: int
    failed: int
    lost: list[Lost]
    plan: Plan


def run_many(
    plan: Plan,
    again: Callable[[], Plan],
    workers: str,
    context: RunContext,
    existing: Existing,
    tensorboard: Path | None,
) -> Done:
    """Does what a plan wants with several workers.

    Args:
        plan: what there is to do.
        again: makes the plan anew, when its searches are made.
        workers: a number, or "auto".
        context: where jobs find data and leave results.
        existing: what to do where a record is there.
        tensorboard: where progress is written for TensorBoard, or None.

    Raises:
        OneshotError: workers cannot be started, or an interruption; finished records stay.
    """
    from benchmark.cli.live_table import JobsTable
    from benchmark.sweep import resources
    from benchmark.sweep.local import Crew
    from benchmark.sweep.worker import Orders

    context.check()
    count = resources.worker_count(workers, plan.planned, context.device)
    orders = Orders(
        context.data, context.results, context.work, context.device, existing,
        commit_weights=context.commit_weights, embeddings=context.embeddings,
    )  # fmt: skip
    table = JobsTable(tensorboard)
    crew = Crew(orders, count, table, resources.cores(), resources.cards(context.device))
    return _follow(plan, again, crew, table, existing)


def run_on_ray(
    plan: Plan,
    again: Callable[[], Plan],
    cluster: Cluster,
    context: RunContext,
    tensorboard: Path | None,
) -> Done:
    """The same on a Ray cluster; see `run_many`."""
    from benchmark.cli.live_table import JobsTable
    from benchmark.sweep.ray import RayCrew

    context.check()
    assert context.results is not None  # the command line always has some
    table = JobsTable(tensorboard)
    return _follow(
        plan, again, RayCrew(cluster, context.results, table), table, cluster.existing
    )  # fmt: skip


def _follow(
    plan: Plan,
    again: Callable[[], Plan],
    crew: Crew | RayCrew,
    table: JobsTable,
    existing: Existing,
) -> Done:
    from benchmark.sweep.local import unit_of, unit_of_search
    from benchmark.sweep.scheduling import longest_first

    lost: list[Lost] = []
    with table:
        try:
            with crew:
                if plan.searches:
                    searches = [unit_of_search(search) for search in plan.searches]
                    table.expect(searches)
                    lost += crew.do(searches)
                    plan = again()
                todo = [each for each in longest_first(plan.planned) if each.waits is None]
                if existing == "skip":
                    todo = [each for each in todo if each.missing]
                for each in plan.planned:
                    for task, reason in each.left_out.items() if each not in todo else ():
                        table.left_out(unit_of(each), task, reason)
                units = [unit_of(each) for each in todo]
                table.expect(units)
                lost += crew.do(units)
        except KeyboardInterrupt:
            raise Interrupted(
                f"Interrupted; {table.records} new records are kept.",
                "Type the same command again to go on where it stopped.",
            ) from None
    if table.tasks_left_out and table.tasks_left_out >= sum(len(e.job.tasks) for e in plan.planned):
        raise Refused("Nothing could be asked; the reasons stand above.")
    return Done(table.records, table.failed, lost, plan)


def given_up(lost: list[Lost], jobs: int, records: int) -> OneshotError:
    """The error for jobs that were given up, of `jobs` in all; with --debug, where they failed."""
    from benchmark.cli.app import DEBUG

    if os.environ.get(DEBUG):
        import typer

        for each in lost:
            if each.trace:
                typer.echo(each.trace, err=True)
    seen = "" if all(not each.trace for each in lost) else " Add --debug to see where."
    if jobs == 1:
        return OneshotError(f"{lost[0].unit.name}: {lost[0].reason.rstrip('.')}.{seen}")
    reasons = "; ".join(f"{each.unit.name}: {each.reason.rstrip('.')}" for each in lost[:3])
    more = f"; and {len(lost) - 3} more" if len(lost) > 3 else ""
    many = "1 job was" if len(lost) == 1 else f"{len(lost)} jobs were"
    kept = "1 new record of others is" if records == 1 else f"{records} new records of others are"
    return OneshotError(
        f"{many} given up: {reasons}{more}. {kept} kept.",
        f"Type the same command again to try what is missing.{seen}",
    )
