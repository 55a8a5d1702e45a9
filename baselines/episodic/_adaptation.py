"""What methods share that adapt a network to each episode by gradient steps: MAML, ANIL, Reptile.

The head has one output a class position, so that a network answers the shape it was trained for.
Renaming the classes of an episode may change its answers: each position has weights of its own.
"""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor, nn

from baselines.episodic._episode_norm import Statistics, replace_norms
from baselines.randomness import keyed
from baselines.recipe import TrainingRecipe
from baselines.settings import derived
from baselines.siamese.batches import Batch, ClassIndex, class_balanced, index_classes
from baselines.trained import TrainedNetwork, make_recipe
from baselines.training.loop import train
from benchmark.errors import OneshotError, Refused
from benchmark.protocols import TrackInfo, TrainingData, TrainingResult, TrainingRun


@dataclass(frozen=True, kw_only=True)
class AdaptationRecipe(TrainingRecipe):
    """The episodes of training, and the steps by which the network adapts to one."""

    classes: int = derived(5)  # the ways
    per_class: int = derived(6)  # support and queries
    ways: int = 5
    support: int = 1  # items of each class; "shots" is the harness's word for something else
    queries: int = 5  # items of each class
    episodes: int = 4  # in a batch: Finn et al. 2017, appendix A.1, for photographs
    inner_steps: int = 1  # in training: the same, for characters
    inner_rate: float = 0.1  # learning rate of these steps; validation (0.4 there)
    test_steps: int = 3  # the same
    first_order: bool = False  # without derivatives of the inner gradients
    # Whose statistics normalise the queries: "support" leaves each query on its own; with "queries"
    # they see each other, as in most published code, and the model is transductive.
    statistics: Literal["support", "queries"] = "support"


class AdaptingNetwork(TrainedNetwork[AdaptationRecipe]):
    """A backbone and a linear head for a fixed number of ways.

    Args:
        seed: draws the weights.
        track: decides input size, channels and augmentation.
        budget: "quick", "standard" or "full".
        settings: fields of `AdaptationRecipe`.

    Attributes:
        recipe_type: of the method.
        defaults: fields of the recipe for each family of data; "" for all.
        trained_for: (ways, shots), read by the harness.
        follows: the settings that follow the task; see `benchmark.evaluation.shots`.

    Raises:
        OneshotError: a setting that does not exist or has a bad value.
        Refused: published weights together with statistics of the queries.
    """

    recipe_type: ClassVar[type[AdaptationRecipe]] = AdaptationRecipe
    defaults: ClassVar[dict[str, dict[str, Any]]] = {}
    follows: ClassVar[dict[str, str]] = {"support": "n_shot", "ways": "n_way"}
    fixed_width = True
    ordered_classes = True  # each position has weights of its own
    sharpness = "inner_rate"

    def __init__(self, seed: int, track: TrackInfo, budget: str = "quick", **settings: Any) -> None:
        backbone = str(settings.get("backbone", AdaptationRecipe.backbone))
        defaults = self.defaults.get("", {}) | self.defaults.get(track.family, {})
        recipe = make_recipe(self.recipe_type, track, budget, settings, defaults)
        _check(recipe)
        if track.train is not None and "queries" not in settings:
            held = track.train.per_class - recipe.support
            recipe = dataclasses.replace(recipe, queries=max(1, min(recipe.queries, held)))
        per_class = recipe.support + recipe.queries
        recipe = dataclasses.replace(recipe, classes=recipe.ways, per_class=per_class)
        super().__init__(seed, recipe, backbone)
        self.statistics = Statistics()
        self.backbone = replace_norms(self.backbone, self.statistics)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(keyed(seed, 0, "head"))
            self.head = nn.Linear(self.recipe.embedding, recipe.ways)
        self.trained_for = (recipe.ways, recipe.support)
        self.transductive = recipe.statistics == "queries"

    def forward(self, images: Tensor) -> Tensor:
        """float32 [n, c, h, w] in [0, 1] -> logits float32 [n, ways]."""
        logits: Tensor = self.head(super().forward(images))
        return logits

    def classify_episode(
        self, support: Tensor, labels: Tensor, queries: Tensor, generator: torch.Generator
    ) -> Tensor:
        """[s, c, h, w], int64 [s], [q, c, h, w] -> logits float32 [q, n_way]; keeps nothing.

        Raises:
            OneshotError: the episode has more classes than the head.
        """
        n_way = int(labels.max()) + 1
        if n_way > self.recipe.ways:
            raise OneshotError(
                f"The head was trained for {self.recipe.ways} ways; the episode has {n_way}.",
                f"Train another with --set ways={n_way}.",
            )
        with torch.enable_grad():  # validation during a training runs without
            scores = self.answers(support, labels, queries, self.recipe.test_steps, True)
        return scores.detach()[:, :n_way]

    @abstractmethod
    def answers(
        self, support: Tensor, labels: Tensor, queries: Tensor, steps: int, first_order: bool
    ) -> Tensor:
        """Logits [q, ways] after `steps` on the support; the model itself stays as it is."""

    def episode_loss(
        self, support: Tensor, labels: Tensor, queries: Tensor, wanted: Tensor
    ) -> Tensor:
        """Cross-entropy of one episode's queries after adaptation, in nats; a scalar."""
        recipe = self.recipe
        scores = self.answers(support, labels, queries, recipe.inner_steps, recipe.first_order)
        return nn.functional.cross_entropy(scores, wanted)

    def fit(self, data: TrainingData, run: TrainingRun) -> TrainingResult:
        """Trains on episodes and keeps the weights that validate best."""
        recipe = self.recipe
        grouped = recipe.classes_from == "one-group"
        index = index_classes(data.train, recipe.per_class, grouped, recipe.turns)
        if len(index.labels) < recipe.ways:
            raise OneshotError(
                f"{recipe.ways}-way episodes of {recipe.per_class} items a class need as many "
                f"classes; {data.train.name} has {len(index.labels)}."
            )

        def draw(step: int) -> Batch:
            return draw_episodes(index, recipe, run.seed, step)

        def loss_of(images: Tensor, batch: Batch) -> Tensor:
            shape = (recipe.episodes, recipe.ways, recipe.per_class)
            episodes = images.reshape(*shape, *images.shape[1:])  # [b, n_way, k + q, c, h, w]
            classes = torch.arange(recipe.ways, device=images.device)
            labels = classes.repeat_interleave(recipe.support)
            wanted = classes.repeat_interleave(recipe.queries)
            losses = [
                self.episode_loss(
                    episode[:, : recipe.support].flatten(0, 1), labels,
                    episode[:, recipe.support :].flatten(0, 1), wanted,
                )
                for episode in episodes
            ]  # fmt: skip
            return torch.stack(losses).mean()

        return train(self, recipe, draw, loss_of, data=data, run=run)


def draw_episodes(index: ClassIndex, recipe: AdaptationRecipe, seed: int, step: int) -> Batch:
    """The episodes of one step, end to end; each class's support comes before its queries."""
    numbers = range(step * recipe.episodes, (step + 1) * recipe.episodes)
    drawn = [class_balanced(index, recipe.ways, recipe.per_class, seed, n) for n in numbers]
    return Batch(
        items=np.concatenate([batch.items for batch in drawn]),
        labels=np.concatenate([batch.labels for batch in drawn]),
        turns=np.concatenate([batch.turns for batch in drawn]),
    )


def _check(recipe: AdaptationRecipe) -> None:
    least = {"ways": 2, "support": 1, "queries": 1, "episodes": 1, "inner_steps": 1,
             "test_steps": 0}  # fmt: skip
    for name, bound in least.items():
        if getattr(recipe, name) < bound:
            raise OneshotError(f"The setting {name} must be at least {bound}.")
    if not recipe.inner_rate > 0:
        raise OneshotError("The setting inner_rate must be above zero.")
    if recipe.statistics == "queries" and recipe.pretrained:
        raise Refused("Published weights and statistics of the queries share no ranking.")
