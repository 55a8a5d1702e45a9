"""Nearest centroid under the cosine.

Chen, Liu, Xu, Darrell, Wang: Meta-Baseline: Exploring Simple Meta-Learning for Few-Shot Learning.
ICCV 2021, section 3.2, eq. 2 ("Classifier-Baseline").

Idea: embeddings of an ordinary classifier, each class the mean of its supports, the cosine as the
similarity: the plainest use of a trained backbone.

Differences: the backbone, the schedule and the augmentation are the suite's.
"""

from __future__ import annotations

from torch import Tensor

from baselines.classifier._classifier import ClassifierRecipe, PretrainedClassifier
from baselines.heads import class_means, cosines


class NearestCentroid(PretrainedClassifier[ClassifierRecipe]):
    """The class whose mean embedding has the highest cosine; see `PretrainedClassifier`."""

    head = "nearest-centroid"
    recipe_type = ClassifierRecipe
    distance = "cosine"

    def classify(self, support: Tensor, labels: Tensor, queries: Tensor) -> Tensor:
        """[b, s, e], int64 [b, s], [b, q, e] -> [b, q, n_way] in [-1, 1]."""
        return cosines(queries, class_means(support, labels))
