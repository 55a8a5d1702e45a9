"""What pairing is worth and what new classes cost, measured on the committed records.

Regenerates the tables of docs/statistics.md:

python tools/update_statistics.py
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark.report.compare import Comparison, compare
from benchmark.report.compare_text import p_of, percent
from benchmark.statistics.holm import holm

# Chosen for what they show: few fixed runs, drawn episodes, several seeds, shared classes.
TWINS = "siamese-conv4-cosine-nt-xent--cfaa9374", "siamese-conv4-euclidean-contrastive--33132c4c"
QUICK = "prototypical-conv4--c44ac1bf", "siamese-conv4-euclidean-contrastive--4993652b"
PHOTOGRAPHS = "prototypical-conv4--db10c8a2", "siamese-conv4-euclidean-contrastive--0324bc71"
PAIRS: tuple[tuple[str, str, str], ...] = (
    (*TWINS, "omniglot-lake-20w1s"),
    (*TWINS, "omniglot-within-20w1s"),
    (*QUICK, "omniglot-vinyals-20w1s"),
    (*PHOTOGRAPHS, "mini-imagenet-5w1s"),
    ("siamese-best-views--ca64281a", "siamese-best--6584509b", "omniglot-lake-20w1s"),
    ("siamese-best-views--ca64281a", "siamese-best--6584509b", "omniglot-within-20w1s"),
)
TWIN, OTHER = "siamese-conv4-euclidean-contrastive--", "siamese-conv4-cosine-nt-xent--"
OF_PAIRS: tuple[tuple[str, str, str], ...] = (
    (f"{TWIN}79bdb9e5", f"{OTHER}25223f8b", "omniglot-verification"),
    (f"{TWIN}68113a2d", f"{OTHER}7385ad57", "orl-faces-verification"),
    (f"{TWIN}4993652b", f"{OTHER}ef569919", "nfi-signatures-verification"),
    (f"{TWIN}79bdb9e5", f"{OTHER}25223f8b", "omniglot-retrieval"),
    (f"{TWIN}36f5ae5d", f"{OTHER}b0025194", "mini-imagenet-retrieval"),
)
ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "statistics.md"
BEGIN, END = "<!-- precision:begin -->\n", "<!-- precision:end -->\n"
BEGIN_PAIRS, END_PAIRS = "<!-- pairs:begin -->\n", "<!-- pairs:end -->\n"


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
        images = row.these_images or row.decisive
        found.append(
            Precision(
                row,
                math.hypot(row.a.accuracy.half_width, row.b.accuracy.half_width),
                images.half_width,
                math.nan if row.new_classes is None else row.new_classes.half_width,
            )
        )
    return tuple(found)


def markdown(found: Sequence[Precision], adjusted: Iterator[float]) -> str:
    """The page's table; `adjusted` yields Holm's p of each row.

    Percentage points with two digits, factors with one.
    """
    lines = [
        "| A, B | task | seeds | A-B | apart ± | paired ± | factor | new classes ± | factor | p "
        "| Holm |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for one in found:
        row = one.row
        cells = [
            f"{row.a.key}, {row.b.key}",
            row.task.name,
            f"{len(row.a.seeds)} and {len(row.b.seeds)}",
            f"{100 * row.difference:+.1f}",
            f"{100 * one.apart:.2f}",
            f"{100 * one.images:.2f}",
            f"{one.apart / one.images:.1f}",
            f"{100 * one.classes:.2f}",
            f"{one.classes / one.images:.1f}",
            p_of(row.decisive),
            p_of(row.decisive, next(adjusted)),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    gains = [one.apart / one.images for one in found]
    costs = [one.classes / one.images for one in found if not math.isnan(one.classes)]
    detectable = [one.row.detectable for one in found if not math.isnan(one.row.detectable)]
    lines += [
        "",
        f"Pairing narrows the interval by a factor of {min(gains):.1f} to {max(gains):.1f}; new "
        f"classes widen it by {min(costs):.1f} to {max(costs):.1f}. The smallest difference that "
        "would be found four times in five on new classes is between "
        f"{percent(min(detectable))} and {percent(max(detectable))} points.",
    ]
    return "\n".join(lines) + "\n"


def measure_pairs(results: Path) -> tuple[Comparison, ...]:
    """The page's comparisons of verification and retrieval.

    Raises:
        OneshotError: where a record is missing or ambiguous.
    """
    return tuple(row for a, b, task in OF_PAIRS for row in compare(results, a, b, task))


def pairs_markdown(rows: Sequence[Comparison], adjusted: Iterator[float]) -> str:
    """The table of verification and retrieval, whose units are subjects and classes."""
    lines = [
        "| A, B | task | measure | seeds | A-B | apart ± | paired ± | factor | p | Holm "
        "| detects |",
        "| --- | --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        apart = math.hypot(row.a.accuracy.half_width, row.b.accuracy.half_width)
        cells = [
            f"{row.a.key}, {row.b.key}",
            row.task.name,
            row.measure,
            f"{len(row.a.seeds)} and {len(row.b.seeds)}",
            f"{100 * row.difference:+.1f}",
            f"{100 * apart:.2f}",
            f"{100 * row.decisive.half_width:.2f}",
            f"{apart / row.decisive.half_width:.1f}",
            p_of(row.decisive),
            p_of(row.decisive, next(adjusted)),
            percent(row.detectable),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def updated(page: str, results: Path) -> str:
    """The page with its tables made anew, the one of pairs where it has a place.

    Both tables are one family of tests.
    """
    found = measure(results)
    pairs = measure_pairs(results) if BEGIN_PAIRS in page else ()
    tests = [row.p for row in (*(one.row for one in found), *pairs)]
    adjusted = iter(holm(np.array(tests, dtype=np.float64)).adjusted.tolist())
    head, rest = page.split(BEGIN)
    page = head + BEGIN + "\n" + markdown(found, adjusted) + "\n" + END + rest.split(END)[1]
    if BEGIN_PAIRS not in page:
        return page
    head, rest = page.split(BEGIN_PAIRS)
    table = "\n" + pairs_markdown(pairs, adjusted) + "\n"
    return head + BEGIN_PAIRS + table + END_PAIRS + rest.split(END_PAIRS)[1]


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text("utf-8"), ROOT / "results"), "utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
