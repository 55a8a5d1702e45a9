"""The main effects in docs/findings.md, made anew from the records.

The page is that of `benchmark.report.findings`. A block names a track's main task and a budget, a
line for each table:

    <!-- effects
    omniglot-within-20w1s: quick
    -->
    (the tables)
    <!-- end -->
"""

from __future__ import annotations

import re
from pathlib import Path

from benchmark.errors import OneshotError
from benchmark.records import store
from benchmark.report.aggregate import GroupsOf
from benchmark.report.analysis import analyse
from benchmark.report.effects_text import effects_table
from benchmark.report.grid_effects import GridEffects
from benchmark.report.leaderboard import build

BLOCK = re.compile(r"(<!-- effects\n(.*?)-->\n).*?(<!-- end -->\n)", re.DOTALL)
LINE = re.compile(r"([\w@-]+): ([\w ]+)")


def with_effects(page: str, results: Path, groups_of: GroupsOf | None = None) -> str:
    """The page with the tables of every block of effects made anew.

    Raises:
        OneshotError: a line cannot be read, or names what the records do not suffice for.
    """
    return BLOCK.sub(
        lambda block: block[1] + _tables(block[2], results, groups_of) + block[3], page
    )


def _tables(lines: str, results: Path, groups_of: GroupsOf | None) -> str:
    made: list[str] = []
    for line in filter(None, map(str.strip, lines.splitlines())):
        read = LINE.fullmatch(line)
        if read is None:
            raise OneshotError(
                f"A table of effects cannot be read: '{line}'.", "Write TASK: BUDGET."
            )
        task, budget = read.groups()
        made += effects_table(_found(results, task, budget, groups_of))
    return "\n" + "\n".join(made)


def _found(results: Path, task: str, budget: str, groups_of: GroupsOf | None) -> GridEffects:
    paths = [path for path in store.paths(results) if path.parts[-3].rpartition(".v")[0] == task]
    records = store.load_files(results, paths, strict=False)
    for found in analyse(build(records, groups_of), records, groups_of).effects:
        if found.ranking.budget == budget and found.ranking.views == 1:
            return found
    raise OneshotError(
        f"The records of {task} with the budget {budget} vary in fewer than two parts.",
        "Type: oneshot run --suite siamese-grid",
    )
