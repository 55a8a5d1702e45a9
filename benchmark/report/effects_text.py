"""The section "Effects and ranks" of `leaderboard.md`: what differs, in pairs, and how surely."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from benchmark.report.across_data_sets import AcrossDataSets
from benchmark.report.analysis import Analysis
from benchmark.report.baseline_comparison import BY_VALIDATION, Against, Differences
from benchmark.report.cells import NOTES, ONE_SEED
from benchmark.report.compare_text import p_of, p_text
from benchmark.report.escape import markdown as safe
from benchmark.report.grid_effects import GridEffects
from benchmark.report.row_selection import folded
from benchmark.statistics.effects import MainEffects

TITLE = "Effects and ranks"
MIN_MODELS = 3  # two models have one difference, which the figures tell
DIFFERENCES_NOTE = (
    "Each model minus the reference of its table on the track's main task, in percentage points, "
    "in pairs on the same episodes. ± is half of a 95 % interval: these images over episodes and "
    "training seeds, new classes over groups of classes (or classes). p: of no difference on new "
    "classes; Holm: adjusted for all tests of this page."
)
EFFECTS_NOTE = (
    "Main effects of the parts of Siamese networks: what a level adds to the mean of its factor's "
    "levels, in percentage points, from the largest block of which every combination was measured. "
    "± is half of a 95 % interval: over cells it covers interactions and training seeds, over "
    "groups other groups of classes with these cells. Of several recipes of a cell the best on "
    "validation counts; levels that answer alike are one. F tests whether the levels of a factor "
    "differ, against interactions and seeds together; the test of the interactions is against "
    "seeds alone. Shares are of the cells' variance. p: raw, and Holm's over all tests of the page."
)
ACROSS_NOTE = (
    "Mean ranks over data sets, each counted once by the main task of one track; 1 is the best. "
    "The interval draws groups of classes anew inside the data sets. Mean ranks that lie at least "
    "the critical difference apart differ (Friedman, Nemenyi, 5 %)."
)


def render(analysis: Analysis, figures: tuple[tuple[str, str], ...] = ()) -> list[str]:
    """The lines of the section; none where the records suffice for nothing of it.

    Args:
        analysis: what to tell.
        figures: (caption, relative address) of the section's own pictures.
    """
    lines: list[str] = []
    several = [each for each in analysis.differences if len(each.rows) + 1 >= MIN_MODELS]
    if several:
        lines += [DIFFERENCES_NOTE, ""]
        for found in several:
            lines += _differences(found)
        if any(not row.images.covers_training for found in several for row in found.rows):
            lines += [f"{ONE_SEED} {NOTES[ONE_SEED]}", ""]
    if analysis.effects:
        lines += [EFFECTS_NOTE, ""]
        for effects, adjusted in zip(analysis.effects, analysis.effects_holm, strict=True):
            lines += _effects(effects, adjusted)
    if analysis.across:
        lines += [ACROSS_NOTE, ""]
        for caption, address in figures:
            lines += [f"![{safe(caption)}]({address})", ""]
        for across, adjusted_p in zip(analysis.across, analysis.across_holm, strict=True):
            lines += _across(across, adjusted_p)
    return [f"## {TITLE}", "", *lines] if lines else []


def _differences(found: Differences) -> list[str]:
    """The reference first, then the others by their difference."""
    head = ["Model", "Difference", "These images", "New classes", "p", "Holm"]
    heading = f"{found.section.title}: {found.ranking.title}"
    caveat = "" if found.chosen_by == BY_VALIDATION else f" It is {found.chosen_by}."
    lines = [
        f"### {safe(heading)}, differences", "",
        f"On {safe(found.column.name)}, minus {safe(found.reference.label)}: "
        f"{'the highest on validation' if not caveat else 'the highest on the test'}.{caveat}", "",
    ]  # fmt: skip
    table = [_line(head), _line([":--", *["--:"] * (len(head) - 1)])]
    ordered = sorted(found.rows, key=lambda row: -round(row.images.difference, 9))
    for row, against in [(found.reference, None), *((each.row, each) for each in ordered)]:
        table.append(_line([safe(row.label), *_difference(against)]))
    return lines + folded(len(table) - 2, [*table, ""])


def _difference(against: Against | None) -> list[str]:
    if against is None:
        return ["reference", "", "", "", ""]
    images, classes = against.images, against.classes
    mark = "" if images.covers_training else f" {ONE_SEED}"
    return [
        f"{100 * images.difference:+.1f}{mark}",
        _half(images.half_width),
        "" if classes is None else f"{_half(classes.half_width)} ({classes.units})",
        safe(p_of(against.decisive)),
        safe(p_of(against.decisive, against.p_holm)),
    ]


def _effects(found: GridEffects, found_holm: Iterable[float]) -> list[str]:
    heading = f"{found.section.title}: {found.ranking.title}"
    return [f"### {safe(heading)}, main effects", "", *effects_table(found, found_holm)]


def effects_table(found: GridEffects, holm: Iterable[float] | None = None) -> list[str]:
    """What the effects are of, the tests of the factors, and a table, in lines of Markdown.

    Args:
        found: the effects.
        holm: the adjusted p of `p_values_of`, in its order; without it only raw p are shown.
    """
    name = safe(found.column.name)
    if found.over_cells is None:
        return [f"On {name}, {found.measured} cells: {safe(found.reason)}.", ""]
    where = f" ({', '.join(map(safe, found.constant))})" if found.constant else ""
    told = f"On {name}, the crossed block{where}: {found.cells} of {found.measured} measured cells"
    adjusted = iter(() if holm is None else holm)
    head = ["Factor", "Level", "Effect", "Over cells", "Over groups", "Cells"]
    mean = f"mean {100 * found.over_cells.mean:.1f}"
    lines = [f"{told}; {mean}. {_tests(found.over_cells, adjusted)}"]
    if found.without is not None:
        lines[0] += f" Without {safe(found.left_out)}: {_tests(found.without, adjusted)}"
    lines += ["", _line(head), _line([":--", ":--", *["--:"] * 4])]
    for effect, groups in found.effects:
        lines.append(
            _line([
                effect.factor, safe(effect.level), f"{100 * effect.effect:+.1f}",
                _half(effect.half_width), "" if groups is None else _half(groups.half_width),
                str(effect.cells),
            ])
        )  # fmt: skip
    return [*lines, ""]


def _tests(found: MainEffects, holm: Iterator[float]) -> str:
    """The test of each factor and of the interactions, and their shares, in a sentence."""
    if not found.tests:
        return "No cell is to spare for a test."
    told = [
        f"{test.factor}: F({test.between}, {test.within}) = {test.f:.1f}, {_p(test.p, holm)}, "
        f"{100 * test.share:.0f} %"
        for test in found.tests
    ]
    rest = found.interactions
    if rest is None:
        return f"{'; '.join(told)}; left over {100 * found.rest:.0f} %."
    told.append(
        f"interactions: F({rest.between}, {rest.within}) = {rest.f:.1f}, {_p(rest.p, holm)}, "
        f"{100 * rest.share:.0f} %"
    )
    return f"{'; '.join(told)}; seeds {100 * rest.seeds:.0f} %."


def _across(found: AcrossDataSets, p_holm: float) -> list[str]:
    test, interval = found.test, found.intervals
    names = ", ".join(column.name for column in found.columns)
    lines = [
        f"### Over data sets: {safe(found.ranking.title)}", "",
        f"On {safe(names)}: Friedman's p {safe(p_text(test.p))} (Holm {safe(p_text(p_holm))}), "
        f"critical difference {test.critical_difference:.2f}.", "",
        _line(["Model", "Mean rank", "95 %"]), _line([":--", "--:", "--:"]),
    ]  # fmt: skip
    for n in sorted(range(len(found.models)), key=lambda n: (test.mean_ranks[n], n)):
        span = _span(float(interval.low[n]), float(interval.high[n]))
        lines.append(_line([safe(found.models[n]), f"{test.mean_ranks[n]:.2f}", span]))
    return [*lines, ""]


def _p(value: float, holm: Iterator[float]) -> str:
    """Such as "p = .021 (Holm .084)"; without the second where no family is given."""
    text, adjusted = p_text(value), next(holm, None)
    beside = "" if adjusted is None else f" (Holm {p_text(adjusted)})"
    return f"p {text}{beside}" if text.startswith("<") else f"p = {text}{beside}"


def _half(value: float) -> str:
    return "" if math.isnan(value) else f"± {100 * value:.1f}"


def _rank(value: float) -> str:
    return f"{value:g}" if value == round(value) else f"{value:.1f}"


def _span(low: float, high: float) -> str:
    return f"{_rank(low)} to {_rank(high)}"


def _line(parts: list[str]) -> str:
    return "| " + " | ".join(parts) + " |"
