"""Refuses to put into one table what was measured on different questions.

Within one version of a task all records must name the same data, and all of one length (and one
fold) the same episodes; otherwise no comparison between them means anything.
"""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable

from benchmark.errors import OneshotError
from benchmark.records.schema import Record
from benchmark.registry import in_command


def check(records: Iterable[Record]) -> None:
    """Checks the records of one task version.

    Raises:
        OneshotError: naming the records of the smaller side and how to mend it.
    """
    records = list(records)
    _same(records, "data", lambda r: r.task.data_digest)
    alike: dict[tuple[int, int], list[Record]] = defaultdict(list)
    for record in records:
        alike[record.task.episodes, record.fold or 0].append(record)
    for which in sorted(alike):
        _same(alike[which], "episodes", lambda r: r.task.episode_digest)
    answered = [record for record in records if record.outcome is not None]
    _same(answered, "kinds of answers", lambda r: r.outcome.kind if r.outcome else None)
    _same(answered, "numbers of queries", lambda r: getattr(r.outcome, "of", None))


def _same(records: list[Record], what: str, value: Callable[[Record], Hashable]) -> None:
    sides: dict[Hashable, list[Record]] = defaultdict(list)
    for record in records:
        sides[value(record)].append(record)
    if len(sides) < 2:
        return
    # The largest side first; of equal ones the one that comes first among the records.
    ordered = sorted(sides.items(), key=lambda side: -len(side[1]))
    task = records[0].task
    told = "; ".join(f"{_short(key)}: {_name(side)}" for key, side in ordered)
    odd = ordered[1][1][0]
    words = f"{shlex.quote(in_command(odd.model.key))} --task {shlex.quote(task.name)}"
    raise OneshotError(
        f"Records of {task.name} v{task.version} were measured on different {what} and cannot "
        f"share a table. {told}.",
        "Move the outdated ones out of the results folder, or measure them again: "
        f"oneshot run {words} --seeds {odd.seed} --existing redo",
    )


def _short(key: Hashable) -> str:
    return str(key)[:12]


def _name(records: list[Record], most: int = 4) -> str:
    names = [f"{r.model.key}--{r.model.recipe8} seed {r.seed}" for r in records]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
