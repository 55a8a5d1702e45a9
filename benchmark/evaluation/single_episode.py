"""One episode as a model is given it, other ways to write it down, and how a model answers it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from benchmark.evaluation.scorers import compare_pairs
from benchmark.evaluation.tensors import as_tensor
from benchmark.models.model import resolved


@dataclass(frozen=True, eq=False)
class Episode:
    """Items, or their embeddings, of one episode.

    Attributes:
        support: float32 [s, ...].
        labels: int64 [s], the class of each support; every class 0..n-1 has as many.
        queries: float32 [q, ...].
        answers: int64 [q], the class of each query; models are never given them.
    """

    support: Tensor
    labels: Tensor
    queries: Tensor
    answers: Tensor

    @property
    def n_way(self) -> int:
        """Number of classes."""
        return int(self.labels.max()) + 1

    @property
    def n_shot(self) -> int:
        """Supports of each class."""
        return len(self.labels) // self.n_way

    def only(self, rows: Tensor) -> Episode:
        """The episode with the queries of these `rows` (int64 [k]) in this order."""
        return replace(self, queries=self.queries[rows], answers=self.answers[rows])

    def renamed(self, names: Tensor) -> Episode:
        """Class c is called names[c] (int64 [n], a permutation); the items stay where they are."""
        return replace(self, labels=names[self.labels], answers=names[self.answers])

    def reordered(self, rows: Tensor) -> Episode:
        """The supports, each with its label, in another order (int64 [s], a permutation)."""
        return replace(self, support=self.support[rows], labels=self.labels[rows])

    def by_class(self) -> Tensor:
        """[n, k, ...]: the supports class by class."""
        order = torch.argsort(self.labels, stable=True)
        return self.support[order].view(self.n_way, self.n_shot, *self.support.shape[1:])


def ask_episode(
    model: object, way: str, episode: Episode, shots: str | None, generator: torch.Generator
) -> Tensor:
    """Scores [q, n_way] of one episode by itself, as the harness asks for them.

    Args:
        model: in evaluation mode.
        way: see `benchmark.evaluation.episodes.way_of`.
        episode: items, or embeddings where the model embeds.
        shots: what stands for a class of several supports.
        generator: for `classify_episode`.

    Raises:
        ModelFailed: the scores have another shape.
    """
    scores = _ask(model, way, episode, shots, generator)
    expected = [len(episode.queries), episode.n_way]
    return as_tensor(scores, way, expected).clone()


def _ask(
    model: object, way: str, episode: Episode, shots: str | None, generator: torch.Generator
) -> Any:
    # Copies: a model that writes to its input must not change what is asked next.
    support, labels = episode.support.clone(), episode.labels.clone()
    queries = episode.queries.clone()
    if way == "classify_episode":
        return resolved(model).classify_episode(support, labels, queries, generator)
    with torch.inference_mode():
        if way == "classify":
            return resolved(model).classify(support[None], labels[None], queries[None])[0]
        classes = episode.by_class()  # [n, k, ...]
        if way == "compare":
            return compare_pairs(model, classes[None], queries[None], shots or "mean-similarity")[0]
        if way == "similarity":
            pairs = ask_similarity(model, classes.flatten(0, 1), queries)
            return pairs.view(len(queries), *classes.shape[:2]).mean(dim=2)
        distance = resolved(model).distance(queries.shape[-1], str(queries.device))
        if distance.geometry == "cosine":
            classes, queries = (functional.normalize(x, dim=-1) for x in (classes, queries))
        return distance.similarity(queries[None], classes.mean(dim=1)[None])[0]


def ask_similarity(model: object, support: Tensor, queries: Tensor) -> Tensor:
    """[q, s]: the model's own similarity of items.

    Raises:
        ModelFailed: it gave another shape.
    """
    with torch.inference_mode():
        found = resolved(model).similarity(support.clone(), queries.clone())
    return as_tensor(found, "similarity", [len(queries), len(support)]).clone()


def ask_pairs(model: object, way: str, left: Tensor, right: Tensor) -> Tensor:
    """[p]: the model's similarity of items, or of embeddings, pair by pair.

    Raises:
        ModelFailed: it gave another shape.
    """
    if way == "similarity":
        return ask_similarity(model, left, right).diagonal().clone()
    with torch.inference_mode():
        found = resolved(model).compare(left.clone(), right.clone())
    return as_tensor(found, way, [len(left)]).clone()
