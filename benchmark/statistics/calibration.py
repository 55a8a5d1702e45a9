"""Whether a model that says 80 % is right 80 % of the time: ECE and the reliability diagram.

The counts are those of a record (`benchmark.records.schema.Calibration`); they are integers and add
up over episodes and seeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MILLION = 1_000_000


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


def reliability(
    answers: Sequence[int], correct: Sequence[int], confidence_millionths: Sequence[int]
) -> Reliability:
    """ECE, largest error and the points of the reliability diagram (Naeini et al. 2015).

    Args:
        answers: in each bin of confidence.
        correct: correct ones among them.
        confidence_millionths: sum of their confidences in millionths.

    Raises:
        ValueError: there are no answers.
    """
    count = np.array(answers, dtype=np.float64)
    if count.sum() == 0:
        raise ValueError("no answers")
    with np.errstate(invalid="ignore"):
        accuracy = np.array(correct) / count
        confidence = np.array(confidence_millionths) / MILLION / count
    gap = np.abs(accuracy - confidence)
    full = count > 0
    return Reliability(
        float((gap[full] * count[full]).sum() / count.sum()),
        float(gap[full].max()),
        tuple(confidence.tolist()),
        tuple(accuracy.tolist()),
    )
