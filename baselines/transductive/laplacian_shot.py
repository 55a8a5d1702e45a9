"""LaplacianShot: queries that lie close together should get the same label.

Ziko, Dolz, Granger, Ben Ayed: Laplacian Regularized Few-Shot Learning. ICML 2020, algorithm 1, on
rectified prototypes and centred embeddings of length one, as in the paper's experiments.

Idea: queries are labelled all at once: each wants the class of its nearest prototype, and near
neighbours want the same label. Bound updates solve that in a few rounds without training.

Differences: a fixed number of bound updates, where the authors stop when the bound no longer falls;
the weight of the Laplacian is fixed, where the authors choose it on validation for each data set;
items in a rectified prototype are weighted as in BD-CSPN.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from baselines.classifier._classifier import ClassifierRecipe, PretrainedClassifier
from baselines.heads import unit
from baselines.transductive._rectify import rectified, shifted
from benchmark.models.distances._distance import squared_distances
from benchmark.protocols import TrackInfo

BLOCK_VALUES = 1 << 22  # distances held at once: bounds memory whatever the number of queries


@dataclass(frozen=True, kw_only=True)
class LaplacianShotRecipe(ClassifierRecipe):
    """The recipe of LaplacianShot."""

    neighbours: int = 2  # of each query; the authors' knn=3 counts the query itself
    laplacian: float = 0.7  # lambda; the authors try 0.1 to 1
    bound_updates: int = 20
    rectify_sharpness: float = 10.0
    answer_shifted: bool = True  # shifted queries are compared, not those as they came

    def idle(self, track: TrackInfo) -> dict[str, str]:
        """Settings that have no effect on this recipe, each with the reason."""
        reasons = super().idle(track)
        if not self.laplacian:
            reasons |= dict.fromkeys(("neighbours", "bound_updates"), "laplacian is 0")
        return reasons


class LaplacianShot(PretrainedClassifier[LaplacianShotRecipe]):
    """Soft assignments after the last bound update; see `PretrainedClassifier`."""

    head = "laplacian-shot"
    recipe_type = LaplacianShotRecipe
    may_be_zero = ("laplacian",)
    transductive = True

    def classify(self, support: Tensor, labels: Tensor, queries: Tensor) -> Tensor:
        """[b, s, e], int64 [b, s], [b, q, e] -> log-assignments [b, q, n_way], at most zero."""
        recipe = self.recipe
        support, queries = unit(support - self.mean), unit(queries - self.mean)
        moved = shifted(support, queries)
        prototypes = rectified(support, labels, moved, recipe.rectify_sharpness)
        if recipe.answer_shifted:
            queries = moved
        unary = -squared_distances(queries, prototypes)  # [b, q, n]
        near = nearest_others(queries, recipe.neighbours)
        scores = unary.log_softmax(dim=2)
        for _ in range(recipe.bound_updates):  # eq. 10
            around = sum_of_rows(scores.exp(), near)
            scores = (unary + recipe.laplacian * around).log_softmax(dim=2)
        return scores


def nearest_others(queries: Tensor, neighbours: int) -> Tensor:
    """[b, q, e] -> int64 [b, q, k]: the queries that lie nearest to each, itself left out."""
    count = queries.shape[1]
    found = []
    for part in torch.split(queries, max(1, BLOCK_VALUES // count**2)):
        distances = squared_distances(part, part)
        distances.diagonal(dim1=1, dim2=2).fill_(torch.inf)
        found.append(distances.topk(min(neighbours, count - 1), dim=2, largest=False).indices)
    return torch.cat(found)


def sum_of_rows(values: Tensor, rows: Tensor) -> Tensor:
    """[b, q, n], int64 [b, q, k] -> [b, q, n]: the sum of the k rows that `rows` names."""
    total = torch.zeros_like(values)
    for row in rows.unbind(dim=2):  # few: cheaper than a product with a table [q, q] of zeros
        total = total + values.gather(1, row[:, :, None].expand_as(values))
    return total
