"""A twin and its answers in words."""

from __future__ import annotations

from benchmark.statistics.calibrated import DOUBTS
from benchmark.twin.calibrate import Calibration
from benchmark.twin.twin import Twin


def model_line(twin: Twin) -> str:
    """Which model it is and how images are shown to it."""
    form = twin.form
    colour = "RGB" if form.channels == 3 else "grey"
    what = {"character": "characters", "photograph": "photographs"}[form.family]
    scale = "" if form.scale is None else f"; {form.scale.words()}"
    return (
        f"{twin.key}, seed {twin.found.job.seed}, track {form.track}: images as {what}, {colour}, "
        f"{form.side}x{form.side} ({form.fit}){scale}"
    )


def calibration_line(fitted: Calibration) -> str:
    """What the probability was fitted on, and how often the decision is right there."""
    if not fitted.fitted:
        return (
            f"cannot be calibrated on the {fitted.trials:,} pairs of {fitted.task}: "
            f"{DOUBTS[fitted.doubt or 'reversed']}"
        )
    uncertain = "" if fitted.doubt is None else f"; uncertain: {DOUBTS[fitted.doubt]}"
    return (
        f"calibrated on {fitted.trials:,} pairs of {fitted.task}, of which "
        f"{100 * fitted.accuracy:.1f} % are told right; as many same as different pairs assumed"
        f"{uncertain}"
    )


def likely(probability: float) -> str:
    """A probability in percent; never 0 or 100, of which nobody is sure."""
    value = 100 * probability
    if value < 0.1 or value > 99.9:
        return "< 0.1 %" if value < 0.1 else "> 99.9 %"
    return f"{value:.0f} %" if 1 <= value <= 99 else f"{value:.1f} %"
