"""Numbers of a comparison as text, and the marks that qualify a row."""

from __future__ import annotations

import math

from benchmark.report.comparison import Comparison
from benchmark.statistics.paired import Paired

JACKKNIFE, NO_CLASSES, LUCK, PREFIX, FAILED, SAME = "*", "°", "†", "‡", "§", "‖"
NOTES = {
    JACKKNIFE: "Episodes share classes: the unit is the class, by the delete-one-class jackknife.",
    NO_CLASSES: "No groups of classes: p and detectable are for these images.",
    LUCK: "A trained model with one seed: ± and p are for these trained networks, without "
    "training luck.",
    PREFIX: "The common prefix of the questions, or the common folds: not all that the longer "
    "record has.",
    SAME: "Both answered with the same trained networks, so that seeds pair too.",
    FAILED: "Some seeds failed or lack folds; the numbers are those of the others.",
}


def percent(value: float) -> str:
    """Percent or points with one digit, two where one would hide all of it."""
    if math.isnan(value):
        return "-"
    digits = 2 if 0 < abs(value) < 0.0005 else 1
    return f"{100 * value:.{digits}f}"


def p_text(p: float) -> str:
    """A p value with three digits after the point."""
    if math.isnan(p):
        return "-"
    return "<.001" if p < 0.001 else f"{p:.3f}".removeprefix("0") if p < 0.9995 else "1"


def half(found: Paired | None) -> str:
    """Half of the interval; nothing where there is no analysis."""
    if found is None:
        return ""
    return "-" if math.isnan(found.half_width) else f"±{percent(found.half_width)}"


def record(found: Paired | None) -> str:
    """Wins, ties and losses; of many units in percent, so that the table stays narrow."""
    if found is None or found.wins is None or found.ties is None or found.losses is None:
        return ""
    counts = (found.wins, found.ties, found.losses)
    if found.units > 999:
        shares = [100 * count / found.units for count in counts]
        return "/".join(f"{share:.0f}" for share in shares) + "%"
    return "/".join(str(count) for count in counts)


def marks(row: Comparison) -> str:
    """The marks of `NOTES` that the row carries."""
    unit = None if row.new_classes is None else row.new_classes.unit
    carried = {
        JACKKNIFE: unit == "class" and row.measure == "accuracy",
        NO_CLASSES: row.new_classes is None,
        LUCK: not row.decisive.covers_training,
        PREFIX: row.episodes < row.longest or row.folds[0] < row.folds[1],
        SAME: row.decisive.same_networks,
        FAILED: bool(row.a.failed or row.b.failed),
    }
    return "".join(mark for mark in NOTES if carried[mark])
