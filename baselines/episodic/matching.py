"""Matching networks, with and without full context embeddings.

Vinyals, Blundell, Lillicrap, Kavukcuoglu, Wierstra: Matching Networks for One Shot Learning. NIPS
2016, section 2.1 and appendix A.

Idea: a query takes the labels of the supports, weighted by a softmax over its cosines with them: a
nearest-neighbour vote that can be trained through. With full context embeddings the supports are
read by a bidirectional LSTM and the query by one that attends to them.

Differences: cosines are divided by a temperature, because a softmax of numbers between -1 and 1
over many supports is flat; episodes, augmentation and learning rate are those of the suite's other
episodic methods, and an episode's classes come from one alphabet where the paper mixes all. The
full context embeddings start from h_0 = f'(x) (the paper leaves it open) and keep W of size e^2,
which is large for wide embeddings; K is 3 (the paper names no number).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from baselines.episodic._episodes import EpisodicClassifier, EpisodicRecipe, head_weights
from baselines.heads import cosines, one_hot
from benchmark.errors import OneshotError
from benchmark.protocols import TrackInfo

SMALLEST = 1e-30  # probability; its logarithm is finite


@dataclass(frozen=True, kw_only=True)
class MatchingRecipe(EpisodicRecipe):
    """The recipe of a matching network."""

    temperature: float = 0.05  # divides the cosines; validation on glyphs


@dataclass(frozen=True, kw_only=True)
class FullContextRecipe(MatchingRecipe):
    """The recipe of a matching network with full context embeddings."""

    steps: int = 3  # K, in which the query reads the support


class Matching(EpisodicClassifier[MatchingRecipe]):
    """Answers by the labels of the supports, each weighted by the attention it gets.

    Args:
        seed: draws the weights.
        track: decides input size, channels and augmentation.
        budget: "quick", "standard" or "full".
        settings: fields of `MatchingRecipe`.

    Raises:
        OneshotError: a setting that does not exist or has a bad value.
    """

    ordered_support = False
    sharpness = "temperature"
    recipe_type: type[MatchingRecipe] = MatchingRecipe

    def __init__(self, seed: int, track: TrackInfo, budget: str = "quick", **settings: Any) -> None:
        super().__init__(seed, track, budget, self.recipe_type, settings)
        if not self.recipe.temperature > 0:
            raise OneshotError("The setting temperature must be above zero.")

    def classify(self, support: Tensor, labels: Tensor, queries: Tensor) -> Tensor:
        """[b, s, e], int64 [b, s], [b, q, e] -> log-probabilities [b, q, n_way], eq. 1."""
        support, queries = self.in_context(support, queries)
        attention = (cosines(queries, support) / self.recipe.temperature).softmax(dim=2)
        return (attention @ one_hot(labels)).clamp(min=SMALLEST).log()

    def in_context(self, support: Tensor, queries: Tensor) -> tuple[Tensor, Tensor]:
        """[b, s, e] and [b, q, e] -> the same, as they are compared: g(x_i) and f(x)."""
        return support, queries


class FullContext(Matching):
    """A matching network whose embeddings depend on the whole support set (appendix A).

    The supports are read one after another: their order matters.

    Args:
        seed: draws the weights.
        track: decides input size, channels and augmentation.
        budget: "quick", "standard" or "full".
        settings: fields of `FullContextRecipe`.

    Raises:
        OneshotError: a setting that does not exist or has a bad value.
    """

    ordered_support = True
    fixed_width = True
    recipe: FullContextRecipe
    recipe_type = FullContextRecipe

    def __init__(self, seed: int, track: TrackInfo, budget: str = "quick", **settings: Any) -> None:
        super().__init__(seed, track, budget, **settings)
        if self.recipe.steps < 1:
            raise OneshotError("The setting steps must be at least 1.")
        e = self.recipe.embedding
        with head_weights(seed):
            self.read_support = nn.LSTM(e, e, batch_first=True, bidirectional=True)
            self.read_query = nn.LSTMCell(2 * e, e)

    def in_context(self, support: Tensor, queries: Tensor) -> tuple[Tensor, Tensor]:
        """g(x_i) = forth + back + g'(x_i) (A.2) and f(x) = attLSTM(f'(x), g(S), K) (A.1).

        The hidden state [h, r] of eq. 3 enters the gates as the input r and the state h: the same.
        """
        forth, back = self.read_support(support)[0].chunk(2, dim=2)
        support = forth + back + support
        b, q, e = queries.shape
        own = queries.reshape(b * q, e)
        h, c = own, torch.zeros_like(own)
        for _ in range(self.recipe.steps):
            attention = (h.view(b, q, e) @ support.transpose(1, 2)).softmax(dim=2)  # eq. 6
            r = (attention @ support).reshape(b * q, e)  # eq. 5
            h, c = self.read_query(torch.cat([own, r], dim=1), (h, c))
            h = h + own  # eq. 4
        return support, h.view(b, q, e)
