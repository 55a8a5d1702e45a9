"""What the page's script needs to know: details of each row, and the sums it compares rows by.

Everything that is shown is text made harmless here; the script sets it as text, never as markup.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from benchmark.records.schema import Counts, Record
from benchmark.registry import page_of
from benchmark.report import cells, cite, recipes
from benchmark.report.aggregate import GroupsOf, Result, TaskColumn
from benchmark.report.columns import DETAILS, Entry
from benchmark.report.escape import printable
from benchmark.report.grid import FACTORS, parts_of
from benchmark.report.leaderboard import Leaderboard, Ranking, Row, Section
from benchmark.report.missing_runs import command
from benchmark.report.outcomes import confidences
from benchmark.statistics.difference import STEEP, TRUST
from benchmark.statistics.units import MIN_GROUPS

BLOCKS = 50


@dataclass(frozen=True)
class Units:
    """The first episodes of a task, each in one unit, for comparisons in the page.

    Counts of all episodes would make a page of many megabytes. Their sums over blocks of episodes,
    for the choice of images, and over groups of classes, for new classes, suffice for a paired
    interval, because units pair.

    Attributes:
        position: int64 [episodes], the unit of each episode.
        sizes: number of episodes in each unit.
    """

    position: NDArray[np.int64]
    sizes: tuple[int, ...]

    def sums(self, correct: Sequence[int]) -> list[int]:
        """Correct answers per unit; `correct` may go on behind the last episode."""
        counts = np.asarray(correct[: len(self.position)], dtype=np.float64)
        summed = np.bincount(self.position, weights=counts, minlength=len(self.sizes))
        return [round(value) for value in summed.tolist()]


def blocks(episodes: int) -> Units:
    """Consecutive episodes in 50 blocks, or each alone where there are fewer.

    Episodes are drawn independently of each other, so blocks are independent too.
    """
    count = min(BLOCKS, episodes)
    return _units(np.arange(episodes, dtype=np.int64) * count // episodes)


def groups(column: TaskColumn, episodes: int, groups_of: GroupsOf) -> Units | None:
    """Episodes by their group of classes; None where there are no groups or fewer than three."""
    found = groups_of(column.task.name, episodes) if column.current else None
    if found is None:
        return None
    names, position = np.unique(np.asarray(found), return_inverse=True)
    return None if len(names) < MIN_GROUPS else _units(position.astype(np.int64))


def _units(position: NDArray[np.int64]) -> Units:
    return Units(position, tuple(np.bincount(position).tolist()))


LEVEL, STEPS = 0.95, 512
Key = tuple[str, str, str, int, int]  # model, recipe, task, version, seed


def build(
    leaderboard: Leaderboard, records: Iterable[Record], groups_of: GroupsOf, suite: str
) -> dict[str, Any]:
    """The data, ready for JSON; rows are numbered as `numbered` gives them.

    Args:
        leaderboard: what the page shows.
        records: at least those in it.
        groups_of: (task name, number of episodes) -> group of each episode, or None.
        suite: BibTeX of the suite with its record set.
    """
    found: dict[Key, list[Record]] = defaultdict(list)
    for record in sorted(records, key=lambda record: record.fold or 0):
        found[_key(record)].append(record)
    rows = numbered(leaderboard)
    tasks = _tasks(rows, groups_of)
    told = [_row(each, found, tasks) for each in rows]
    cited = sorted(cite.keys({each.row.key for each in rows}, ()) - {cite.SUITE})
    return {
        "details": [printable(column.title) for column in DETAILS[1:]],
        "notes": cells.explained(result for each in rows for result in each.row.results),
        "rankings": [
            {"section": printable(section.title), "title": printable(ranking.title)}
            for section in leaderboard.sections
            for ranking in section.rankings
        ],
        "tasks": {printable(name): units.told for name, units in tasks.items()},
        "quantiles": _quantiles(),
        "difference": {"trust": TRUST, "steep": STEEP},
        "recipes": {each.row.recipe8: _recipe(each.row) for each in rows},
        "references": {key: cite.entry(key) for key in cited},
        "suite": suite,
        "rows": told,
    }


@dataclass(frozen=True)
class Numbered:
    """A row and where it stands; `place` counts the rankings through all sections from 0."""

    section: Section
    ranking: Ranking
    place: int
    row: Row


def numbered(leaderboard: Leaderboard) -> list[Numbered]:
    """Every row in the order of the tables; its position is its number on the page."""
    rankings = [(s, ranking) for s in leaderboard.sections for ranking in s.rankings]
    return [
        Numbered(section, ranking, place, row)
        for place, (section, ranking) in enumerate(rankings)
        for row in ranking.rows
    ]


class _Task:
    """A task version: for each number of episodes that some row has answered, its units."""

    def __init__(self, column: TaskColumn, lengths: set[int], groups_of: GroupsOf) -> None:
        # A row that has answered only the first so many episodes pairs with others on those.
        self.lengths = sorted(lengths)
        self.blocks = [blocks(length) for length in self.lengths]
        self.groups = [groups(column, length, groups_of) for length in self.lengths]
        self.of = 0  # queries in an episode, as the records tell

    @property
    def told(self) -> dict[str, Any]:
        return {
            "of": self.of,
            "lengths": self.lengths,
            "blocks": [unit.sizes for unit in self.blocks],
            "groups": [unit and unit.sizes for unit in self.groups],
        }


def _tasks(rows: list[Numbered], groups_of: GroupsOf) -> dict[str, _Task]:
    lengths: dict[TaskColumn, set[int]] = defaultdict(set)
    for each in rows:
        for result in each.row.results:
            lengths[result.column] |= {result.episodes} - {0}
    return {column.name: _Task(column, have, groups_of) for column, have in lengths.items()}


def _row(each: Numbered, found: dict[Key, list[Record]], tasks: dict[str, _Task]) -> dict[str, Any]:
    row = each.row
    results = [
        _result(Entry(each.section, each.ranking, row, result), _records(row, result, found), tasks)
        for result in row.results
    ]
    page = page_of(row.key)
    return {
        "ranking": each.place,
        "label": printable(row.label),
        "key": printable(row.key),
        "grid": parts_of(row) is not None,
        **{name: printable(recipes.part(row.recipe, name)) for name in FACTORS},
        "recipe8": row.recipe8,
        "page": page and f"models/{page}.md",
        "commands": [printable(line) for line in _commands(each.ranking, row)],
        "cite": sorted(cite.keys([row.key], ())),
        "curves": _curves(row, found),
        "results": results,
    }


def _result(entry: Entry, records: list[Record], tasks: dict[str, _Task]) -> dict[str, Any]:
    result, task = entry.result, tasks[entry.result.column.name]
    told: dict[str, Any] = {
        "task": printable(result.column.name),
        "cell": cells.cell(result),
        "marks": cells.marks(result),
    }
    if result.accuracy is None:
        return told
    told |= {
        "details": [printable(column.value(entry)) for column in DETAILS[1:]],
        "accuracy": [round(v, 6) for v in (result.accuracy.mean, result.accuracy.half_width)],
        "validation": result.validation,
        "items": result.training_items,
        "seconds": result.training_seconds,
        "parameters": result.parameters,
        "one_seed": result.luck and not result.accuracy.covers_training,
    }
    if not np.isfinite(told["accuracy"][1]):
        told["accuracy"][1] = None  # JSON has no NaN
    outcomes = [r.outcome for r in records if isinstance(r.outcome, Counts)]
    if outcomes:
        task.of = outcomes[0].of
        levels = [n for n, length in enumerate(task.lengths) if length <= result.episodes]
        told["blocks"] = [_sums(task.blocks[n], outcomes) for n in levels]
        told["groups"] = [_sums(task.groups[n], outcomes) for n in levels]
        told["networks"] = _networks(records)
    bins = confidences(records)
    if bins is not None:
        told["calibration"] = list(bins)
    return told


def _sums(units: Units | None, outcomes: list[Counts]) -> list[list[int]] | None:
    """[seeds, units]; None without units."""
    return None if units is None else [units.sums(outcome.correct) for outcome in outcomes]


def _networks(records: list[Record]) -> str | None:
    """The same for two results whose seeds are the same trained weights; None without weights."""
    weights = [f"{record.seed} {record.provenance.weights}" for record in records]
    known = all(record.provenance.weights for record in records)
    return hashlib.sha256("\n".join(weights).encode()).hexdigest()[:12] if known else None


def _records(row: Row, result: Result, found: dict[Key, list[Record]]) -> list[Record]:
    """The records behind a result, seed by seed and fold by fold."""
    task = result.column.task.name, result.column.version
    return [r for seed in result.seeds for r in found[row.key, row.recipe8, *task, seed]]


def _key(record: Record) -> Key:
    model, task = record.model, record.task
    return model.key, model.recipe8, task.name, task.version, record.seed


def _curves(row: Row, found: dict[Key, list[Record]]) -> list[dict[str, Any]]:
    """One curve a seed and fold: a track's tasks share their training."""
    curves: dict[tuple[int, int], list[list[float]]] = {}
    for result in row.results:
        for record in _records(row, result, found):
            which = record.seed, record.fold or 0
            if record.curve and which not in curves:
                curves[which] = [
                    [point.items, point.correct_per_10000, point.loss_millionths]
                    for point in record.curve
                ]
    folded = any(fold for _, fold in curves)
    return [
        {"seed": seed, "fold": fold if folded else None, "points": curves[seed, fold]}
        for seed, fold in sorted(curves)
    ]


def _recipe(row: Row) -> list[tuple[str, str]]:
    return [
        (printable(str(name)), printable(recipes.as_text(row.recipe[name])))
        for name in sorted(row.recipe)
    ]


def _commands(ranking: Ranking, row: Row) -> list[str]:
    """What makes the row's records again: one command for the tasks with the same seeds."""
    tasks: dict[tuple[int, ...], list[str]] = defaultdict(list)
    for result in row.results:
        if result.column.current and result.seeds:
            tasks[result.seeds].append(result.column.task.name)
    return [command(row, names, seeds) for seeds, names in tasks.items()]


def _quantiles() -> list[float]:
    """What |t| exceeds with probability 1 - LEVEL, at 0 to `STEPS` over so many degrees of freedom.

    Between two of them the logarithm is as good as straight: to one in 100,000.
    """
    upper = (1 + LEVEL) / 2
    rest = (stdtrit(STEPS / step, upper) for step in range(1, STEPS + 1))
    return [float(f"{value:.7g}") for value in (ndtri(upper), *rest)]
