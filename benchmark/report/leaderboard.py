"""From records to tables: what may stand side by side, in which order, and what is missing.

A *section* is a track with one protocol (episodes, verification or retrieval), a *ranking* one
table in it: only rows of one pool, one budget and one number of views. A row is one recipe of one
model over the ranking's tasks. Rows with a hole, a failure or a missing seed get neither mean nor
rank.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any, Literal

from benchmark.protocols.catalogue import BY_NAME, PROTOCOLS
from benchmark.records.evidence import Evidence
from benchmark.records.schema import Record
from benchmark.records.store import slug
from benchmark.report import recipes
from benchmark.report.aggregate import (
    GroupsOf,
    Result,
    TaskColumn,
    Verified,
    default_groups,
    summarise,
)
from benchmark.report.comparable import check
from benchmark.report.task_info import TaskName, describe, is_validation

Kind = Literal["ranked", "unranked", "earlier"]
KINDS: tuple[Kind, ...] = ("ranked", "unranked", "earlier")
_Tasks = list[tuple[TaskColumn, list[Record]]]
POOLS = ("inductive", "transductive", "pretrained")


@dataclass(frozen=True)
class Row:
    """One recipe of one model; `results` has one entry per column of the ranking.

    `settings` are what was overridden to get the recipe, as typed.
    `readings` is how often the model, in any recipe, was measured on the track's test; at least so
    often unless `readings_complete`.
    `label` is the key, with the recipe's hash where the ranking has several recipes of the key.
    `mean` is over the tasks, in [0, 1]; `rank` is the place by it, from 1; both None for incomplete
    rows and where nothing is ranked. `rank_low` and `rank_high` are the places that the row can
    have by the paired tests (`rank_groups`); None where the table was not tested.
    """

    key: str
    recipe8: str
    recipe: dict[str, Any]
    label: str
    results: tuple[Result, ...]
    settings: tuple[str, ...] = ()
    mean: float | None = None
    rank: int | None = None
    rank_low: int | None = None
    rank_high: int | None = None
    readings: int = 0
    readings_complete: bool = True

    @property
    def verified(self) -> Verified:
        """How the records of all tasks can be trusted."""
        return sum((result.verified for result in self.results), Verified())

    @property
    def complete(self) -> bool:
        """Whether every wanted seed of every task is there."""
        return all(result.state == "ok" for result in self.results)


@dataclass(frozen=True)
class Ranking:
    """One table: rows that may be compared; `left_out` counts those that a figure does not show."""

    pool: str
    budget: str | None
    views: int
    columns: tuple[TaskColumn, ...]
    rows: tuple[Row, ...]
    left_out: int = 0

    @property
    def title(self) -> str:
        """What the rows have in common."""
        budget = "no training budget" if self.budget is None else f"budget {self.budget}"
        return f"{self.pool}, {budget}, {self.views} view{'s' if self.views != 1 else ''}"

    @property
    def lower_is_better(self) -> bool:
        """Whether the table ranks by errors, as a verification's does."""
        return BY_NAME[self.columns[0].task.protocol].lower_is_better

    def best(self, position: int) -> frozenset[int]:
        """Positions of the rows with the best number in a column; none among fewer than two.

        Holes, failures and incomplete seeds do not compete.
        """
        values = {
            number: result.accuracy.mean
            for number, row in enumerate(self.rows)
            if (result := row.results[position]).state == "ok" and result.accuracy is not None
        }
        if len(values) < 2:
            return frozenset()
        best = min(values.values()) if self.lower_is_better else max(values.values())
        return frozenset(n for n, value in values.items() if value == best)


@dataclass(frozen=True)
class Section:
    """All rankings of one track and protocol: its ranked tasks, other ones, or earlier versions."""

    track: str
    kind: Kind
    layer: int
    rankings: tuple[Ranking, ...]
    protocol: str = "episodes"

    @property
    def title(self) -> str:
        """The track, and what sets the section apart."""
        name = self.track if self.protocol == "episodes" else f"{self.track}, {self.protocol}"
        if self.kind == "earlier":
            return f"{name}, earlier task versions" + (
                f" ({self.layer} back)" if self.layer > 1 else ""
            )
        return name if self.kind == "ranked" else f"{name}, unranked tasks"


@dataclass(frozen=True)
class Leaderboard:
    """Everything the outputs render; `records` counts those that are in its tables."""

    records: int
    sections: tuple[Section, ...]


def build(
    records: Iterable[Record],
    groups_of: GroupsOf | None = None,
    readings: Mapping[tuple[str, str], int] | None = None,
    incomplete: Collection[tuple[str, str]] = (),
    evidence: Mapping[str, Evidence] | None = None,
) -> Leaderboard:
    """Arranges records into tables; validation twins are left out.

    Args:
        records: any records, in any order.
        groups_of: (task name, number of episodes) -> integers [episodes], the group of each
            episode, or None; default the suite's own.
        readings: of each (slug of the track, model), as far as they were noted
            (`benchmark.records.readings`); a record is one at least.
        incomplete: each (slug of the track, model) that may have been read more often than noted.
        evidence: how each record can be trusted, by its id (`benchmark.records.evidence`).

    Raises:
        OneshotError: if records of one task version were measured on different data or episodes.
    """
    groups_of = groups_of or default_groups()
    by_task: dict[tuple[str, int], list[Record]] = defaultdict(list)
    kept = [record for record in records if not is_validation(record.task.name)]
    for record in kept:
        by_task[record.task.name, record.task.version].append(record)
    sections: dict[tuple[str, int, int, int], _Tasks] = defaultdict(list)
    first: dict[str, int] = {}
    for name, version in sorted(by_task):
        check(by_task[name, version])
        task = describe(name)
        layer = _layer(task, version, [v for n, v in by_task if n == name])
        kind: Kind = "earlier" if layer else "ranked" if task.ranked else "unranked"
        column = TaskColumn(task, version, current=layer == 0)
        key = task.track, list(BY_NAME).index(task.protocol), KINDS.index(kind), layer
        sections[key].append((column, by_task[name, version]))
        first[task.track] = min(first.get(task.track, task.position), task.position)
    order = sorted(sections, key=lambda key: (first[key[0]], *key))
    budgets = recipes.budgets_of(kept)
    from benchmark.report.rank_groups import with_rank_intervals

    made = tuple(_section(*key, sections[key], groups_of, budgets, evidence) for key in order)
    made = with_rank_intervals(made, kept, groups_of)
    return Leaderboard(len(kept), _with_readings(made, kept, readings, frozenset(incomplete)))


def _with_readings(
    sections: tuple[Section, ...],
    records: list[Record],
    noted: Mapping[tuple[str, str], int] | None,
    incomplete: Collection[tuple[str, str]],
) -> tuple[Section, ...]:
    """The sections with the number of test readings in each row."""
    held = Counter((describe(record.task.name).track, record.model.key) for record in records)

    def counted(track: str, row: Row) -> Row:
        of_records, name = held[track, row.key], (slug(track), row.key)
        of_notes = of_records if noted is None else noted.get(name, 0)
        return replace(
            row,
            readings=max(of_records, of_notes),
            readings_complete=name not in incomplete and of_notes >= of_records,
        )

    return tuple(
        replace(
            section,
            rankings=tuple(
                replace(ranking, rows=tuple(counted(section.track, row) for row in ranking.rows))
                for ranking in section.rankings
            ),
        )
        for section in sections
    )


def _layer(task: TaskName, version: int, versions: list[int]) -> int:
    """How many versions newer than this one there are, the catalogue's among them."""
    known = set(versions) | ({task.version} if task.version is not None else set())
    return sum(other > version for other in known)


def _section(
    track: str,
    protocol: int,
    kind: int,
    layer: int,
    tasks: list[tuple[TaskColumn, list[Record]]],
    groups_of: GroupsOf,
    budgets: Mapping[tuple[str, str, str], str | None],
    evidence: Mapping[str, Evidence] | None,
) -> Section:
    shared: dict[tuple[int, str | None, int], dict[TaskColumn, list[Record]]] = defaultdict(dict)
    longest: dict[TaskColumn, int] = {}
    for column, records in sorted(tasks, key=lambda t: (t[0].task.position, t[0].name)):
        pinned = column.task.pinned if column.current else None
        longest[column] = pinned or max(record.task.episodes for record in records)
        for record in records:
            budget = budgets[recipes.training_of(record)]
            views = recipes.views_of(record.model.recipe)
            key = (POOLS.index(record.model.pool), budget, views)
            shared[key].setdefault(column, []).append(record)
    rankings = []
    for key in sorted(shared, key=lambda k: (k[0], recipes.longest_first(k[1]), k[2])):
        pool, budget, views = key
        rows = _rows(shared[key], longest, groups_of, evidence)
        if KINDS[kind] == "ranked":
            rows = _ranked(rows, lower=PROTOCOLS[protocol].lower_is_better)
        rankings.append(Ranking(POOLS[pool], budget, views, tuple(shared[key]), rows))
    return Section(track, KINDS[kind], layer, tuple(rankings), PROTOCOLS[protocol].name)


def _rows(
    columns: dict[TaskColumn, list[Record]],
    longest: dict[TaskColumn, int],
    groups_of: GroupsOf,
    evidence: Mapping[str, Evidence] | None,
) -> tuple[Row, ...]:
    """The rows of one ranking, unranked, by number of results and then by name."""
    found: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for records in columns.values():
        for record in records:
            found[record.model.key, record.model.recipe8].append(record)
    keys = [key for key, _ in found]
    rows = []
    for (key, recipe8), records in found.items():
        wanted = tuple(sorted({record.seed for record in records}))
        ways = recipes.pick(records[0].model.recipe, "ways")
        results = tuple(
            replace(
                summarise(
                    column,
                    [r for r in records if (r.task.name, r.task.version) == _of(column)],
                    wanted,
                    longest[column],
                    groups_of,
                    evidence,
                ),
                refused=ways is not None and column.task.n_way not in (None, ways),
            )
            for column in columns
        )
        label = f"{key} ({recipe8})" if keys.count(key) > 1 else key
        settings = tuple(records[0].provenance.settings)
        rows.append(Row(key, recipe8, records[0].model.recipe, label, results, settings))
    return tuple(sorted(rows, key=lambda r: (-_filled(r), r.key, r.recipe8)))


def _of(column: TaskColumn) -> tuple[str, int]:
    return column.task.name, column.version


def _filled(row: Row) -> int:
    return sum(result.state == "ok" for result in row.results)


def _ranked(rows: tuple[Row, ...], lower: bool) -> tuple[Row, ...]:
    """Complete rows by their mean with their ranks, equal means sharing one; then the others."""
    sign = -1 if lower else 1
    means = {
        number: fmean(r.accuracy.mean for r in row.results if r.accuracy is not None)
        for number, row in enumerate(rows)
        if row.complete
    }
    ranked = [
        replace(
            rows[n], mean=mean, rank=1 + sum(sign * other > sign * mean for other in means.values())
        )
        for n, mean in means.items()
    ]
    ranked.sort(key=lambda row: (-sign * (row.mean or 0.0), row.key, row.recipe8))
    return (*ranked, *(row for n, row in enumerate(rows) if n not in means))
