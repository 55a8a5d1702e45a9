"""Whether a model that says 80 % is right 80 % of the time: temperature, bins of integers, ECE.

The temperature is fitted on validation, by whoever holds its logits; a record keeps the bins, which
are integers and add up over episodes and seeds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 15
MILLION = 1_000_000


@dataclass(frozen=True)
class Bins:
    """Answers by the confidence of the class that was chosen; bin i of b is (i / b, (i + 1) / b].

    Attributes:
        count: answers in each bin.
        correct: correct ones among them.
        confidence_millionths: sum of their confidences in millionths.
    """

    count: tuple[int, ...]
    correct: tuple[int, ...]
    confidence_millionths: tuple[int, ...]

    def __add__(self, other: Bins) -> Bins:
        """The bins of both together."""

        def add(one: tuple[int, ...], two: tuple[int, ...]) -> tuple[int, ...]:
            return tuple(x + y for x, y in zip(one, two, strict=True))

        return Bins(
            add(self.count, other.count),
            add(self.correct, other.correct),
            add(self.confidence_millionths, other.confidence_millionths),
        )


@dataclass(frozen=True)
class Reliability:
    """What the bins say.

    Attributes:
        expected_error: expected calibration error (ECE): the mean over answers of the distance of
            confidence and accuracy of their bin, in [0, 1].
        largest_error: the largest such distance of a bin that has answers.
        confidence, accuracy: of each bin in [0, 1], NaN for an empty one.
    """

    expected_error: float
    largest_error: float
    confidence: tuple[float, ...]
    accuracy: tuple[float, ...]


def fit_temperature(logits: NDArray[Any], labels: NDArray[Any]) -> float:
    """The temperature that makes the labels likeliest (Guo et al. 2017, section 4.2).

    The likelihood is concave in 1 / temperature, so its slope, found by bisection, has one root;
    confined to temperatures between 1e-3 and 1e3.

    Args:
        logits: float [answers, classes], any scores, higher is likelier.
        labels: integers [answers], the right classes.

    Raises:
        ValueError: for shapes that do not fit or logits that are not finite.
    """
    z, y = _checked(logits, labels)
    right = z[np.arange(len(y)), y]
    low, high = math.log(1e-3), math.log(1e3)  # of the inverse temperature
    for _ in range(60):
        middle = (low + high) / 2
        expected = (softmax(z * math.exp(middle)) * z).sum(axis=1)
        if float((right - expected).mean()) > 0:
            low = middle
        else:
            high = middle
    return math.exp(-(low + high) / 2)


def softmax(logits: NDArray[Any], temperature: float = 1.0) -> NDArray[np.float64]:
    """Probabilities [answers, classes] of logits divided by the temperature."""
    z = np.asarray(logits, dtype=np.float64) / temperature
    power = np.exp(z - z.max(axis=-1, keepdims=True))
    result: NDArray[np.float64] = power / power.sum(axis=-1, keepdims=True)
    return result


def bins(probabilities: NDArray[Any], labels: NDArray[Any], count: int = BINS) -> Bins:
    """Sorts answers into bins of equal width by their largest probability.

    Of equal probabilities the earlier class is the chosen one, as everywhere in the suite.

    Args:
        probabilities: float [answers, classes] in [0, 1].
        labels: integers [answers].
        count: number of bins.

    Raises:
        ValueError: for shapes that do not fit or values outside [0, 1].
    """
    p, y = _checked(probabilities, labels)
    if p.min() < 0 or p.max() > 1 + 1e-9:
        raise ValueError("probabilities must lie between 0 and 1")
    confidence = np.rint(p.max(axis=1) * MILLION).astype(np.int64)
    right = p.argmax(axis=1) == y
    # In integers, so that no rounding moves an answer over a border.
    place = np.clip((confidence * count - 1) // MILLION, 0, count - 1)

    def per_bin(weights: NDArray[Any]) -> tuple[int, ...]:
        sums = np.zeros(count, dtype=np.int64)
        np.add.at(sums, place, weights)
        return tuple(int(value) for value in sums)

    return Bins(per_bin(np.ones_like(place)), per_bin(right), per_bin(confidence))


def reliability(found: Bins) -> Reliability:
    """ECE, largest error and the points of the reliability diagram (Naeini et al. 2015)."""
    count = np.array(found.count, dtype=np.float64)
    if count.sum() == 0:
        raise ValueError("no answers")
    with np.errstate(invalid="ignore"):
        accuracy = np.array(found.correct) / count
        confidence = np.array(found.confidence_millionths) / MILLION / count
    gap = np.abs(accuracy - confidence)
    full = count > 0
    return Reliability(
        float((gap[full] * count[full]).sum() / count.sum()),
        float(gap[full].max()),
        tuple(confidence.tolist()),
        tuple(accuracy.tolist()),
    )


def _checked(
    scores: NDArray[Any], labels: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[Any]]:
    x, y = np.asarray(scores, dtype=np.float64), np.asarray(labels)
    if x.ndim != 2 or y.shape != x.shape[:1] or x.size == 0:
        raise ValueError(
            f"shapes {x.shape} and {y.shape} do not fit: [answers, classes], [answers]"
        )
    if not np.isfinite(x).all() or y.min() < 0 or y.max() >= x.shape[1]:
        raise ValueError("scores must be finite and labels below the number of classes")
    return x, y
