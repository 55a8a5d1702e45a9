"""What the methods that train on episodes share: the episode, the draw, the cross-entropy.

The episodes of all methods are those of Snell et al. 2017 unless a method's file says otherwise, so
that they differ in their heads alone. A quick training takes smaller ones: few large episodes are
too few steps.
"""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

import torch
from torch import Tensor
from torch.nn import functional

from baselines.randomness import keyed
from baselines.recipe import TrainingRecipe
from baselines.siamese.batches import Batch, class_balanced, index_classes
from baselines.trained import TrainedEmbedder, make_recipe
from baselines.training.loop import train
from benchmark.errors import OneshotError
from benchmark.protocols import TrackInfo, TrainingData, TrainingResult, TrainingRun

LARGE: dict[str, dict[str, float]] = {
    "character": {"classes": 60, "per_class": 6},  # 60 ways, 5 queries: section 3.1
    "photograph": {"classes": 20, "per_class": 16},  # 20 ways, 15 queries: section 3.2
}
EPISODES: dict[tuple[str, str], dict[str, float]] = {
    ("photograph", "quick"): {"classes": 20, "per_class": 3},
    **{(family, budget): LARGE[family] for family in LARGE for budget in ("standard", "full")},
}


@dataclass(frozen=True, kw_only=True)
class EpisodicRecipe(TrainingRecipe):
    """The recipe of a method that trains on episodes; `classes` are its training ways."""

    classes: int = 30  # ways; validation: many small episodes beat few large ones
    per_class: int = 2  # 1 shot and 1 query
    support: int = 1  # items of each class that are its support


E = TypeVar("E", bound=EpisodicRecipe)


@dataclass(frozen=True, eq=False)
class Episode:
    """One embedded training episode.

    Attributes:
        support: float [n_way, n_shot, e].
        queries: float [n_way * n_query, e], class after class.
        answers: int64 [n_way * n_query], the class of each query.
    """

    support: Tensor
    queries: Tensor
    answers: Tensor


def split(embeddings: Tensor, per_class: int, shots: int) -> Episode:
    """A class-balanced batch as an episode.

    Args:
        embeddings: float [n_way * per_class, e], class after class, each with its support first.
        per_class: items of each class.
        shots: how many of them are support.
    """
    episode = embeddings.reshape(-1, per_class, embeddings.shape[1])  # [n_way, per_class, e]
    labels = torch.arange(len(episode), device=embeddings.device)
    answers = labels.repeat_interleave(per_class - shots)
    return Episode(episode[:, :shots], episode[:, shots:].flatten(0, 1), answers)


class Episodic(TrainedEmbedder[E]):
    """A backbone that trains on one episode a step; the methods add `episode_loss`.

    Weights of a head are drawn under `head_weights`.

    Args:
        seed: draws the weights.
        track: decides input size, channels and augmentation.
        budget: "quick", "standard" or "full".
        recipe_type: of the method.
        settings: what the user set of its fields.
        defaults: the method's own, for this backbone.

    Attributes:
        follows: the settings that follow the task; see `benchmark.evaluation.shots`.

    Raises:
        OneshotError: a setting that does not exist or has a bad value.
    """

    follows: ClassVar[dict[str, str]] = {"support": "n_shot"}

    def __init__(
        self,
        seed: int,
        track: TrackInfo,
        budget: str,
        recipe_type: type[E],
        settings: Mapping[str, Any],
        defaults: Mapping[str, Any] | None = None,
    ) -> None:
        episodes = EPISODES.get((track.family, budget), {})
        recipe = make_recipe(recipe_type, track, budget, settings, {**episodes, **(defaults or {})})
        recipe = _with_queries(recipe, track, settings)
        if not 0 < recipe.support < recipe.per_class:
            raise OneshotError(
                f"With {recipe.support} supports of {recipe.per_class} items a class there is "
                "nothing to learn from: support must be at least 1 and below per_class."
            )
        super().__init__(seed, recipe, str(settings.get("backbone", recipe_type.backbone)))

    @abstractmethod
    def episode_loss(self, episode: Episode) -> Tensor:
        """The loss of one training episode, a scalar."""

    def fit(self, data: TrainingData, run: TrainingRun) -> TrainingResult:
        """Trains on episodes and keeps the weights that validate best."""
        recipe = self.recipe
        index = index_classes(
            data.train, recipe.per_class, recipe.classes_from == "one-group", recipe.turns
        )

        def draw(step: int) -> Batch:
            return class_balanced(index, recipe.classes, recipe.per_class, run.seed, step)

        def loss_of(images: Tensor, batch: Batch) -> Tensor:
            embeddings = self(images)
            with torch.autocast(embeddings.device.type, enabled=False):  # heads solve and compare
                return self.episode_loss(split(embeddings, recipe.per_class, recipe.support))

        return train(self, recipe, draw, loss_of, data=data, run=run)


def _with_queries(recipe: E, track: TrackInfo, settings: Mapping[str, Any]) -> E:
    """The recipe with queries beside its support.

    As many queries a class as there would be with one support, or as the classes have items for;
    the ways stay (fewer ways in episodes of the same size lost two points on leaves, validation).
    What the user has set stays.
    """
    if "per_class" in settings or recipe.support < recipe.per_class:
        return recipe
    per_class = recipe.support + recipe.per_class - 1
    if track.train is not None:
        per_class = max(recipe.support + 1, min(per_class, track.train.per_class))
    return dataclasses.replace(recipe, per_class=per_class)


class EpisodicClassifier(Episodic[E]):
    """A method that classifies embedded episodes and learns by their cross-entropy."""

    @abstractmethod
    def classify(self, support: Tensor, labels: Tensor, queries: Tensor) -> Tensor:
        """[b, s, e], int64 [b, s], [b, q, e] -> scores [b, q, n_way]; no state between calls."""

    def episode_loss(self, episode: Episode) -> Tensor:
        """Cross-entropy of the queries' scores, in nats; a scalar."""
        return functional.cross_entropy(self.scores(episode), episode.answers)

    def scores(self, episode: Episode) -> Tensor:
        """Scores [n_way * n_query, n_way] of a training episode."""
        n_way, n_shot, _ = episode.support.shape
        labels = torch.arange(n_way, device=episode.support.device).repeat_interleave(n_shot)
        support = episode.support.flatten(0, 1)
        return self.classify(support[None], labels[None], episode.queries[None])[0]


def squared_distances(queries: Tensor, points: Tensor) -> Tensor:
    """||q - p||^2: [..., q, e] and [..., n, e] -> [..., q, n]."""
    return torch.cdist(queries, points, compute_mode="donot_use_mm_for_euclid_dist").square()


@contextmanager
def head_weights(seed: int) -> Iterator[None]:
    """Draws the weights of a head by `seed` alone, apart from those of the backbone."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(keyed(seed, 0, "head"))
        yield
