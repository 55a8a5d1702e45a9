"""Ridge regression onto the classes, in closed form.

Bertinetto, Henriques, Torr, Vedaldi: Meta-learning with Differentiable Closed-form Solvers. ICLR
2019, eq. 4 to 6 (R2-D2's base learner, by the Woodbury identity).

Idea: freeze an ordinary classifier's backbone and regress the class indicators on the supports'
embeddings; the closed form makes thousands of episodes a matter of seconds.

Differences: the embedding is a classifier's and not meta-learned through the solver; embeddings are
brought to length one; the intercept is not penalised, as in scikit-learn; the penalty is fixed, and
targets need no learned scale because only the order of scores counts.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from baselines.classifier._classifier import ClassifierRecipe, PretrainedClassifier
from baselines.heads import one_hot, unit
from baselines.ridge import ridge


@dataclass(frozen=True, kw_only=True)
class RidgeRecipe(ClassifierRecipe):
    """The recipe of ridge regression."""

    penalty: float = 1.0  # on the squared weights, beside the sum of squared errors


class Ridge(PretrainedClassifier[RidgeRecipe]):
    """Regression of one-hot labels on embeddings; see `PretrainedClassifier`."""

    head = "ridge"
    recipe_type = RidgeRecipe
    distance = "cosine"

    def classify(self, support: Tensor, labels: Tensor, queries: Tensor) -> Tensor:
        """[b, s, e], int64 [b, s], [b, q, e] -> predicted labels [b, q, n_way], about 0 to 1."""
        targets, penalty = one_hot(labels), self.recipe.penalty
        return with_intercept(unit(support), targets, unit(queries), penalty)


def with_intercept(support: Tensor, targets: Tensor, queries: Tensor, penalty: float) -> Tensor:
    """Minimises |X W + b - Y|^2 + penalty |W|^2, and predicts X' W + b.

    Args:
        support: X, float [b, s, e].
        targets: Y, float [b, s, n].
        queries: X', float [b, q, e].
        penalty: above zero.

    Returns:
        float [b, q, n].
    """
    middle, level = support.mean(dim=1, keepdim=True), targets.mean(dim=1, keepdim=True)
    return level + (queries - middle) @ ridge(support - middle, targets - level, penalty)
