"""The headline: methods side by side, on the tracks where most of them were trained alike.

Of each track one ranking is taken, inductive and with one view, under the budget by which most
methods were trained; all Siamese networks count as one method. A track with fewer than six methods
has none. Rows are models: of several recipes of a model the best on validation, of Siamese networks
the best on validation and those that stand in all of several rankings taken. Nothing is ranked over
tracks: budgets differ, and so do the models that are there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmark.report import cells, urls
from benchmark.report.aggregate import Result, TaskColumn
from benchmark.report.escape import markdown as safe
from benchmark.report.leaderboard import Leaderboard, Ranking, Row, Section
from benchmark.report.primary_task import main_position, main_sections
from benchmark.report.row_selection import family

TITLE = "Methods side by side"
MIN_METHODS = 6
MOST_TASKS = 3  # of a track: its main task, then those that most models answered
SIAMESE = "siamese"  # the family
UNEVEN = "-dirichlet"  # told apart in the transductive tables, where it matters


@dataclass(frozen=True)
class Part:
    """A track's ranking, the positions of its columns that are shown, the main task's first."""

    section: Section
    ranking: Ranking
    positions: tuple[int, ...]

    @property
    def columns(self) -> list[TaskColumn]:
        """The columns shown."""
        return [self.ranking.columns[position] for position in self.positions]


@dataclass(frozen=True)
class Line:
    """A model and its row in each part; None where it has none."""

    key: str
    rows: tuple[Row | None, ...]

    @property
    def siamese(self) -> bool:
        """Whether it is a Siamese network."""
        return any(row is not None and family(row) == SIAMESE for row in self.rows)


@dataclass(frozen=True)
class Headline:
    """The parts in the order of the tables; lines by the first main task, the best first."""

    parts: tuple[Part, ...]
    lines: tuple[Line, ...]

    def results(self, line: Line) -> list[list[Result | None]]:
        """Of each part the results in its columns."""
        return [
            [None if row is None else row.results[position] for position in part.positions]
            for part, row in zip(self.parts, line.rows, strict=True)
        ]


def headline(leaderboard: Leaderboard) -> Headline | None:
    """The headline of a leaderboard; None where no track has methods enough."""
    parts = tuple(_parts(leaderboard))
    if not parts:
        return None
    chosen = [_chosen(part) for part in parts]
    everywhere = set.intersection(*(set(rows) for rows in chosen)) if len(parts) > 1 else set()
    kept = [
        {key: row for key, row in rows.items() if key in everywhere or key in _best(rows, part)}
        for part, rows in zip(parts, chosen, strict=True)
    ]
    keys = dict.fromkeys(key for rows in kept for key in rows)
    lines = [Line(key, tuple(rows.get(key) for rows in kept)) for key in keys]
    return Headline(parts, tuple(sorted(lines, key=lambda line: _order(line, parts))))


def render(found: Headline, figure: tuple[str, str] | None = None) -> list[str]:
    """The section in lines of Markdown.

    Args:
        found: what to show.
        figure: (caption, relative address) of its picture.
    """
    told = "; ".join(f"{part.section.title}: {part.ranking.title}" for part in found.parts)
    lines = [f"## {TITLE}", ""]
    if figure is not None:
        lines += [f"![{safe(figure[0])}]({figure[1]})", ""]
    lines += [f"{safe(told)}. Bold: the highest of a column.", ""]
    columns = [column for part in found.parts for column in part.columns]
    table = [[each for those in found.results(line) for each in those] for line in found.lines]
    best = [
        max((r[n].accuracy.mean for r in table if r[n] and r[n].accuracy), default=None)  # type: ignore[union-attr]
        for n in range(len(columns))
    ]
    lines += [_line(["Model", *map(urls.to_task, columns)])]
    lines += [_line([":--", *["--:"] * len(columns)])]
    for line, results in zip(found.lines, table, strict=True):
        shown = [_cell(result, top) for result, top in zip(results, best, strict=True)]
        lines.append(_line([urls.to_model(line.key, line.key), *shown]))
    there = [result for results in table for result in results if result is not None]
    return [*lines, "", *(text for note in cells.notes(there) for text in (note, ""))]


def _cell(result: Result | None, best: float | None) -> str:
    if result is None:
        return ""
    text = cells.cell(result)
    if result.accuracy is not None and result.accuracy.mean == best:
        text = f"**{text}**"
    return f"{text} {cells.marks(result)}".strip()


def _parts(leaderboard: Leaderboard) -> Iterator[Part]:
    for section in main_sections(leaderboard):
        found = [
            (ranking, position)
            for ranking in section.rankings
            if ranking.pool == "inductive" and ranking.budget is not None and ranking.views == 1
            and (position := main_position(section, ranking)) is not None
        ]  # fmt: skip
        if not found:
            continue
        ranking, main = max(found, key=lambda each: _methods(*each))
        if _methods(ranking, main) >= MIN_METHODS:
            yield Part(section, ranking, _positions(ranking, main))


def _methods(ranking: Ranking, main: int) -> int:
    """Methods with a number on the main task."""
    return len({family(row) for row in ranking.rows if row.results[main].accuracy is not None})


def _positions(ranking: Ranking, main: int) -> tuple[int, ...]:
    def answered(position: int) -> int:
        return sum(row.results[position].accuracy is not None for row in ranking.rows)

    others = [n for n, column in enumerate(ranking.columns)
              if n != main and UNEVEN not in column.name]  # fmt: skip
    others.sort(key=lambda n: -answered(n))  # stable: of equals the first in the catalogue
    return (main, *sorted(others[: MOST_TASKS - 1]))


def _chosen(part: Part) -> dict[str, Row]:
    """Of each model the recipe that is best on validation."""
    chosen: dict[str, Row] = {}
    for row in part.ranking.rows:
        if all(row.results[position].accuracy is None for position in part.positions):
            continue
        before = chosen.get(row.key)
        if before is None or _validation(row, part) > _validation(before, part):
            chosen[row.key] = row
    return chosen


def _best(rows: dict[str, Row], part: Part) -> set[str]:
    """All but Siamese networks, and of those the best on validation."""
    twins = [key for key, row in rows.items() if family(row) == SIAMESE]
    best = max(twins, key=lambda key: _validation(rows[key], part), default=None)
    return {key for key in rows if key not in twins or key == best}


def _validation(row: Row, part: Part) -> float:
    value = row.results[part.positions[0]].validation
    return -1.0 if value is None else value


def _order(line: Line, parts: tuple[Part, ...]) -> tuple[float, ...]:
    """The best on the first main task come first; who is not there follows, by the next one."""
    means = []
    for row, part in zip(line.rows, parts, strict=True):
        accuracy = None if row is None else row.results[part.positions[0]].accuracy
        means.append(1.0 if accuracy is None else -accuracy.mean)
    return tuple(means)


def _line(parts: list[str]) -> str:
    return "| " + " | ".join(parts) + " |"
