"""Plans that are run: their searches, then their jobs, by any executor under one display."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.errors import Interrupted, OneshotError, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmark.cli.progress import ProgressDisplay
    from benchmark.evaluation.job import RunContext
    from benchmark.sweep.executor import Executor, Failure
    from benchmark.sweep.plan import Plan
    from benchmark.sweep.tuning import Search


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
    lost: list[Failure]
    plan: Plan


def execute(
    plan: Plan,
    again: Callable[[], Plan],
    executor: Executor,
    display: ProgressDisplay,
    context: RunContext,
) -> Done:
    """Runs what is missing of a plan: its searches first, then its jobs, the most expensive first.

    Args:
        plan: what there is to do.
        again: makes the plan again, when its searches are made.
        executor: runs the jobs.
        display: shows what the executor does.
        context: of the jobs.

    Raises:
        Refused: no model takes any task.
        Interrupted: by the user; finished records stay.
        OneshotError: the executor fails.
    """
    from benchmark.sweep.scheduling import longest_first

    context.check()
    failures: list[Failure] = []
    with display:
        try:
            with executor:
                if plan.searches:
                    failures += run_searches(plan.searches, executor, display, context)
                    plan = again()
                todo = [each for each in longest_first(plan.planned) if each.waits is None]
                if context.existing == "skip":
                    todo = [each for each in todo if each.missing]
                for each in plan.planned:
                    for task, reason in each.left_out.items() if each not in todo else ():
                        display.left_out(each, task, reason)
                display.expect(todo)
                failures += executor.run(todo)
        except KeyboardInterrupt:
            raise Interrupted(
                f"Interrupted; {display.records} new records are kept.",
                "Type the same command again to go on where it stopped.",
            ) from None
    left_out = display.tasks_left_out
    if left_out and left_out >= sum(len(each.job.tasks) for each in plan.planned):
        raise Refused("No task could be evaluated; see the reasons above.")
    return Done(display.records, display.failed, failures, plan)


def run_searches(
    searches: Sequence[Search], executor: Executor, display: ProgressDisplay, context: RunContext
) -> list[Failure]:
    """Makes searches on validation, and prints their tables and what to type next."""
    from benchmark.cli.tune import advice, table

    display.expect(searches)
    failures = executor.run(searches)
    failed = {failure.job.title for failure in failures}
    assert context.results is not None  # the command line always has some
    for search in searches:
        outcome = None if search.title in failed else search.read(context.results)
        if outcome is None:
            continue
        display.print(table(outcome))
        display.print(f"wrote {context.results}/{search.name}")
        for line in advice(search, outcome):
            display.print(line)
    return failures


def given_up(lost: list[Failure], jobs: int, records: int) -> OneshotError:
    """The error for jobs that were given up, of `jobs` in all; with --debug, where they failed."""
    from benchmark.cli.app import DEBUG

    if os.environ.get(DEBUG):
        import typer

        for each in lost:
            if each.trace:
                typer.echo(each.trace, err=True)
    seen = "" if all(not each.trace for each in lost) else " Add --debug to see where."
    if jobs == 1:
        return OneshotError(f"{lost[0].job.title}: {lost[0].reason.rstrip('.')}.{seen}")
    reasons = "; ".join(f"{each.job.title}: {each.reason.rstrip('.')}" for each in lost[:3])
    more = f"; and {len(lost) - 3} more" if len(lost) > 3 else ""
    many = "1 job was" if len(lost) == 1 else f"{len(lost)} jobs were"
    kept = "1 new record of others is" if records == 1 else f"{records} new records of others are"
    return OneshotError(
        f"{many} given up: {reasons}{more}. {kept} kept.",
        f"Type the same command again to try what is missing.{seen}",
    )
