"""BD-CSPN: prototypes rectified by label propagation and feature shifting.

Liu, Song, Qin: Prototype Rectification for Few-Shot Learning. ECCV 2020, section 3.2: the shift
between support and queries is taken away, queries take part in the class means, and the cosine with
the new prototypes decides.

Idea: one support is a biased guess of its class's centre. Taking all queries of the episode into
account corrects two biases: the shift between supports and queries, and the distance of a class's
few supports from its centre.

Differences: every query is used for the prototypes, where the paper takes the surest ones of each
class; the classifier that is trained is the recipe's (`classifier=cosine` is the paper's).
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from baselines.classifier._classifier import ClassifierRecipe, PretrainedClassifier
from baselines.heads import cosines, unit
from baselines.transductive._rectify import rectified, shifted


@dataclass(frozen=True, kw_only=True)
class BdCspnRecipe(ClassifierRecipe):
    """The recipe of BD-CSPN."""

    rectify_sharpness: float = 10.0  # epsilon of eq. 6
    answer_shifted: bool = True  # shifted queries are compared, not those as they came


class BdCspn(PretrainedClassifier[BdCspnRecipe]):
    """The rectified prototype of highest cosine; see `PretrainedClassifier`."""

    head = "bd-cspn"
    recipe_type = BdCspnRecipe
    distance = "cosine"
    transductive = True

    def classify(self, support: Tensor, labels: Tensor, queries: Tensor) -> Tensor:
        """[b, s, e], int64 [b, s], [b, q, e] -> cosines [b, q, n_way] in [-1, 1]."""
        support, queries = unit(support), unit(queries)
        moved = shifted(support, queries)
        prototypes = rectified(support, labels, moved, self.recipe.rectify_sharpness)
        return cosines(moved if self.recipe.answer_shifted else queries, prototypes)
