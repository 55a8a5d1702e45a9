"""Baseline: a linear classifier trained on the support.

Chen, Liu, Kira, Wang, Huang: A Closer Look at Few-shot Classification. ICLR 2019, section 3.2; 100
iterations of SGD with the numbers of the authors' code (rate 0.01, momentum and dampening 0.9,
weight decay 0.001).

Idea: an ordinary classifier of all training classes is a strong start: freeze its backbone, and fit
a new linear layer on the few supports of each episode.

Differences: each iteration takes the whole support, where the authors draw batches of 4; weights
start at zero instead of at random, so that an episode has one answer; the backbone, the schedule
and the augmentation are the suite's.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from baselines.classifier._classifier import ClassifierRecipe, PretrainedClassifier
from baselines.heads import one_hot

MOMENTUM = DAMPENING = 0.9


@dataclass(frozen=True, kw_only=True)
class BaselineRecipe(ClassifierRecipe):
    """The recipe of Baseline."""

    head_steps: int = 100
    head_rate: float = 0.01
    head_decay: float = 0.001


class Baseline(PretrainedClassifier[BaselineRecipe]):
    """Logits of a linear classifier that the support has trained; see `PretrainedClassifier`."""

    head = "baseline"
    recipe_type = BaselineRecipe
    may_be_zero = ("head_decay",)

    def classify(self, support: Tensor, labels: Tensor, queries: Tensor) -> Tensor:
        """[b, s, e], int64 [b, s], [b, q, e] -> logits [b, q, n_way]."""
        targets = one_hot(labels)
        support, queries = with_one(support), with_one(queries)
        weights = support.new_zeros(len(support), targets.shape[2], support.shape[2])
        descent = Descent(self.recipe.head_rate, self.recipe.head_decay)
        for _ in range(self.recipe.head_steps):
            logits = torch.bmm(support, weights.transpose(1, 2))  # [b, s, n]
            weights = descent(weights, torch.bmm(error(logits, targets), support))
        return torch.bmm(queries, weights.transpose(1, 2))


class Descent:
    """SGD on the weights of many episodes at once, as `torch.optim.SGD` does it for one."""

    def __init__(self, rate: float, decay: float) -> None:
        self.rate, self.decay = rate, decay
        self.momentum: Tensor | None = None

    def __call__(self, weights: Tensor, gradient: Tensor) -> Tensor:
        """The weights [...] after a step against the gradient [...]."""
        gradient = gradient + self.decay * weights
        if self.momentum is None:
            self.momentum = gradient
        else:
            self.momentum = MOMENTUM * self.momentum + (1 - DAMPENING) * gradient
        return weights - self.rate * self.momentum


def error(logits: Tensor, targets: Tensor) -> Tensor:
    """Logits and one-hot targets [b, s, n] -> gradient [b, n, s] of the mean cross-entropy."""
    return (logits.softmax(dim=2) - targets).transpose(1, 2) / logits.shape[1]


def with_one(embeddings: Tensor) -> Tensor:
    """[..., e] -> [..., e + 1]: a last coordinate of one, whose weight is the bias."""
    return functional.pad(embeddings, (0, 1), value=1.0)
