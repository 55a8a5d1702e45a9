"""The section "Effects and ranks" of `leaderboard.md`: what differs, in pairs, and how surely."""

from __future__ import annotations

import math

from benchmark.report.across_data_sets import AcrossDataSets
from benchmark.report.analysis import Analysis
from benchmark.report.baseline_comparison import BY_VALIDATION, Against, Differences
from benchmark.report.cells import NOTES, ONE_SEED
from benchmark.report.compare_text import p_text
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
    "classes, Holm's adjustment for the models of the table. Rank: by that task alone, with the "
    "95 % interval from drawing the groups of classes anew, for these trained networks."
)
EFFECTS_NOTE = (
    "Main effects of the parts of Siamese networks: what a level adds to the mean of its factor's "
    "levels, in percentage points. ± is half of a 95 % interval: over cells it covers interactions "
    "and training luck, over groups other groups of classes with these cells. Of several recipes "
    "of a cell the best on validation counts. F tests whether the levels of a factor differ, over "
    "cells with the other factors held; its share of the cells' variance stands beside."
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
        for effects in analysis.effects:
            lines += _effects(effects)
    if analysis.across:
        lines += [ACROSS_NOTE, ""]
        for caption, address in figures:
            lines += [f"![{safe(caption)}]({address})", ""]
        for across in analysis.across:
            lines += _across(across)
    return [f"## {TITLE}", "", *lines] if lines else []


def _differences(found: Differences) -> list[str]:
    """The reference first, then the others by their difference."""
    ranks = {(p.row.key, p.row.recipe8): p for p in found.places}
    head = ["Model", "Difference", "These images", "New classes", "p (Holm)", "Rank", "95 %"]
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
        place = ranks.get((row.key, row.recipe8))
        rank = ["", ""] if place is None else [_rank(place.rank), _span(place.low, place.high)]
        table.append(_line([safe(row.label), *_difference(against), *rank]))
    return lines + folded(len(table) - 2, [*table, ""])


def _difference(against: Against | None) -> list[str]:
    if against is None:
        return ["reference", "", "", ""]
    images, classes = against.images, against.classes
    mark = "" if images.covers_training else f" {ONE_SEED}"
    return [
        f"{100 * images.difference:+.1f}{mark}",
        _half(images.half_width),
        "" if classes is None else f"{_half(classes.half_width)} ({classes.units})",
        safe(p_text(against.p_holm)),
    ]


def _effects(found: GridEffects) -> list[str]:
    heading = f"{found.section.title}: {found.ranking.title}"
    return [f"### {safe(heading)}, main effects", "", *effects_table(found)]


def effects_table(found: GridEffects) -> list[str]:
    """What the effects are of, the tests of the factors, and a table, in lines of Markdown."""
    told = f"On {safe(found.column.name)}, {found.cells} of {found.possible} possible cells"
    if found.over_cells is None:
        return [f"{told}: {safe(found.reason)}.", ""]
    head = ["Factor", "Level", "Effect", "Over cells", "Over groups", "Cells"]
    mean = f"mean {100 * found.over_cells.mean:.1f}"
    lines = [f"{told}; {mean}. {_tests(found.over_cells)}", "",
             _line(head), _line([":--", ":--", *["--:"] * 4])]  # fmt: skip
    for effect, groups in found.effects:
        lines.append(
            _line([
                effect.factor, safe(effect.level), f"{100 * effect.effect:+.1f}",
                _half(effect.half_width), "" if groups is None else _half(groups.half_width),
                str(effect.cells),
            ])
        )  # fmt: skip
    return [*lines, ""]


def _tests(found: MainEffects) -> str:
    """The test of each factor, and what none explains, in a sentence."""
    told = [
        f"{test.factor}: F({test.between}, {test.within}) = {test.f:.1f}, p {_p(test.p)}, "
        f"{100 * test.share:.0f} %"
        for test in found.tests
    ]
    if not told:
        return "No cell is to spare for a test."
    return f"{'; '.join(told)}; left over {100 * found.rest:.0f} %."


def _across(found: AcrossDataSets) -> list[str]:
    test, interval = found.test, found.intervals
    names = ", ".join(column.name for column in found.columns)
    lines = [
        f"### Over data sets: {safe(found.ranking.title)}", "",
        f"On {safe(names)}: Friedman's p {safe(p_text(test.p))}, critical difference "
        f"{test.critical_difference:.2f}.", "",
        _line(["Model", "Mean rank", "95 %"]), _line([":--", "--:", "--:"]),
    ]  # fmt: skip
    for n in sorted(range(len(found.models)), key=lambda n: (test.mean_ranks[n], n)):
        span = _span(float(interval.low[n]), float(interval.high[n]))
        lines.append(_line([safe(found.models[n]), f"{test.mean_ranks[n]:.2f}", span]))
    return [*lines, ""]


def _p(value: float) -> str:
    text = p_text(value)
    return text if text.startswith("<") else f"= {text}"


def _half(value: float) -> str:
    return "" if math.isnan(value) else f"± {100 * value:.1f}"


def _rank(value: float) -> str:
    return f"{value:g}" if value == round(value) else f"{value:.1f}"


def _span(low: float, high: float) -> str:
    return f"{_rank(low)} to {_rank(high)}"


def _line(parts: list[str]) -> str:
    return "| " + " | ".join(parts) + " |"
