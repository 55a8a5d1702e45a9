"""Regenerates the tables of docs/findings.md from the committed records.

python tools/update_findings.py

The page holds blocks of two kinds. A block of comparisons has a line for each row of its table:

    <!-- compare
    mini-imagenet-5w1s: siamese-conv4-cosine-nt-xent--b0025194 - prototypical-conv4--fc4f7803
    -->
    (the table)
    <!-- end -->

A line is a task and a difference of two models; "across budgets, pools, views" at its end lets
those differ. Verification tasks compare the EER, retrieval tasks mAP@R, and the cell names the
metric. If both models have the same key, the cells name the settings that differ. A block of main
effects has a line for each table, the main task of a track and a budget:

    <!-- effects
    omniglot-within-20w1s: quick
    -->
    (the tables)
    <!-- end -->

p is raw, Holm adjusted for all tests of the page; how many there are stands between `tests:begin`
and `tests:end`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmark.errors import OneshotError
from benchmark.records import store
from benchmark.report.aggregate import GroupsOf
from benchmark.report.analysis import analyse
from benchmark.report.compare import compare
from benchmark.report.compare_text import p_of, percent
from benchmark.report.comparison import Comparison, Side
from benchmark.report.effects_text import effects_table
from benchmark.report.grid_effects import GridEffects, p_values_of
from benchmark.report.leaderboard import build
from benchmark.statistics.holm import holm

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "findings.md"
BLOCK = re.compile(r"(<!-- compare\n(.*?)-->\n).*?(<!-- end -->\n)", re.DOTALL)
LINE = re.compile(r"([\w@-]+): (\S+) - (\S+?)(?: across ([a-z, ]+))?")
EFFECTS_BLOCK = re.compile(r"(<!-- effects\n(.*?)-->\n).*?(<!-- end -->\n)", re.DOTALL)
EFFECTS_LINE = re.compile(r"([\w@-]+): ([\w ]+)")
COUNT = re.compile(r"(<!-- tests:begin -->\n).*?(\n<!-- tests:end -->)", re.DOTALL)
HEAD = (
    "| task | A | B | A, % | B, % | A-B | these images ± | new classes ± | p | Holm | detects |\n"
    "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
)


def updated(page: str, results: Path, groups_of: GroupsOf | None = None) -> str:
    """The page with every block's table made anew; Holm's family is all tests of the page.

    Raises:
        OneshotError: a line cannot be read, or names what has no records.
    """
    compared = [_compared(block[2], results) for block in BLOCK.finditer(page)]
    effects = [
        found_effects(block[2], results, groups_of) for block in EFFECTS_BLOCK.finditer(page)
    ]
    tests = [row.p for rows in compared for row in rows]
    tests += [p for tables in effects for found in tables for p in p_values_of(found)]
    adjusted = iter(holm(np.array(tests, dtype=np.float64)).adjusted.tolist())
    tables = iter([_table(rows, [next(adjusted) for _ in rows]) for rows in compared])
    page = BLOCK.sub(lambda block: block[1] + next(tables) + block[3], page)
    of_effects = iter(
        [
            "\n".join(line for found in each for line in effects_table(found, adjusted))
            for each in effects
        ]
    )
    page = EFFECTS_BLOCK.sub(lambda block: f"{block[1]}\n{next(of_effects)}{block[3]}", page)
    return COUNT.sub(lambda found: found[1] + _counted(tests) + found[2], page)


def _counted(tests: Sequence[float]) -> str:
    """How many tests the page holds, and how many of them reject at 5 %, raw and by Holm."""
    p = np.array([value for value in tests if not np.isnan(value)])
    rejected = int(holm(p).rejected.sum())
    return (
        f"{len(p)} tests stand on this page: {int((p <= 0.05).sum())} have a p of at most .05, "
        f"{rejected} after Holm's adjustment for all of them."
    )


def _compared(lines: str, results: Path) -> list[Comparison]:
    """The comparisons of a block's lines."""
    rows = []
    for line in filter(None, map(str.strip, lines.splitlines())):
        read = LINE.fullmatch(line)
        if read is None:
            raise OneshotError(
                f"A comparison of the findings cannot be read: '{line}'.",
                "Write TASK: MODEL--RECIPE8 - MODEL--RECIPE8, and after it across budgets, if so.",
            )
        task, a, b, across = read.groups()
        terms = tuple(term.strip() for term in (across or "").split(",") if term.strip())
        rows += compare(results, a, b, task, across=terms)
    return rows


def _table(rows: Sequence[Comparison], p_holm: Sequence[float]) -> str:
    """The Markdown table of a block: one comparison a row, in percent and points."""
    made = "".join(_row(row, p) for row, p in zip(rows, p_holm, strict=True))
    return "\n" + HEAD + made + "\n"


def _row(row: Comparison, p_holm: float) -> str:
    classes = "" if row.new_classes is None else f"{100 * row.new_classes.half_width:.1f}"
    images = "" if row.these_images is None else f"{100 * row.these_images.half_width:.1f}"
    cells = (
        row.task.name + ("" if row.measure == "accuracy" else f", {row.measure}"),
        _side(row.a, row.b),
        _side(row.b, row.a),
        percent(row.a.accuracy.mean),
        percent(row.b.accuracy.mean),
        f"{100 * row.difference:+.1f}",
        images,
        classes,
        p_of(row.decisive),
        p_of(row.decisive, p_holm),
        percent(row.detectable),
    )
    return f"| {' | '.join(cells)} |\n"


def _side(side: Side, other: Side) -> str:
    """The model, of two recipes of one model with the settings that only this one has."""
    told = [_trainings(len(side.seeds))]
    if side.key == other.key:
        told += [setting for setting in side.settings if setting not in other.settings]
    return f"{side.key} ({', '.join(told)})"


def _trainings(count: int) -> str:
    return f"{count} seed{'' if count == 1 else 's'}"


def found_effects(
    lines: str, results: Path, groups_of: GroupsOf | None = None
) -> list[GridEffects]:
    """The effects that a block's lines name.

    Raises:
        OneshotError: a line cannot be read, or names what the records do not suffice for.
    """
    made = []
    for line in filter(None, map(str.strip, lines.splitlines())):
        read = EFFECTS_LINE.fullmatch(line)
        if read is None:
            raise OneshotError(
                f"A table of effects cannot be read: '{line}'.", "Write TASK: BUDGET."
            )
        made.append(_found(results, read[1], read[2], groups_of))
    return made


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


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text("utf-8"), ROOT / "results"), "utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
