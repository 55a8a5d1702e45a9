"""One episode as a model is given it, and the ways to write the same episode down differently."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor


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
