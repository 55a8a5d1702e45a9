"""In which order jobs are done, and which of them belong to which part of a divided sweep.

Both follow from the jobs alone, never from what is done already or from the machine: shards that
start at different times, in different places, are still disjoint and together complete.
"""

from __future__ import annotations

from collections.abc import Iterable

from benchmark.errors import OneshotError
from benchmark.sweep.plan import PlannedRun


def longest_first(planned: Iterable[PlannedRun]) -> list[PlannedRun]:
    """The jobs, the dearest first, so that no long one is left over at the end.

    Jobs that share a training stand together, the first of them with its cost.
    """
    groups = _groups(planned)
    return [each for _, group in groups for each in group]


def shard_of(text: str) -> tuple[int, int]:
    """(i, n) from "i/n", 1 <= i <= n.

    Raises:
        OneshotError: for anything else.
    """
    first, slash, last = text.partition("/")
    if not (slash and first.isdecimal() and last.isdecimal()):
        raise OneshotError(f"--shard {text} is not I/N.", "Type for example --shard 1/4")
    number, count = int(first), int(last)
    if not 1 <= number <= count:
        raise OneshotError(
            f"--shard {text}: the shards of {count} are 1/{count} to {count}/{count}.",
            "Number job arrays from 1, as in #SBATCH --array=1-4",
        )
    return number, count


def shard(planned: Iterable[PlannedRun], number: int, count: int) -> list[PlannedRun]:
    """The jobs of one of `count` parts, longest first; the parts are alike in cost.

    Jobs that share a training are never parted. Give all jobs that are wanted, those that are done
    included: what is left out of the list changes who does the rest.
    """
    loads = [0.0] * count
    mine: list[PlannedRun] = []
    for cost, group in _groups(planned):
        chosen = min(range(count), key=lambda part: (loads[part], part))
        loads[chosen] += cost
        if chosen == number - 1:
            mine += group
    return mine


def _groups(planned: Iterable[PlannedRun]) -> list[tuple[float, list[PlannedRun]]]:
    """(cost, jobs) of each training, the dearest first, equal ones by name."""
    found: dict[str, list[PlannedRun]] = {}
    for each in planned:
        found.setdefault(each.training, []).append(each)
    groups = []
    for group in found.values():
        group.sort(key=lambda each: (-each.answers, each.name, each.job.seed))
        learning = max(each.learning for each in group)
        groups.append((learning + sum(each.answers for each in group), group))
    return sorted(groups, key=lambda item: (-item[0], item[1][0].mark))
