"""Which rows of a long ranking stand in figures and at the top of a page: the best of each family.

A grid of seventy Siamese networks would make every figure endless and hide the other methods in it.
Validation alone chooses, as everywhere; the tables hold all rows, a grid has figures of its own.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from benchmark.protocols.catalogue import BY_NAME
from benchmark.registry import page_of
from benchmark.report.leaderboard import Leaderboard, Ranking, Row, Section
from benchmark.report.primary_task import main_name

MOST = 30  # rows of a ranking that are all shown
EACH = 3  # rows of each family of a longer one
RULE = f"of more than {MOST} models the {EACH} best on validation of each family"


def family(row: Row) -> str:
    """What the row is one of many of: its page in the catalogue, or else its own key."""
    return page_of(row.key) or row.key


def chosen(section: Section, ranking: Ranking) -> tuple[Row, ...]:
    """The rows of a ranking that are shown, in its order: all of a short one.

    Of each family of a longer one the best on the validation twin of the section's main task, and
    where it was not asked of that of the first task with one. Rows that nothing was validated on
    come last in their family, by name.
    """
    if len(ranking.rows) <= MOST:
        return ranking.rows
    families: dict[str, list[Row]] = defaultdict(list)
    for row in ranking.rows:
        families[family(row)].append(row)
    main = main_name(section)
    kept = {
        id(row)
        for several in families.values()
        for row in sorted(several, key=lambda row: _preference(row, main))[:EACH]
    }
    return tuple(row for row in ranking.rows if id(row) in kept)


def reduced(section: Section) -> Section:
    """The section with the rows that are shown; its rankings say how many they leave out."""
    rankings = []
    for ranking in section.rankings:
        rows = chosen(section, ranking)
        rankings.append(replace(ranking, rows=rows, left_out=len(ranking.rows) - len(rows)))
    return replace(section, rankings=tuple(rankings))


def reduced_all(leaderboard: Leaderboard) -> Leaderboard:
    """The same of every section."""
    return replace(leaderboard, sections=tuple(map(reduced, leaderboard.sections)))


def note(section: Section) -> str:
    """What to say of a figure of a reduced section; nothing where all is shown."""
    left_out = sum(ranking.left_out for ranking in section.rankings)
    return f"{RULE}; {left_out} more stand in the tables" if left_out else ""


def folded(rows: int, table: list[str]) -> list[str]:
    """The lines of a Markdown table of so many rows, behind a line to click on where it is long."""
    if rows <= MOST:
        return table
    return ["<details>", f"<summary>All {rows} models</summary>", "", *table, "</details>", ""]


def _preference(row: Row, main: str) -> tuple[bool, bool, float, str, str]:
    """Sorts the best first."""
    told = [r for r in row.results if r.validation is not None]
    of_main = [r for r in told if r.column.task.name == main]
    value = (of_main or told)[0].validation if told else None
    lower = bool(told) and BY_NAME[told[0].column.task.protocol].lower_is_better
    return not of_main, not told, (1 if lower else -1) * (value or 0.0), row.key, row.recipe8
