"""Almost no inner loop: MAML that adapts the head alone, on learn2learn's implementation.

Raghu, Raghu, Bengio, Vinyals: Rapid Learning or Feature Reuse? Towards Understanding the
Effectiveness of MAML. ICLR 2020, section 4.

Idea: what MAML learns is mostly a good embedding, so the steps on an episode touch the last layer
alone. It costs a fraction of MAML, since each image passes the backbone once.

Differences: those of MAML, see `maml.py`.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from baselines.episodic.maml import Maml, adapting
from baselines.trained import TrainedNetwork


class Anil(Maml):
    """Embeds each item once and adapts the linear head; see `AdaptingNetwork`."""

    def answers(
        self, support: Tensor, labels: Tensor, queries: Tensor, steps: int, first_order: bool
    ) -> Tensor:
        """Logits [q, ways] of a clone of the head after `steps` on the support."""
        known, asked = self._embedded(support, queries)
        learner = adapting(self.head, self.recipe.inner_rate, first_order)
        for _ in range(steps):
            learner.adapt(cross_entropy(learner(known), labels))
        scores: Tensor = learner(asked)
        return scores

    def _embedded(self, support: Tensor, queries: Tensor) -> tuple[Tensor, Tensor]:
        """Embeddings [s, e] and [q, e]."""
        if self.recipe.statistics == "queries":
            return TrainedNetwork.forward(self, support), TrainedNetwork.forward(self, queries)
        with self.statistics.of_first(len(support)):
            both = TrainedNetwork.forward(self, torch.cat([support, queries]))
        return both[: len(support)], both[len(support) :]
