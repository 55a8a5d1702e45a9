"""SimpleShot: nearest centroid on embeddings that are centred and brought to length one.

Wang, Chao, Weinberger, van der Maaten: SimpleShot: Revisiting Nearest-Neighbor Classification for
Few-Shot Learning. arXiv 1911.04623, 2019, section 3: "un" takes the embeddings as they are, "l2n"
divides by their length, "cl2n" subtracts the mean embedding of the training classes first.

Idea: no meta-learning at all: embeddings of an ordinary classifier, shifted so that their mean is
zero, brought to length one, and compared with the class means.

Differences: the mean is that of at most 4,096 training items, spread evenly over the classes; the
backbone, the schedule and the augmentation are the suite's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from baselines.classifier._classifier import ClassifierRecipe, PretrainedClassifier
from baselines.heads import class_means, unit
from benchmark.models.distances._distance import squared_distances


@dataclass(frozen=True, kw_only=True)
class SimpleShotRecipe(ClassifierRecipe):
    """The recipe of SimpleShot."""

    transform: Literal["un", "l2n", "cl2n"] = "cl2n"


class SimpleShot(PretrainedClassifier[SimpleShotRecipe]):
    """The nearest class mean by Euclidean distance; see `PretrainedClassifier`."""

    head = "simple-shot"
    recipe_type = SimpleShotRecipe

    def classify(self, support: Tensor, labels: Tensor, queries: Tensor) -> Tensor:
        """[b, s, e], int64 [b, s], [b, q, e] -> [b, q, n_way], squared distances below zero."""
        return -squared_distances(
            self.transformed(queries), class_means(self.transformed(support), labels)
        )

    def transformed(self, embeddings: Tensor) -> Tensor:
        """[..., e] -> [..., e], as the recipe's `transform` says."""
        if self.recipe.transform == "un":
            return embeddings
        return unit(embeddings - self.mean if self.recipe.transform == "cl2n" else embeddings)
