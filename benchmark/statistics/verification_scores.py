"""One trained network's answers to verification trials, as the statistics take them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

OVERALL = "overall"  # all kinds of impostors together


@dataclass(frozen=True, eq=False)
class VerificationScores:
    """The answers of one trained network to the trials of its fold.

    Attributes:
        log_odds: float64 [t].
        order: int [t], the rank of each trial's similarity from 0, equal ones alike; None where
            only log-odds are known.
        same: bool [t].
        kinds: int [t], index into `kind_names`.
        kind_names: "genuine", then the kinds of impostors.
        subjects: int [t, 2], or None where they are not known.
        seed, fold: of the network; networks of one seed are averaged over their folds.
        calibrated: whether 0 is the validation threshold.
        doubt: why there is no calibration, or why it is uncertain; see `calibrated.DOUBTS`.
    """

    log_odds: NDArray[np.float64]
    same: NDArray[np.bool_]
    kinds: NDArray[np.integer]
    kind_names: tuple[str, ...]
    subjects: NDArray[np.integer] | None
    seed: int = 0
    fold: int | None = None
    calibrated: bool = True
    order: NDArray[np.integer] | None = None
    doubt: str | None = None

    @property
    def scores(self) -> NDArray[np.number]:
        """[t]: what ranks the trials. Every measure of ranking depends on their order alone."""
        return self.log_odds if self.order is None else self.order

    @property
    def has_both(self) -> bool:
        """Whether there are trials of both answers, without which there are no rates."""
        return bool(self.same.any() and not self.same.all())

    @property
    def constant(self) -> bool:
        """Whether nothing ranks the trials: all scores are equal."""
        return bool((self.scores == self.scores[0]).all())
