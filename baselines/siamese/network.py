"""The Siamese network: one backbone for both images, a distance, and a loss on the distance.

Bromley, Guyon, LeCun, Säckinger, Shah: Signature Verification Using a "Siamese" Time Delay Neural
Network. NIPS 1993. Each part is a file of its own in `backbones`, `distances` and `losses`.

Idea: twin copies of one network embed two inputs; a distance between the embeddings says how alike
they are. The loss pulls inputs of one class together and pushes others apart, so that classes never
seen in training can be told from one example.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from baselines.recipe import TrainingRecipe
from baselines.settings import derived, optional
from baselines.siamese import _pml, batches
from baselines.siamese.losses._embedding_loss import EmbeddingLoss
from baselines.siamese.losses._loss import GREATEST_SCALE, LossSettings
from baselines.siamese.parts import distance_part, loss_part, needs_of, traits_of
from baselines.siamese.traits import Needs, Traits, unmet
from baselines.trained import TrainedEmbedder, make_recipe
from baselines.training.loop import Draw, train
from benchmark.errors import Refused
from benchmark.protocols import TrackInfo, TrainingData, TrainingResult, TrainingRun

# On the temperature that a loss's paper found for photographs: short texts differ by little
# (validation of languages, 20,000 items: half of it gains three points, twice it loses seven).
SHARPER = {"char-cnn": 0.5}


@dataclass(frozen=True, kw_only=True)
class SiameseRecipe(TrainingRecipe):
    """The recipe of a Siamese network."""

    distance: str = "euclidean"
    loss: str = "contrastive"
    margin: float = 1.0  # the loss's share of the distance's radius; see their files
    temperature: float = 0.0  # of losses that have one; see their files
    learn_temperature: bool = False  # train it with the network: Radford et al. 2021 (CLIP)
    hardest: float = 1.0  # share of pairs or triplets that count: Simo-Serra et al. 2015
    batches: Literal["class-balanced", "pairs", "triplets"] = "class-balanced"
    miner: str = optional("")  # "pml:NAME" chooses the pairs or triplets of a class-balanced batch
    distance_code: str = derived("", optional=True)  # hash of a user's file
    loss_code: str = derived("", optional=True)  # hash of a user's file, or the library's version
    miner_code: str = derived("", optional=True)  # the library's version

    def idle(self, track: TrackInfo) -> dict[str, str]:
        """Settings that have no effect on this recipe, each with the reason."""
        reasons = super().idle(track)
        if _pml.is_reference(self.loss):
            reasons["margin"] = f"settings of '{self.loss}' are part of its name"
        elif not needs_of(self.loss, self.loss_code).margin:
            reasons["margin"] = f"the loss '{self.loss}' has no margin"
        elif self.loss == "bce" and traits_of(self.distance, self.distance_code).logit:
            reasons["margin"] = f"the distance '{self.distance}' has a threshold of its own"
        if self.batches == "pairs" and track.labelled:
            reasons["classes_from"] = "the pairs are those that somebody labelled"
        return reasons


class Siamese(TrainedEmbedder[SiameseRecipe]):
    """Compares two images by a distance between their embeddings.

    Where the harness knows the distance, the network is an `Embedder` and declares it; otherwise it
    is a `PairHead` and has `compare`.

    Args:
        seed: draws the weights.
        track: decides input size, channels and augmentation.
        budget: "quick", "standard" or "full".
        settings: fields of `SiameseRecipe`.

    Raises:
        Refused: the parts do not fit together, with the reason.
        OneshotError: a setting that does not exist or has a bad value.
    """

    def __init__(self, seed: int, track: TrackInfo, budget: str = "quick", **settings: Any) -> None:
        distance = str(settings.get("distance", SiameseRecipe.distance))
        loss = str(settings.get("loss", SiameseRecipe.loss))
        backbone = str(settings.get("backbone", SiameseRecipe.backbone))
        distance_made, loss_made = distance_part(distance), loss_part(loss)
        traits, needs = distance_made.traits, loss_made.needs
        miner = str(settings.get("miner", ""))
        defaults = {
            "margin": needs.margin * traits.radius,
            "temperature": needs.temperature * SHARPER.get(backbone, 1.0),
            # Labels that somebody gave to pairs are learned from as they are, where a loss can.
            "batches": "pairs" if track.labelled and "pairs" in needs.batches else needs.batches[0],
            "distance_code": distance_made.code,
            "loss_code": loss_made.code,
            "miner_code": _pml.version() if miner else "",
        }
        settings |= {"distance": distance_made.name, "loss": loss_made.name}
        recipe = make_recipe(SiameseRecipe, track, budget, settings, defaults)
        _refuse(recipe, traits, needs)
        if recipe.miner:
            _refuse_miner(recipe, needs, loss_made.on_embeddings)
        self.fixed_width = traits.learned or loss_made.fixed_width
        self.idle = frozenset(recipe.idle(track))
        sharp = (name for name in ("temperature", "margin") if getattr(needs, name))
        self.sharpness = next((name for name in sharp if name not in self.idle), "")
        super().__init__(seed, recipe, backbone)
        width = self.recipe.embedding
        self.metric = distance_made.make(width)
        settings_of_loss = LossSettings(
            recipe.margin, recipe.temperature, recipe.learn_temperature, recipe.hardest
        )
        self.loss = loss_made.make(self.metric, recipe.distance, traits, settings_of_loss)
        self.miner = _pml.miner(miner, self.metric, recipe.distance) if miner else None
        self.needs = needs
        if traits.prototypes and distance_made.code:
            # Not as a second name for the submodule, which would store its weights twice.
            self.__dict__["distance"] = self.metric
        elif traits.prototypes:
            self.distance = recipe.distance
        else:
            self.ordered_pairs = not traits.symmetric
            self.compare = self._compare  # what has `compare` is a PairHead to the harness

    def _compare(self, a: Tensor, b: Tensor) -> Tensor:
        """Embeddings [p, e] and [p, e] -> [p]; higher is more alike."""
        similarity: Tensor = -self.metric.pairs(a, b)
        return similarity

    def fit(self, data: TrainingData, run: TrainingRun) -> TrainingResult:
        """Trains on batches of the recipe's kind and keeps the weights that validate best."""
        recipe = self.recipe
        count = recipe.classes * recipe.per_class  # items, the same for every kind of batch
        if recipe.batches == "pairs" and data.train.pairs is not None:
            return train(self, recipe, self._labelled(data, run), self._loss, data=data, run=run)
        index = batches.index_classes(
            data.train,
            at_least=recipe.per_class if recipe.batches == "class-balanced" else 2,
            grouped=recipe.classes_from == "one-group",
            turned=recipe.turns,
        )
        self.loss.prepare(len(data.train.class_names) * index.turns, recipe.embedding, run.seed)

        def draw(step: int) -> batches.Batch:
            if recipe.batches == "pairs":
                return batches.pairs(index, max(2, count // 2), run.seed, step)
            if recipe.batches == "triplets":
                return batches.triplets(index, max(1, count // 3), run.seed, step)
            return batches.class_balanced(index, recipe.classes, recipe.per_class, run.seed, step)

        return train(self, recipe, draw, self._loss, data=data, run=run)

    def _labelled(self, data: TrainingData, run: TrainingRun) -> Draw:
        """Batches of the pairs that somebody labelled."""
        recipe, split = self.recipe, data.train
        assert split.pairs is not None
        turns = 4 if recipe.turns and split.turns is None else 1
        self.loss.prepare(len(split.class_names) * turns, recipe.embedding, run.seed)
        count = max(2, recipe.classes * recipe.per_class // 2)
        labels, pairs = split.labels, split.pairs
        return lambda step: batches.labelled(pairs, labels, count, turns, run.seed, step)

    def _loss(self, images: Tensor, batch: batches.Batch) -> Tensor:
        embeddings = self(images)
        labels = torch.from_numpy(batch.labels).to(images.device)
        chosen = batch.chosen
        tuples = None if chosen is None else torch.from_numpy(chosen).to(images.device)
        if self.miner is not None:
            found = self.miner(embeddings, labels)
            if isinstance(self.loss, EmbeddingLoss):
                self.loss.mined = found
            else:
                tuples = _pml.mined_tuples(found, self.needs.batches, labels)
                if not len(tuples):  # nothing in this batch is worth learning from
                    nothing: Tensor = 0 * embeddings.sum()
                    return nothing
        loss: Tensor = self.loss(self.metric, embeddings, labels, tuples)
        return loss


def _refuse(recipe: SiameseRecipe, traits: Traits, needs: Needs) -> None:
    reason = unmet(recipe.distance, traits, recipe.loss, needs)
    if reason:
        raise Refused(reason)
    if recipe.batches not in needs.batches:
        raise Refused(
            f"The loss '{recipe.loss}' cannot learn from {recipe.batches}; "
            f"it takes {' or '.join(needs.batches)}."
        )
    if bool(needs.temperature) != bool(recipe.temperature) or recipe.temperature < 0:
        has = "needs a temperature above 0" if needs.temperature else "has no temperature to set"
        raise Refused(f"The loss '{recipe.loss}' {has}, not {recipe.temperature:g}.")
    if recipe.learn_temperature and not needs.temperature:
        raise Refused(f"The loss '{recipe.loss}' has no temperature to learn.")
    if recipe.learn_temperature and recipe.temperature < 1 / GREATEST_SCALE:
        raise Refused(
            f"A learned temperature cannot start at {recipe.temperature:g}: it never falls below "
            f"{1 / GREATEST_SCALE:g}."
        )
    if not 0 < recipe.hardest <= 1:
        raise Refused(f"The setting hardest={recipe.hardest:g} must lie above 0 and at most at 1.")
    if recipe.hardest < 1 and not needs.minable:
        raise Refused(f"The loss '{recipe.loss}' does its own mining; hardest must stay 1.")
    if needs.margin and not 0 < recipe.margin < traits.upper:
        limit = f" and below {traits.upper:g}, its largest value" if traits.bounded else ""
        raise Refused(
            f"The margin {recipe.margin:g} makes no sense with the distance '{recipe.distance}': "
            f"it must be above 0{limit}.",
            f"The default is {needs.margin * traits.radius:g}.",
        )


def _refuse_miner(recipe: SiameseRecipe, needs: Needs, on_embeddings: bool) -> None:
    if not _pml.is_reference(recipe.miner):
        raise Refused(
            f"The miner '{recipe.miner}' is not known; expected 'pml:NAME'.",
            "Try --set miner=pml:MultiSimilarityMiner.",
        )
    if recipe.batches != "class-balanced":
        raise Refused(f"A miner chooses from class-balanced batches, not from {recipe.batches}.")
    if recipe.hardest < 1:
        raise Refused("A miner and hardest= both choose what counts; leave one of them out.")
    if not on_embeddings and not {"pairs", "triplets"} & set(needs.batches):
        raise Refused(
            f"The loss '{recipe.loss}' does its own mining: it takes no pairs or triplets.",
            "Leave miner out.",
        )
