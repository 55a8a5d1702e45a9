"""What distances declare and losses need, so that senseless combinations are refused in words.

Traits are read from a part's source as literals: listing all combinations imports no torch.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from typing import Any

from baselines.parts import source_of


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
        harness: name by which the harness computes the same distance, "" where it cannot.
    """

    non_negative: bool
    bounded: bool
    symmetric: bool
    learned: bool
    radius: float
    logit: bool = False
    upper: float = float("inf")
    power: int = 0
    harness: str = ""


@dataclass(frozen=True)
class Needs:
    """What a loss asks of the distance and of the batch.

    Attributes:
        batches: kinds of batches it can learn from, the default first.
        non_negative: the distance may not fall below zero.
        symmetric: the distance must not depend on the order of its arguments.
        bounded: the distance must have a largest value.
        euclidean: the distance must be a power of a Euclidean distance.
        margin: the share of the distance's radius that is its default margin, 0 for a loss without
            a margin. A bounded distance must be able to exceed the margin.
        why: the reason in words, without a full stop.
    """

    batches: tuple[str, ...]
    non_negative: bool = False
    symmetric: bool = False
    bounded: bool = False
    euclidean: bool = False
    margin: float = 0.0
    why: str = ""


@cache
def distance_traits(name: str) -> Traits:
    """The declared traits of a distance, without importing it."""
    return Traits(**_declared(source_of("distances", name), "TRAITS"))


@cache
def loss_needs(name: str) -> Needs:
    """The declared needs of a loss, without importing it."""
    return Needs(**_declared(source_of("losses", name), "NEEDS"))


def refusal(distance: str, loss: str) -> str | None:
    """Why a distance and a loss cannot be combined, or None where they can."""
    traits, needs = distance_traits(distance), loss_needs(loss)
    if needs.non_negative and not traits.non_negative:
        return (
            f"The loss '{loss}' needs a distance that is never negative, but '{distance}' can fall "
            f"below zero: {needs.why}."
        )
    if needs.symmetric and not traits.symmetric:
        return (
            f"The loss '{loss}' needs a symmetric distance, but '{distance}' depends on the order "
            f"of its arguments: {needs.why}."
        )
    if needs.bounded and not traits.bounded:
        return (
            f"The loss '{loss}' needs a distance with a largest value, but '{distance}' can grow "
            f"without limit: {needs.why}."
        )
    if needs.euclidean and not traits.power:
        return (
            f"The loss '{loss}' needs the geometry of Euclid, but '{distance}' is no power of a "
            f"Euclidean distance: {needs.why}."
        )
    return None


def _declared(source: str, name: str) -> dict[str, Any]:
    for node in ast.parse(source).body:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Call)
            and any(isinstance(target, ast.Name) and target.id == name for target in node.targets)
        ):
            return {str(k.arg): ast.literal_eval(k.value) for k in node.value.keywords}
    raise AttributeError(f"a part must state {name} = {name.capitalize()}(...) in literals")
