"""Reptile: moves the weights towards those that a few steps on each episode lead to.

Nichol, Achiam, Schulman: On First-Order Meta-Learning Algorithms. arXiv 1803.02999, 2018,
algorithm 2.

Idea: takes some gradient steps on one episode, then moves the initial weights a little towards
where the steps led. No query set, no second derivatives.

Differences: the inner steps are plain gradient descent (theirs: Adam without momentum), each on
one item of every class; the mean way back from the adapted weights is the gradient of the suite's
optimiser, as they suggest in section 2, instead of a step of linearly falling size; batch norm
takes its statistics from the support set (`_episode_norm.py`).
"""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn.functional import cross_entropy

from baselines.episodic._adaptation import AdaptationRecipe, AdaptingNetwork
from benchmark.protocols import TrackInfo

Weights = dict[str, Tensor]


class ReptileRecipe(AdaptationRecipe):
    """The recipe of Reptile."""

    def idle(self, track: TrackInfo) -> dict[str, str]:
        """Settings that have no effect on this recipe, each with the reason."""
        return super().idle(track) | {"first_order": "Reptile takes no second derivatives"}


class Reptile(AdaptingNetwork):
    """Adapts all weights by gradient descent, trained without second derivatives."""

    recipe_type = ReptileRecipe
    defaults: ClassVar[dict[str, dict[str, Any]]] = {
        "": {"first_order": True, "inner_steps": 6, "inner_rate": 0.1, "test_steps": 10},
    }

    def answers(
        self, support: Tensor, labels: Tensor, queries: Tensor, steps: int, first_order: bool
    ) -> Tensor:
        """Logits [q, ways] after `steps` on the support; no derivatives lead back."""
        adapted, _ = self.adapted([support] * steps, labels)
        if self.recipe.statistics == "queries":
            return self._scores(adapted, queries)
        with self.statistics.of_first(len(support)):
            return self._scores(adapted, torch.cat([support, queries]))[len(support) :]

    def adapted(self, batches: list[Tensor], labels: Tensor) -> tuple[Weights, Tensor]:
        """The weights after one step on each batch [n, c, h, w], and the mean loss before each."""
        weights: Weights = dict(self.named_parameters())
        total = torch.zeros((), device=labels.device)
        for batch in batches:
            loss = cross_entropy(self._scores(weights, batch), labels)
            slopes = torch.autograd.grad(loss, list(weights.values()))
            weights = {
                name: (weight - self.recipe.inner_rate * slope).detach().requires_grad_()
                for (name, weight), slope in zip(weights.items(), slopes, strict=True)
            }
            total += loss.detach() / len(batches)
        return weights, total

    def episode_loss(
        self, support: Tensor, labels: Tensor, queries: Tensor, wanted: Tensor
    ) -> Tensor:
        """The mean inner loss, whose gradient here is the way back from the adapted weights."""
        ways = self.recipe.ways
        by_class = [part.reshape(ways, -1, *part.shape[1:]) for part in (support, queries)]
        items = torch.cat(by_class, dim=1)  # [n_way, k + q, c, h, w]
        order = torch.arange(self.recipe.inner_steps) % items.shape[1]
        batches = [items[:, number] for number in order.tolist()]
        adapted, loss = self.adapted(batches, torch.arange(ways, device=items.device))
        back = sum(
            (weight * (weight - adapted[name]).detach()).sum()
            for name, weight in self.named_parameters()
        )
        return loss + back - back.detach()  # type: ignore[union-attr]

    def _scores(self, weights: Weights, images: Tensor) -> Tensor:
        scores: Tensor = functional_call(self, weights, (images,))
        return scores
