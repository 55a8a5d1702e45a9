"""Transductive fine-tuning: the support's cross-entropy plus the entropy of the queries.

Dhillon, Chaudhari, Ravichandran, Soatto: A Baseline for Few-Shot Image Classification. ICLR 2020,
sections 3.1 (weights start at the class means, "support-based initialization") and 3.2 (eq. 8).

Idea: start a linear layer at the class means, then tune it until it is right about the supports and
sure about the queries, whose labels it does not know.

Differences: only the linear head is tuned, on embeddings of length one, where the paper tunes the
whole network in 25 steps of rate 5e-5; the head alone takes steps of 5e-4. Logits are multiplied by
a fixed number, because inner products of such embeddings never differ by more than two; the
paper's are the logits of the training classes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from baselines.classifier._classifier import ClassifierRecipe, PretrainedClassifier
from baselines.classifier.baseline import with_one
from baselines.heads import class_means, one_hot, unit

MEMORY, SQUARE_MEMORY, TINY = 0.9, 0.999, 1e-8  # Kingma & Ba 2015


@dataclass(frozen=True, kw_only=True)
class FineTuningRecipe(ClassifierRecipe):
    """The recipe of transductive fine-tuning."""

    tuning_steps: int = 25
    tuning_rate: float = 0.0005  # validation: faster is worse
    tuning_scale: float = 10.0  # of the logits


class TransductiveFineTuning(PretrainedClassifier[FineTuningRecipe]):
    """Logits of the tuned head; see `PretrainedClassifier`."""

    head = "transductive-fine-tuning"
    recipe_type = FineTuningRecipe
    distance = "cosine"
    transductive = True

    def classify(self, support: Tensor, labels: Tensor, queries: Tensor) -> Tensor:
        """[b, s, e], int64 [b, s], [b, q, e] -> logits [b, q, n_way]."""
        recipe = self.recipe
        support, queries = unit(support), unit(queries)
        weights = unit(class_means(support, labels))
        weights = torch.cat([weights, torch.zeros_like(weights[..., :1])], dim=2)  # no bias yet
        targets = one_hot(labels)
        support, queries = with_one(support), with_one(queries)
        mean, square = torch.zeros_like(weights), torch.zeros_like(weights)
        for step in range(1, recipe.tuning_steps + 1):
            of_support = recipe.tuning_scale * torch.bmm(support, weights.transpose(1, 2))
            of_queries = recipe.tuning_scale * torch.bmm(queries, weights.transpose(1, 2))
            error = (of_support.softmax(dim=2) - targets) / support.shape[1]
            gradient = torch.bmm(error.transpose(1, 2), support)
            steepness = entropy_gradient(of_queries) / queries.shape[1]
            gradient = gradient + torch.bmm(steepness.transpose(1, 2), queries)
            gradient = recipe.tuning_scale * gradient
            mean = MEMORY * mean + (1 - MEMORY) * gradient
            square = SQUARE_MEMORY * square + (1 - SQUARE_MEMORY) * gradient.square()
            deviation = (square / (1 - SQUARE_MEMORY**step)).sqrt() + TINY
            weights = weights - recipe.tuning_rate * mean / (1 - MEMORY**step) / deviation
        return recipe.tuning_scale * torch.bmm(queries, weights.transpose(1, 2))


def entropy_gradient(logits: Tensor) -> Tensor:
    """Logits [..., n] -> the gradient [..., n] of the entropy of their softmax."""
    log_p = logits.log_softmax(dim=-1)
    p = log_p.exp()
    entropy = -(p * log_p).sum(dim=-1, keepdim=True)
    return -p * (log_p + entropy)
