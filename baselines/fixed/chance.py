"""Guessing: the floor under every table, and a check on the harness.

Idea: every class is as likely as any other, whatever the images. A model that scores no better has
learnt nothing; a harness in which it scores better is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from baselines.settings import with_settings
from benchmark.protocols import TrackInfo


@dataclass(frozen=True)
class ChanceRecipe:
    """Nothing to set."""


class Chance:
    """Uniformly random scores from the generator it is given; needs neither seed nor track."""

    input_size = 8  # whatever it is shown, it does not look
    stochastic = True  # read by the checks: its answers are drawn

    def __init__(
        self, seed: int = 0, track: TrackInfo | None = None, budget: str = "quick", **settings: Any
    ) -> None:
        self.recipe = with_settings(ChanceRecipe(), settings)

    def classify_episode(
        self, support: Tensor, labels: Tensor, queries: Tensor, generator: torch.Generator
    ) -> Tensor:
        """[s, ...], int64 [s], [q, ...] -> scores float32 [q, n_way] in [0, 1)."""
        n_way = int(labels.max()) + 1
        scores = torch.rand(len(queries), n_way, generator=generator, device=generator.device)
        return scores.to(queries.device)
