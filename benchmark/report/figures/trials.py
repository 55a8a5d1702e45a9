"""Verification trials as a sheet: pairs of items, the right answer, and the model's log-odds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.report.figures import theme
from benchmark.report.figures.tiles import WRONG, Items, sheet
from benchmark.report.hardest import Hardest
from benchmark.tasks.loading import LoadedTask
from benchmark.tasks.trials import Trials

MARGIN, HEAD, ABREAST = 28, 116, 6  # pixels, pixels, trials in a row
CAPTION, SPACE, LEAST = 52, 30, 216  # below a pair, between pairs, from pair to pair


def draw(
    loaded: LoadedTask,
    numbers: NDArray[np.int64],
    model: str | None = None,
    log_odds: NDArray[np.float64] | None = None,
    found: Hardest | None = None,
) -> bytes:
    """Some trials as a PNG file, in the order given.

    Args:
        loaded: the task.
        numbers: int64 [k], which trials.
        model: whose answers are marked, in words.
        log_odds: float64 [k] of "same"; above 0 the model says so. None marks nothing.
        found: how the records' models answered these trials, to be told instead.
    """
    trials = loaded.episodes
    assert isinstance(trials, Trials)
    references, probes = trials.references[numbers], trials.probes[numbers]  # (k, r), (k,)
    same, kinds = trials.labels.same[numbers], trials.labels.kinds[numbers]
    items = Items(loaded.data, np.concatenate([references.ravel(), probes]))
    wide, high = items.size
    across = max((references.shape[1] + 1) * wide + 14 + SPACE, LEAST)
    rows = -(-len(numbers) // ABREAST)
    with theme.theme():
        width = 2 * MARGIN + ABREAST * across - SPACE
        page = sheet(width, HEAD + rows * (high + CAPTION + 18) + MARGIN)
        what = "the hardest trials" if found else "trials"
        page.text(MARGIN, 24, f"{loaded.task.name}: {what}", 26, weight="bold")
        page.text(MARGIN, 62, _told(model, log_odds, same, found), 17, color=theme.MUTED)
        for place, number in enumerate(numbers):
            x = MARGIN + (place % ABREAST) * across
            y = HEAD + (place // ABREAST) * (high + CAPTION + 18)
            wrong = log_odds is not None and (log_odds[place] > 0) != same[place]
            for column, item in enumerate([*references[place], probes[place]]):
                at = x + column * wide + (14 if column == references.shape[1] else 0)
                items.draw(page, int(item), at, y)
                page.frame(at, y, items.size, bool(wrong))
            kind = trials.labels.kind_names[int(kinds[place])]
            truth = "same" if same[place] else f"different, {kind}"
            page.text(x, y + high + 6, f"{number}: {truth}", 16)
            if log_odds is not None:
                said = f"says {'same' if log_odds[place] > 0 else 'different'}"
                look = {"color": WRONG, "weight": "bold"} if wrong else {"color": theme.MUTED}
                page.text(x, y + high + 28, f"{said} ({log_odds[place]:+.1f})", 16, **look)
            elif found is not None:
                share = f"{100 * found.right[place]:.0f} % right"
                page.text(x, y + high + 28, share, 16, color=theme.MUTED)
        return page.png()


def _told(
    model: str | None,
    log_odds: NDArray[np.float64] | None,
    same: NDArray[np.bool_],
    found: Hardest | None,
) -> str:
    if found is not None:
        out = f"; {found.shorter} with fewer trials left out" if found.shorter else ""
        models = f"{found.models} model{'s' if found.models != 1 else ''}"
        return (
            f"Right answers in percent: a mean over {models} of the records{out}. Of equally hard "
            "trials first those whose\nwrong answer they were surest of."
        )
    if log_odds is None:
        return "" if model is None else f"{model}: no validation trials that calibrate its answers"
    right = int(((log_odds > 0) == same).sum())
    return (
        f"{model}: {right} of {len(same)} right. In brackets its log-odds of “same”, calibrated on "
        "validation; wrong answers are framed."
    )
