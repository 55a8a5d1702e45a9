"""Losses as the tests make them, and tables of the batch that they are tried on."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from baselines.parts import class_of
from baselines.siamese.losses._loss import Loss, LossSettings
from baselines.siamese.traits import Traits, distance_traits, loss_needs
from benchmark.models.distances._distance import Distance

Numbers = np.ndarray
LABELS = torch.tensor([0, 0, 0, 1, 1, 2, 2])


def table(embeddings: Tensor) -> Numbers:
    e = embeddings.double().numpy()
    return np.sqrt(((e[:, None] - e[None]) ** 2).sum(axis=2))


def cosines(embeddings: Tensor) -> Numbers:
    e = embeddings.double().numpy()
    e = e / np.linalg.norm(e, axis=1, keepdims=True)
    return e @ e.T


def positives(i: int) -> list[int]:
    return [j for j in range(7) if j != i and LABELS[j] == LABELS[i]]


def negatives(i: int) -> list[int]:
    return [j for j in range(7) if LABELS[j] != LABELS[i]]


def positive_pairs() -> list[tuple[int, int]]:
    return [(i, j) for i in range(7) for j in positives(i)]


def metric(name: str, embedding: int = 3) -> Distance:
    made: Distance = class_of("distances", name)(embedding)
    return made


def make_loss(name: str, distance: str | Traits, **settings: Any) -> Any:
    """A loss with the defaults of its needs, but for what is set."""
    traits = distance_traits(distance) if isinstance(distance, str) else distance
    needs = loss_needs(name)
    defaults = {"margin": needs.margin * traits.radius, "temperature": needs.temperature}
    made: Loss = class_of("losses", name)(traits, LossSettings(**{**defaults, **settings}))
    return made


def value_of(name: str, distance: str, embeddings: Tensor, **settings: Any) -> float:
    loss = make_loss(name, distance, **settings)
    return float(loss(metric(distance), embeddings, LABELS, None).detach())


def proxied(name: str, distance: str) -> tuple[Any, Numbers]:
    loss = make_loss(name, distance)
    loss.prepare(classes=5, embedding=3, seed=7)  # two of them are not in the batch
    return loss, loss.proxies.detach().double().numpy()
