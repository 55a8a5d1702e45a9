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
"""

from __future__ import annotations

import re
from pathlib import Path

from benchmark.errors import OneshotError
from benchmark.records import store
from benchmark.report.aggregate import GroupsOf
from benchmark.report.analysis import analyse
from benchmark.report.compare import compare
from benchmark.report.compare_text import p_text, percent
from benchmark.report.comparison import Comparison, Side
from benchmark.report.effects_text import effects_table
from benchmark.report.grid_effects import GridEffects
from benchmark.report.leaderboard import build

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "findings.md"
BLOCK = re.compile(r"(<!-- compare\n(.*?)-->\n).*?(<!-- end -->\n)", re.DOTALL)
LINE = re.compile(r"([\w@-]+): (\S+) - (\S+?)(?: across ([a-z, ]+))?")
EFFECTS_BLOCK = re.compile(r"(<!-- effects\n(.*?)-->\n).*?(<!-- end -->\n)", re.DOTALL)
EFFECTS_LINE = re.compile(r"([\w@-]+): ([\w ]+)")
HEAD = (
    "| task | A | B | A, % | B, % | A-B | these images ± | new classes ± | p | detects |\n"
    "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
)


def updated(page: str, results: Path) -> str:
    """The page with every block's table regenerated.

    Raises:
        OneshotError: a line cannot be read, or names what has no records.
    """
    page = BLOCK.sub(lambda found: found[1] + table(found[2], results) + found[3], page)
    return with_effects(page, results)


def table(lines: str, results: Path) -> str:
    """The Markdown table of a block's lines: one comparison a row, in percent and points."""
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
        (row,) = compare(results, a, b, task, across=terms)
        rows.append(_row(row))
    return "\n" + HEAD + "".join(rows) + "\n"


def _row(row: Comparison) -> str:
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
        p_text(row.p),
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


def with_effects(page: str, results: Path, groups_of: GroupsOf | None = None) -> str:
    """The page with the tables of every block of effects regenerated.

    Raises:
        OneshotError: a line cannot be read, or names what the records do not suffice for.
    """
    return EFFECTS_BLOCK.sub(
        lambda block: block[1] + _tables(block[2], results, groups_of) + block[3], page
    )


def _tables(lines: str, results: Path, groups_of: GroupsOf | None) -> str:
    made: list[str] = []
    for line in filter(None, map(str.strip, lines.splitlines())):
        read = EFFECTS_LINE.fullmatch(line)
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


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text("utf-8"), ROOT / "results"), "utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
