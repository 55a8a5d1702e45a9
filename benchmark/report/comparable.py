"""Refuses to put into one table what was measured on different questions.

Within one version of a task all records must name the same data, and all of one length (and one
fold) the same episodes; otherwise no comparison between them means anything.
"""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from pathlib import Path

from benchmark.datasets.catalogue import KNOWN
from benchmark.errors import OneshotError
from benchmark.records.schema import LogOdds, Record
from benchmark.records.store import read
from benchmark.records.verify import outdated_data
from benchmark.registry import in_command, outside
from benchmark.report import recipes
from benchmark.report.selection import folders
from benchmark.report.task_info import describe


def check(records: Iterable[Record]) -> None:
    """Checks the records of one task version.

    Raises:
        OneshotError: naming the records of the smaller side and how to mend it.
    """
    records = list(records)
    _same_data(records)
    alike: dict[tuple[int, int], list[Record]] = defaultdict(list)
    for record in records:
        alike[record.task.episodes, record.fold or 0].append(record)
    for which in sorted(alike):
        _same(alike[which], "episodes", lambda r: r.task.episode_digest)
        labelled = [record for record in alike[which] if _kinds(record) is not None]
        _same(labelled, "kinds of trials", _kinds)
    answered = [record for record in records if record.outcome is not None]
    _same(answered, "kinds of answers", lambda r: r.outcome.kind if r.outcome else None)
    _same(answered, "numbers of queries", lambda r: getattr(r.outcome, "of", None))


def _kinds(record: Record) -> Hashable:
    """The kinds of trials that a record's own labels name, and how many trials each has."""
    labels = record.outcome.labels if isinstance(record.outcome, LogOdds) else None
    return None if labels is None else (tuple(labels.kinds), tuple(labels.of_kind))


def outdated(results: Path) -> list[str]:
    """Lines about records of the user's own data sets that are not of the data at hand.

    Of each recipe on a task the first record is read; tables follow the records alone.
    """
    lines = []
    for folder in folders(results):
        data = describe(folder.task).data
        if not data or data in KNOWN:
            continue
        path = min(folder.path.glob("seed-*.json"), default=None)
        try:
            says = None if path is None else outdated_data(read(path))
        except OneshotError:  # named by whoever reads all records
            continue
        if says is not None:
            lines.append(f"outdated  {folder.model}--{folder.recipe8} on {folder.task}: {says}.")
    if lines:
        lines.append("Run these models on their tasks again, or set ONESHOT_DATA to those data.")
    return lines


def _same_data(records: list[Record]) -> None:
    """Names the records that are not of the data at hand, and the commands that replace them."""
    outdated = [record for record in records if outdated_data(record) is not None]
    if not outdated or len({record.task.data_digest for record in records}) < 2:
        _same(records, "data", lambda record: record.task.data_digest)
        return
    task = outdated[0].task
    by_recipe: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in outdated:
        by_recipe[record.model.key, record.model.recipe8].append(record)
    commands = [_command(of_recipe) for of_recipe in by_recipe.values()]
    raise OneshotError(
        f"Records of {task.name} v{task.version} were measured on other data than those at hand "
        f"and cannot share a table with the rest: {_name(outdated)}.",
        f"Measure them again: {'; '.join(commands)}",
    )


def _command(records: list[Record]) -> str:
    """What to type to measure these records of one recipe on one task again."""
    first = records[0]
    typed = first.provenance.settings
    settings = dict(setting.partition("=")[::2] for setting in typed)
    seeds = ",".join(str(seed) for seed in sorted({record.seed for record in records}))
    words = ["oneshot", "run", in_command(first.model.key, settings)]
    words += ["--task", first.task.name, "--seeds", seeds]
    if outside(first.model.key, settings) is None:  # else the reader types the model
        budget = recipes.stated_budget(first.model.recipe)
        words += ["--budget", budget] if budget in recipes.BUDGETS else []
        words += [word for setting in typed for word in ("--set", setting)]
    return shlex.join(words)


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
