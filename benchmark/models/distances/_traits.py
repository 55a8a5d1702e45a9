"""What a distance declares; no torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Traits:
    """What is true of a distance, whatever the embeddings.

    Attributes:
        non_negative: never below zero, and zero between equal embeddings.
        bounded: never above `upper`.
        symmetric: d(a, b) = d(b, a).
        learned: has weights of its own.
        logit: is minus the log-odds that two items are of one class, so that it needs no scale.
        radius: how far apart two classes should come to lie, in the distance's own unit; the
            default margin of a loss is a share of it.
        upper: largest possible value where bounded.
        power: the distance is proportional to this power of a Euclidean distance (after a map of
            each embedding by itself), 0 where it is proportional to none.
        prototypes: the mean of a class's embeddings stands for the class, so that a Siamese network
            is judged by its embeddings. Otherwise it is judged pair by pair.
    """

    non_negative: bool
    bounded: bool
    symmetric: bool
    learned: bool
    radius: float
    logit: bool = False
    upper: float = float("inf")
    power: int = 0
    prototypes: bool = False
