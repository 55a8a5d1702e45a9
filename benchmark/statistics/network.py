"""One trained network's answers to verification trials, as the statistics take them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

OVERALL = "overall"  # all kinds of impostors together


@dataclass(frozen=True, eq=False)
class Network:
    """The answers of one trained network to the trials of its fold.

    Attributes:
        log_odds: float64 [t].
        same: bool [t].
        kinds: int [t], index into `kind_names`.
        kind_names: "genuine", then the kinds of impostors.
        subjects: int [t, 2], or None where they are not known.
        seed, fold: of the network; networks of one seed are averaged over their folds.
        calibrated: whether 0 is the validation threshold.
    """

    log_odds: NDArray[np.float64]
    same: NDArray[np.bool_]
    kinds: NDArray[np.integer]
    kind_names: tuple[str, ...]
    subjects: NDArray[np.integer] | None
    seed: int = 0
    fold: int | None = None
    calibrated: bool = True

    @property
    def constant(self) -> bool:
        """Whether all trials got one score: the model tells nothing apart."""
        return bool((self.log_odds == self.log_odds[0]).all())
