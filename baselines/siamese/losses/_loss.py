"""What every loss offers, and the masks that they share."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from baselines.siamese.distances._distance import Distance
from baselines.siamese.traits import Traits

COSINE_RADIUS = 0.6  # of `distances/cosine.py`
LOWEST = -1e30  # instead of minus infinity, whose gradients are NaN


class Loss(nn.Module):
    """A loss on the distances of a batch; its own weights, if any, are trained with the network.

    Args:
        traits: what the distance declares.
        margin: in the distance's unit; losses without a margin do not read it.
    """

    def __init__(self, traits: Traits, margin: float) -> None:
        super().__init__()
        self.traits = traits
        self.margin = margin

    def prepare(self, classes: int, embedding: int, seed: int) -> None:
        """Makes weights of the loss that depend on the training data, once before training.

        Args:
            classes: labels lie in [0, classes).
            embedding: width e of the embeddings.
            seed: of the training.
        """

    def forward(
        self, distance: Distance, embeddings: Tensor, labels: Tensor, chosen: Tensor | None
    ) -> Tensor:
        """The loss of one batch.

        Args:
            distance: the distance to learn with.
            embeddings: float [b, e].
            labels: int64 [b].
            chosen: int64 [p, 2] pairs or [t, 3] triplets of positions in the batch, or None for
                all that the batch holds.

        Returns:
            Scalar.
        """
        raise NotImplementedError

    def similarity(self, d: Tensor) -> Tensor:
        """Distances [...] in the cosine's terms [...], for losses published for the cosine.

        1 - d of the cosine distance is the cosine itself; another distance is measured in its own
        radius. What can fall below zero has no greatest similarity: log-odds of zero get the middle
        of the scale, an inner product of zero is a similarity of zero, as it is for the cosine.
        """
        if self.traits.non_negative:
            at_zero = 1.0
        else:
            at_zero = 1 - COSINE_RADIUS / 2 if self.traits.logit else 0.0
        return at_zero - d * (COSINE_RADIUS / self.traits.radius)


def same_class(labels: Tensor) -> tuple[Tensor, Tensor]:
    """int64 [b] -> bool [b, b] twice: pairs of two items of one class, and of two classes."""
    same = labels[:, None] == labels[None, :]
    itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    return same & ~itself, ~same


def balanced(values: Tensor, similar: Tensor, different: Tensor) -> Tensor:
    """Mean of `values` if similar and different pairs were drawn equally often; a scalar."""
    of_similar = values[similar].sum() / similar.sum().clamp(min=1)
    of_different = values[different].sum() / different.sum().clamp(min=1)
    return 0.5 * (of_similar + of_different)


def log_sum_exp(values: Tensor, chosen: Tensor, dim: int = 1) -> Tensor:
    """Log sum exp over the chosen values, far below zero where none is.

    Args:
        values: float [n, m].
        chosen: bool [n, m].
        dim: the dimension to sum over.
    """
    return values.masked_fill(~chosen, LOWEST).logsumexp(dim=dim)


def mean_over(values: Tensor, chosen: Tensor) -> Tensor:
    """Mean of the chosen values, 0 where none is chosen; both [...]; a scalar."""
    mean: Tensor = (values * chosen).sum() / chosen.sum().clamp(min=1)
    return mean


def nth_of_class(labels: Tensor, n: int) -> Tensor:
    """Positions of the n-th item (from 0) of each class of two items or more, in order of class.

    Args:
        labels: int64 [b].
        n: at most 1, so that every such class has one.
    """
    same = labels[:, None] == labels[None, :]
    rank = same.tril(diagonal=-1).sum(dim=1)  # how many of its class come before it
    found = ((rank == n) & (same.sum(dim=1) > 1)).nonzero()[:, 0]
    return found[labels[found].argsort()]
