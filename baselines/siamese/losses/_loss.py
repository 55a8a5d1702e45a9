"""What every loss offers, and its two usual forms: on all distances, and on single pairs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from baselines.siamese.losses._masks import highest, same_class
from baselines.siamese.traits import Traits
from benchmark.models.distances._distance import Distance

COSINE_RADIUS = 0.6  # of `distances/cosine.py`
GREATEST_SCALE = 100.0  # of learned logits, as in CLIP


@dataclass(frozen=True)
class LossSettings:
    """What may be set of a loss; a loss reads what its `Needs` declare.

    Attributes:
        margin: in the distance's unit.
        temperature: divides what `Loss.similarity` gives; above zero for a loss that has one.
        learn_temperature: the temperature is where training starts, and is learned.
        hardest: share in (0, 1] of the pairs or triplets that count, those of highest loss.
    """

    margin: float = 0.0
    temperature: float = 0.0
    learn_temperature: bool = False
    hardest: float = 1.0


class Loss(nn.Module):
    """A loss on the distances of a batch; its own weights, if any, are trained with the network.

    Args:
        traits: what the distance declares.
        settings: what is set of the loss.
    """

    def __init__(self, traits: Traits, settings: LossSettings) -> None:
        super().__init__()
        self.traits = traits
        self.settings = settings
        self.margin = settings.margin
        self.hardest = settings.hardest
        if settings.learn_temperature:
            self.log_scale = nn.Parameter(torch.tensor(-math.log(settings.temperature)))

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

    @property
    def temperature(self) -> float | Tensor:
        """What divides the similarity: as it is set, or a learned scalar of at least 0.01.

        It is learned as the logarithm of its inverse, the scale of the logits, which is cut to at
        most 100 before use: Radford et al.: Learning Transferable Visual Models From Natural
        Language Supervision (CLIP). ICML 2021, section 2.5. The similarity has the cosine's unit
        whatever the distance, so that CLIP's bound means the same here.
        """
        if not self.settings.learn_temperature:
            return self.settings.temperature
        with torch.no_grad():  # the weight itself: beyond the bound it would have no way back
            self.log_scale.clamp_(max=math.log(GREATEST_SCALE))
        return (-self.log_scale).exp()

    def sharpened(self, d: Tensor) -> Tensor:
        """Distances [...] -> logits [...]: their similarity over the temperature."""
        return self.similarity(d) / self.temperature


class TableLoss(Loss):
    """A loss on the distances of all pairs of a class-balanced batch."""

    def forward(
        self, distance: Distance, embeddings: Tensor, labels: Tensor, chosen: Tensor | None
    ) -> Tensor:
        """The loss of one batch; see `Loss.forward`."""
        return self.of_table(distance(embeddings, embeddings), *same_class(labels))

    def of_table(self, d: Tensor, similar: Tensor, different: Tensor) -> Tensor:
        """The loss of a table, a scalar.

        Args:
            d: float [b, b], distances of all pairs.
            similar: bool [b, b], pairs of two items of one class.
            different: bool [b, b], pairs of two classes.
        """
        raise NotImplementedError


class PairLoss(Loss):
    """The mean loss of single pairs; of all pairs of a class-balanced batch or of given ones.

    In a class-balanced batch similar and different pairs weigh equally. With a share `hardest`
    below one, only that share of the similar and of the different pairs counts.
    """

    def forward(
        self, distance: Distance, embeddings: Tensor, labels: Tensor, chosen: Tensor | None
    ) -> Tensor:
        """Scalar: the mean over pairs; see `Loss.forward` for the arguments."""
        if chosen is None:
            similar, different = same_class(labels)
            losses = self.of_pairs(distance(embeddings, embeddings), different)
            parts = [highest(losses[kind], self.hardest) for kind in (similar, different)]
            of_similar, of_different = (part.sum() / max(1, len(part)) for part in parts)
            return 0.5 * (of_similar + of_different)
        first, second = chosen.unbind(1)
        different = labels[first] != labels[second]
        losses = self.of_pairs(distance.pairs(embeddings[first], embeddings[second]), different)
        if self.hardest < 1:
            parts = [highest(losses[kind], self.hardest) for kind in (~different, different)]
            losses = torch.cat(parts)
        return losses.mean()

    def of_pairs(self, d: Tensor, different: Tensor) -> Tensor:
        """Distances [...] and whether of two classes, bool [...] -> the loss of each pair [...]."""
        raise NotImplementedError
