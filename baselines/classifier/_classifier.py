"""A classifier of all training classes, trained once for all heads that use its embeddings.

The classifier's own last layer is thrown away at test time; a head, in a file of its own, answers
an episode from the embeddings alone. Heads whose classifier is the same share one training: what
they add to the recipe is `answering`, no part of the training's identity, and the weights that are
kept are those that validate best under one fixed head, the nearest centroid under the cosine.
"""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.classifier._weights import ClassWeights
from baselines.recipe import TrainingRecipe
from baselines.settings import derived
from baselines.siamese.batches import Batch, index_classes, plain
from baselines.trained import TrainedEmbedder, make_recipe
from baselines.training.loop import train, use_threads
from benchmark.datasets.data_set import DataSet
from benchmark.errors import OneshotError
from benchmark.protocols import TrackInfo, TrainingData, TrainingResult, TrainingRun

# Of the training split: to embed all photographs would take longer than a quick training.
MEAN_ITEMS = 4_096
MEAN_BATCH = 256


@dataclass(frozen=True, kw_only=True)
class ClassifierRecipe(TrainingRecipe):
    """The recipe of a classifier; a batch holds `classes` x `per_class` items of any classes."""

    classifier: Literal["linear", "cosine"] = "linear"
    logit_scale: float = 10.0  # of the cosine classifier; Chen et al. 2019, their code
    label_smoothing: float = 0.0
    head: str = derived("")  # follows from the model; the fields that it adds are the head's

    def idle(self, track: TrackInfo) -> dict[str, str]:
        """Settings that have no effect on this recipe, each with the reason."""
        reasons = super().idle(track)
        reasons["classes_from"] = "a classifier learns from all classes at once"
        if self.classifier == "linear":
            reasons["logit_scale"] = "the classifier is 'linear'"
        return reasons


C = TypeVar("C", bound=ClassifierRecipe)


class PretrainedClassifier(TrainedEmbedder[C]):
    """An embedder trained by the cross-entropy of all training classes; the heads derive from it.

    Attributes:
        head: name of the head.
        recipe_type: the head's recipe.
        may_be_zero: settings of the head that need not be above zero.
        mean: float [e], buffer: the mean embedding of the training split; zeros before training.

    Args:
        seed: draws the weights.
        track: decides input size, channels and augmentation.
        budget: "quick", "standard" or "full".
        settings: fields of the head's recipe.

    Raises:
        OneshotError: a setting that does not exist or has a bad value.
    """

    head: str
    recipe_type: type[C]
    may_be_zero: tuple[str, ...] = ()
    fixed_width = True
    mean: Tensor

    def __init__(self, seed: int, track: TrackInfo, budget: str = "quick", **settings: Any) -> None:
        recipe = make_recipe(self.recipe_type, track, budget, settings, {"head": self.head})
        _check(recipe, own_settings(self.recipe_type), self.may_be_zero)
        self.idle = frozenset(recipe.idle(track))
        self.sharpness = "logit_scale" if recipe.classifier == "cosine" else ""
        super().__init__(seed, recipe, str(settings.get("backbone", recipe.backbone)))
        self.classes = ClassWeights(recipe.classifier, recipe.logit_scale)
        self.register_buffer("mean", torch.zeros(self.recipe.embedding))

    @property
    def answering(self) -> tuple[str, ...]:
        """Entries of the recipe that do not touch the training: the head and what is set of it."""
        return ("head", "distance", *own_settings(self.recipe_type))

    def fit(self, data: TrainingData, run: TrainingRun) -> TrainingResult:
        """Trains on random items, keeps the weights that validate best, and takes the mean."""
        recipe = self.recipe
        index = index_classes(data.train, at_least=1, grouped=False, turned=recipe.turns)
        self.classes.prepare(len(data.train.class_names) * index.turns, recipe.embedding, run.seed)

        def draw(step: int) -> Batch:
            return plain(index, recipe.classes * recipe.per_class, run.seed, step)

        def loss_of(images: Tensor, batch: Batch) -> Tensor:
            labels = torch.from_numpy(batch.labels).to(images.device)
            logits = self.classes(self(images))
            return functional.cross_entropy(logits, labels, label_smoothing=recipe.label_smoothing)

        result = train(self, recipe, draw, loss_of, data=_without_head(data), run=run)
        began = time.monotonic()
        with use_threads(recipe.threads):
            self.mean.copy_(mean_embedding(self, data.train, run.device))
        return dataclasses.replace(result, seconds=result.seconds + time.monotonic() - began)

    def classify(self, support: Tensor, labels: Tensor, queries: Tensor) -> Tensor:
        """[b, s, e], int64 [b, s], [b, q, e] -> scores [b, q, n_way]; no state between calls."""
        raise NotImplementedError


class Centroids:
    """A classifier as the harness sees it during training: an embedder, without its head."""

    distance = "cosine"

    def __init__(self, model: Any) -> None:
        self.model = model
        self.input_size, self.channels = model.input_size, model.channels

    def embed(self, items: Tensor) -> Tensor:
        """Items as the classifier takes them -> float32 [n, e]."""
        embeddings: Tensor = self.model.embed(items)
        return embeddings


def own_settings(recipe_type: type[ClassifierRecipe]) -> list[str]:
    """Names of a recipe's fields that are the head's alone."""
    shared = {field.name for field in dataclasses.fields(ClassifierRecipe)}
    return [f.name for f in dataclasses.fields(recipe_type) if f.name not in shared]


def mean_embedding(model: nn.Module, data: DataSet, device: str) -> Tensor:
    """float32 [e]: the mean over at most 4,096 items, evenly spaced in order of class.

    Args:
        model: in eval mode, on `device`.
        data: the training split.
        device: where to compute.
    """
    by_class = np.argsort(data.labels, kind="stable")
    chosen = by_class[np.linspace(0, len(data) - 1, min(len(data), MEAN_ITEMS)).astype(np.int64)]
    items = data.take(chosen).inputs(model.input_size)  # type: ignore[arg-type]
    total = torch.zeros((), dtype=torch.float64, device=device)
    with torch.no_grad():
        for start in range(0, len(items), MEAN_BATCH):
            batch = torch.from_numpy(items[start : start + MEAN_BATCH]).to(device)
            images = batch.float() / 255 if data.kind == "image" else batch
            total = total + model(images).double().sum(dim=0)
    return (total / len(items)).float()


def _without_head(data: TrainingData) -> TrainingData:
    """The same data, validated by the nearest centroid whatever the head."""
    validate = data.validate
    if validate is None:
        return data
    return dataclasses.replace(data, validate=lambda model: validate(Centroids(model)))


def _check(recipe: ClassifierRecipe, own: list[str], may_be_zero: tuple[str, ...]) -> None:
    if not 0 <= recipe.label_smoothing < 1:
        raise OneshotError("The setting label_smoothing must be at least 0 and below 1.")
    for name in ("logit_scale", *own):
        value = getattr(recipe, name)
        if isinstance(value, str | bool) or value > 0 or (value == 0 and name in may_be_zero):
            continue
        least = "at least zero" if name in may_be_zero else "above zero"
        raise OneshotError(f"The setting {name} must be {least}.")
