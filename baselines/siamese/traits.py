"""What distances declare and losses need, so that senseless combinations are refused in words.

Traits are read from a part's source as literals: listing all combinations imports no torch.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from functools import cache
from typing import Any

from baselines.parts import Kind, declaration, malformed
from benchmark.models.distances._traits import Traits

__all__ = ["Needs", "Traits", "distance_traits", "loss_needs", "refusal", "unmet"]

TYPES: dict[str, type | tuple[type, ...]] = {  # of a field, by its annotation
    "bool": bool,
    "int": int,
    "float": (int, float),
    "str": str,
    "tuple[str, ...]": tuple,
}


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
        temperature: default temperature of the softmax or exponential on `Loss.similarity`; 0 for a
            loss without one.
        minable: it can learn from the hardest share of its pairs or triplets alone.
        why: the reason in words, without a full stop.
    """

    batches: tuple[str, ...] = ("class-balanced",)
    non_negative: bool = False
    symmetric: bool = False
    bounded: bool = False
    euclidean: bool = False
    margin: float = 0.0
    temperature: float = 0.0
    minable: bool = False
    why: str = ""


@cache
def distance_traits(name: str) -> Traits:
    """The declared traits of a distance, without importing it.

    Raises:
        UnknownName: there is no such distance.
        OneshotError: its file does not declare them as it should.
    """
    return Traits(**_declared("distances", name, "TRAITS", Traits))


@cache
def loss_needs(name: str) -> Needs:
    """The declared needs of a loss, without importing it.

    Raises:
        UnknownName: there is no such loss.
        OneshotError: its file does not declare them as it should.
    """
    return Needs(**_declared("losses", name, "NEEDS", Needs))


def refusal(distance: str, loss: str) -> str | None:
    """Why a distance and a loss of the suite cannot be combined, or None where they can."""
    return unmet(distance, distance_traits(distance), loss, loss_needs(loss))


def unmet(distance: str, traits: Traits, loss: str, needs: Needs) -> str | None:
    """What a loss needs and a distance does not give, or None where they fit together."""
    conditions = (
        (
            needs.non_negative and not traits.non_negative,
            f"a distance that is never negative, but '{distance}' can fall below zero",
        ),
        (
            needs.symmetric and not traits.symmetric,
            f"a symmetric distance, but '{distance}' depends on the order of its arguments",
        ),
        (
            needs.bounded and not traits.bounded,
            f"a distance with a largest value, but '{distance}' can grow without limit",
        ),
        (
            needs.euclidean and not traits.power,
            f"the geometry of Euclid, but '{distance}' is no power of a Euclidean distance",
        ),
    )
    for is_unmet, needed in conditions:
        if is_unmet:
            return f"The loss '{loss}' needs {needed}: {needs.why}."
    return None


def _declared(kind: Kind, name: str, constant: str, made: type[Traits | Needs]) -> dict[str, Any]:
    """The arguments of a declaration, each of its field's type and none missing."""
    declared = declaration(kind, name, constant)
    types = {field.name: str(field.type) for field in fields(made)}
    for argument, value in declared.items():
        if argument not in types:
            known = ", ".join(types)
            raise malformed(kind, name, f"{constant} has no '{argument}'; it may have {known}")
        if not isinstance(value, TYPES[types[argument]]):
            expected = f"{constant} needs {argument} to be {types[argument]}, not {value!r}"
            raise malformed(kind, name, expected)
    missing = [f.name for f in fields(made) if f.default is MISSING and f.name not in declared]
    if missing:
        raise malformed(kind, name, f"{constant} must state {', '.join(missing)}")
    return declared
