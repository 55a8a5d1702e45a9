"""The learning rate as a pure function of the step."""

from __future__ import annotations

import math


def rate(step: int, steps: int, warm_up: float, schedule: str) -> float:
    """Factor in (0, 1] on the learning rate at `step` of `steps`.

    Grows linearly over the first part `warm_up` of the training (Goyal et al. 2017), then stays or
    falls to zero along half a cosine (Loshchilov & Hutter 2017, eq. 5).
    """
    warm = round(warm_up * steps)
    if step < warm:
        return (step + 1) / (warm + 1)
    if schedule == "constant":
        return 1.0
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))
