"""What every loss offers, and the masks that they share."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from baselines.siamese.distances._distance import Distance
from baselines.siamese.traits import Traits


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
