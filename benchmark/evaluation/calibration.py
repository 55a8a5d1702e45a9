"""How sure a model is, counted: confidences by bin, after one temperature fitted on validation.

Guo, Pleiss, Sun, Weinberger: On Calibration of Modern Neural Networks. ICML 2017, section 4.2. The
scores of whatever model, divided by the temperature, are the logits of a softmax; the temperature
is the one under which the validation answers are most likely. It moves no decision.
"""

from __future__ import annotations

import torch
from torch import Tensor

from benchmark.records.schema import Calibration

BINS = 15  # of equal width, as in the paper
FITTED = 400  # validation episodes at most: a single number needs no more
DOUBLINGS = 40.0  # the temperature is sought between 2^-40 and 2^40 of the scores' own spread


class Kept:
    """Keeps the scores of the first validation episodes, and fits the temperature to them."""

    def __init__(self) -> None:
        self._scores: list[Tensor] = []
        self._labels: list[Tensor] = []
        self._episodes = 0

    def __call__(self, scores: Tensor, labels: Tensor) -> None:
        """Scores [b, q, n] and int64 [b, q]."""
        wanted = max(0, FITTED - self._episodes)
        self._episodes += len(scores)
        if wanted:
            self._scores.append(scores[:wanted].flatten(0, 1).double().cpu())
            self._labels.append(labels[:wanted].flatten().cpu())

    def temperature(self) -> float | None:
        """The most likely temperature; None where the scores say nothing, or none were kept."""
        if not self._scores:
            return None
        return temperature(torch.cat(self._scores), torch.cat(self._labels))


class Binned:
    """Counts confidences at a temperature, block by block."""

    def __init__(self, at: float) -> None:
        self.at = at
        self._sums = torch.zeros(BINS, 3, dtype=torch.float64)  # answers, correct, confidence

    def __call__(self, scores: Tensor, labels: Tensor) -> None:
        """Scores [b, q, n] and int64 [b, q]."""
        confidence = torch.softmax(scores / self.at, dim=2).amax(dim=2).flatten().double().cpu()
        # The decision is the score's: rounding in the softmax may make two of them equal.
        right = (scores.argmax(dim=2) == labels).flatten().cpu()
        where = (confidence * BINS).long().clamp(max=BINS - 1)
        ones = torch.ones_like(confidence)
        for column, values in enumerate((ones, right.double(), confidence)):
            self._sums[:, column].index_add_(0, where, values)

    def counts(self) -> Calibration:
        """The counts as a record holds them."""
        answers, correct, confidence = self._sums.T
        return Calibration(
            temperature_millionths=max(1, round(1e6 * self.at)),
            answers=[int(n) for n in answers],
            correct=[int(n) for n in correct],
            confidence_millionths=[round(1e6 * float(c)) for c in confidence],
        )


def temperature(scores: Tensor, labels: Tensor) -> float | None:
    """The temperature t > 0 of most likely answers under softmax(scores / t).

    The negative log-likelihood is convex in 1 / t, so that the sign of its slope leads to the one
    minimum by bisection.

    Args:
        scores: float64 [m, n].
        labels: int64 [m].

    Returns:
        None where the wrong answers score no less than the right ones on average (no finite
        temperature is best), or where all scores are equal.
    """
    scores = scores - scores.mean(dim=1, keepdim=True)
    spread = float(scores.std())
    if not spread > 0:
        return None
    unit = scores / spread
    right = unit.gather(1, labels[:, None]).mean()
    if not right > 0:
        return None

    def slope(log: float) -> float:
        """Of the mean negative log-likelihood, by beta = 2^log; it rises with beta."""
        beta = 2.0**log
        expected = (torch.softmax(beta * unit, dim=1) * unit).sum(dim=1).mean()
        return float(expected - right)

    low, high = -DOUBLINGS, DOUBLINGS
    if slope(high) < 0:  # every answer is right: the surer the better, without end
        return float(spread * 2.0**-DOUBLINGS)
    while high - low > 1e-4:
        middle = (low + high) / 2
        low, high = (low, middle) if slope(middle) > 0 else (middle, high)
    return float(spread * 2.0**-high)
