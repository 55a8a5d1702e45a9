"""What pairing is worth and what new classes cost, measured on the committed records.

The table of docs/statistics.md, which `tools/update_statistics.py` makes anew.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.report.compare import Comparison, compare
from benchmark.report.compare_text import p_text, percent

# Chosen for what they show: few fixed runs, drawn episodes, several seeds, shared classes.
PROTOTYPICAL = "prototypical-conv4--c44ac1bf"
CONTRASTIVE = "siamese-conv4-euclidean-contrastive--4993652b"
PHOTOGRAPHS = "prototypical-conv4--db10c8a2", "siamese-conv4-euclidean-contrastive--0324bc71"
PAIRS: tuple[tuple[str, str, str], ...] = (
    (PROTOTYPICAL, CONTRASTIVE, "omniglot-lake-20w1s"),
    (PROTOTYPICAL, CONTRASTIVE, "omniglot-within-20w1s"),
    (PROTOTYPICAL, CONTRASTIVE, "omniglot-vinyals-20w1s"),
    (*PHOTOGRAPHS, "mini-imagenet-5w1s"),
    ("siamese-best-views--ca64281a", "siamese-best--6584509b", "omniglot-lake-20w1s"),
    ("siamese-best-views--ca64281a", "siamese-best--6584509b", "omniglot-within-20w1s"),
)
BEGIN, END = "<!-- precision:begin -->\n", "<!-- precision:end -->\n"


@dataclass(frozen=True)
class Precision:
    """One comparison's half widths, in accuracy.

    `apart` is that of the difference if the two models' own intervals were all one had, their
    squares added; `images` and `classes` are in pairs; `classes` is NaN where there are none.
    """

    row: Comparison
    apart: float
    images: float
    classes: float


def measure(results: Path) -> tuple[Precision, ...]:
    """The half widths of the pairs of the page.

    Raises:
        OneshotError: where a record is missing or ambiguous.
    """
    found = []
    for a, b, task in PAIRS:
        (row,) = compare(results, a, b, task, across=("views",))
        found.append(
            Precision(
                row,
                math.hypot(row.a.accuracy.half_width, row.b.accuracy.half_width),
                row.these_images.half_width,
                math.nan if row.new_classes is None else row.new_classes.half_width,
            )
        )
    return tuple(found)


def markdown(found: Sequence[Precision]) -> str:
    """The page's table: percentage points with two digits, factors with one."""
    lines = [
        "| A, B | task | seeds | A-B | apart ± | paired ± | factor | new classes ± | factor | p |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for one in found:
        row = one.row
        cells = [
            f"{row.a.key}, {row.b.key}",
            row.task.name,
            f"{len(row.a.seeds)} and {len(row.b.seeds)}",
            f"{100 * row.these_images.difference:+.1f}",
            f"{100 * one.apart:.2f}",
            f"{100 * one.images:.2f}",
            f"{one.apart / one.images:.1f}",
            f"{100 * one.classes:.2f}",
            f"{one.classes / one.images:.1f}",
            p_text(row.p),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    gains = [one.apart / one.images for one in found]
    costs = [one.classes / one.images for one in found if not math.isnan(one.classes)]
    lines += [
        "",
        f"Pairing narrows the interval by a factor of {min(gains):.1f} to {max(gains):.1f}; new "
        f"classes widen it by {min(costs):.1f} to {max(costs):.1f}. The smallest difference that "
        "would be found four times in five on new classes is between "
        f"{percent(min(one.row.detectable for one in found))} and "
        f"{percent(max(one.row.detectable for one in found))} points.",
    ]
    return "\n".join(lines) + "\n"


def updated(page: str, results: Path) -> str:
    """The page with its table made anew."""
    head, rest = page.split(BEGIN)
    return head + BEGIN + "\n" + markdown(measure(results)) + "\n" + END + rest.split(END)[1]
