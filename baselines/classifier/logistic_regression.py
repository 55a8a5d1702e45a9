"""Logistic regression on embeddings of length one.

Tian, Wang, Krishnan, Tenenbaum, Isola: Rethinking Few-Shot Image Classification: A Good Embedding
Is All You Need? ECCV 2020, section 3.2 (without distillation); the penalty is scikit-learn's
default, as in the authors' code.

Idea: a good embedding is all that is needed: freeze an ordinary classifier's backbone and fit a
regularised logistic regression on the supports of each episode.

Differences: solved for all episodes at once by accelerated gradient descent with restarts
(O'Donoghue, Candes: Adaptive Restart for Accelerated Gradient Schemes. Foundations of Computational
Mathematics 2015) to the same minimum; the backbone, the schedule and the augmentation are the
suite's.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from baselines.classifier._classifier import ClassifierRecipe, PretrainedClassifier
from baselines.heads import one_hot, unit

STEPS = 200  # always as many: where others stop must not change an episode's answer


@dataclass(frozen=True, kw_only=True)
class LogisticRegressionRecipe(ClassifierRecipe):
    """The recipe of logistic regression."""

    inverse_penalty: float = 1.0  # scikit-learn's C


class LogisticRegression(PretrainedClassifier[LogisticRegressionRecipe]):
    """Logits of a multinomial logistic regression; see `PretrainedClassifier`."""

    head = "logistic-regression"
    recipe_type = LogisticRegressionRecipe
    distance = "cosine"

    def classify(self, support: Tensor, labels: Tensor, queries: Tensor) -> Tensor:
        """[b, s, e], int64 [b, s], [b, q, e] -> logits [b, q, n_way]."""
        targets = one_hot(labels)
        return logistic(unit(support), targets, unit(queries), self.recipe.inverse_penalty)


def logistic(support: Tensor, targets: Tensor, queries: Tensor, inverse_penalty: float) -> Tensor:
    """Minimises inverse_penalty * sum of cross-entropies + |W|^2 / 2 over W and a free bias.

    The best weights are combinations of the support, W = X^T A, so that A [s, n] is sought; a step
    against the gradient by W is one of A.

    Args:
        support: X, float [b, s, e].
        targets: one-hot, float [b, s, n].
        queries: float [b, q, e].
        inverse_penalty: above zero.

    Returns:
        Logits, float [b, q, n].
    """
    kernel = torch.bmm(support, support.transpose(1, 2))  # [b, s, s]
    # The loss curves by at most half the largest eigenvalue, and that is at most a sum of a row.
    steepest = 0.5 * inverse_penalty * (kernel.abs().sum(dim=2).amax(dim=1) + support.shape[1]) + 1
    rate = 1 / steepest[:, None, None]
    dual = torch.zeros_like(targets)
    bias = torch.zeros_like(targets[:, :1])
    ahead_dual, ahead_bias = dual, bias
    pace = torch.ones_like(rate)
    for _ in range(STEPS):
        logits = torch.bmm(kernel, ahead_dual) + ahead_bias
        error = inverse_penalty * (logits.softmax(dim=2) - targets)
        by_dual, by_bias = error + ahead_dual, error.sum(dim=1, keepdim=True)
        next_dual, next_bias = ahead_dual - rate * by_dual, ahead_bias - rate * by_bias
        moved_dual, moved_bias = next_dual - dual, next_bias - bias
        uphill = (by_dual * torch.bmm(kernel, moved_dual)).sum(dim=(1, 2), keepdim=True)
        uphill = uphill + (by_bias * moved_bias).sum(dim=(1, 2), keepdim=True)
        pace = torch.where(uphill > 0, 1.0, pace)
        next_pace = (1 + (1 + 4 * pace.square()).sqrt()) / 2
        momentum = (pace - 1) / next_pace
        ahead_dual = next_dual + momentum * moved_dual
        ahead_bias = next_bias + momentum * moved_bias
        dual, bias, pace = next_dual, next_bias, next_pace
    return torch.bmm(torch.bmm(queries, support.transpose(1, 2)), dual) + bias
