"""The comparisons of docs/findings.md, made anew from the records wherever the page names them.

The page holds blocks of its own:

    <!-- compare
    mini-imagenet-5w1s: siamese-conv4-cosine-nt-xent--b0025194 - prototypical-conv4--fc4f7803
    -->
    (the table)
    <!-- end -->

A line is a task and a difference of two models; "across budgets, pools, views" at its end lets
those differ. A verification compares the EER, a retrieval mAP@R, and the cell says so. Of two
recipes of one model the cells name the settings that differ. Blocks of main effects are those of
`benchmark.report.findings_effects`. `tools/update_findings.py` fills the tables in.
"""

from __future__ import annotations

import re
from pathlib import Path

from benchmark.errors import OneshotError
from benchmark.report.compare import compare
from benchmark.report.compare_text import p_text, percent
from benchmark.report.comparison import Comparison, Side
from benchmark.report.findings_effects import with_effects

BLOCK = re.compile(r"(<!-- compare\n(.*?)-->\n).*?(<!-- end -->\n)", re.DOTALL)
LINE = re.compile(r"([\w@-]+): (\S+) - (\S+?)(?: across ([a-z, ]+))?")
HEAD = (
    "| task | A | B | A, % | B, % | A-B | these images ± | new classes ± | p | detects |\n"
    "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
)


def updated(page: str, results: Path) -> str:
    """The page with every block's table made anew.

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
