"""The distance and the loss of a Siamese network: the suite's, a user's or another library's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from baselines.parts import class_of, part_names
from baselines.siamese import _pml
from baselines.siamese.losses._embedding_loss import EmbeddingLoss
from baselines.siamese.losses._loss import Loss, LossSettings
from baselines.siamese.losses._proxies import ProxyLoss
from baselines.siamese.traits import Needs, Traits, distance_traits, loss_needs
from benchmark.errors import ModelBroken, OneshotError
from benchmark.models import distances, parts
from benchmark.models.distances._distance import Distance

CLOSE = 1e-3  # relative difference of one distance computed in two ways
DRAWN = 6  # embeddings on which a user's distance is tried


@dataclass(frozen=True)
class DistancePart:
    """A distance before it is built.

    Attributes:
        name: as it stands in the recipe.
        code: hash of a user's file; "" for the suite's.
        traits: what it declares.
        make: called with the width of the embeddings.
    """

    name: str
    code: str
    traits: Traits
    make: Callable[[int], Distance]


@dataclass(frozen=True)
class LossPart:
    """A loss before it is built.

    Attributes:
        name: as it stands in the recipe.
        code: hash of a user's file, version of a library; "" for the suite's.
        needs: what it declares.
        make: called with the distance, its name and traits, and the settings of the loss.
        on_embeddings: it takes embeddings and labels and brings its own distance.
        fixed_width: it may have weights as wide as the embeddings.
    """

    name: str
    code: str
    needs: Needs
    make: Callable[[Distance, str, Traits, LossSettings], Loss]
    on_embeddings: bool = False
    fixed_width: bool = False


_needs: dict[tuple[str, str], Needs] = {}
_traits: dict[tuple[str, str], Traits] = {}


def needs_of(name: str, code: str = "") -> Needs:
    """What a recipe's loss needs, by its name and code there."""
    return _needs.get((name, code)) or loss_needs(name)


def traits_of(name: str, code: str = "") -> Traits:
    """The traits of a recipe's distance, by its name and code there."""
    return _traits.get((name, code)) or distance_traits(name)


def distance_part(reference: str) -> DistancePart:
    """The distance of a name.

    Raises:
        UnknownName: there is no such distance.
        OneshotError: a user's distance cannot be found, or declares no traits.
    """
    outside = distances.part(reference)
    if outside is None:
        traits = distance_traits(reference)
        return DistancePart(reference, "", traits, class_of("distances", reference))
    traits = _traits[outside.name, outside.code] = outside.constant("TRAITS")

    def make(width: int) -> Distance:
        try:
            metric: Distance = outside.make(width)
            problem = _problem(metric, width, traits)
        except OneshotError:
            raise
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
        if problem:
            raise ModelBroken(
                f"The distance {outside.name} fails on embeddings of {width} numbers: {problem}.",
                distances.HINT,
            )
        return metric

    return DistancePart(outside.name, outside.code, traits, make)


def _problem(metric: Distance, width: int, traits: Traits) -> str:
    """What a user's distance does otherwise than it should, "" for nothing."""
    draw = torch.Generator().manual_seed(0)
    a, b = (torch.randn(n, width, generator=draw) for n in (DRAWN, DRAWN - 1))
    with torch.no_grad():
        table, pairs, back = metric(a, b), metric.pairs(a[:-1], b), metric(b, a)
    if table.shape != (DRAWN, DRAWN - 1) or pairs.shape != (DRAWN - 1,):
        return (
            f"forward gave {list(table.shape)} and pairs {list(pairs.shape)}; expected "
            f"{[DRAWN, DRAWN - 1]} for {DRAWN} and {DRAWN - 1} embeddings, and {[DRAWN - 1]}"
        )
    problems = (
        (not torch.isfinite(table).all(), "it gave numbers that are not finite"),
        (not _close(table.diagonal(), pairs), "forward and pairs disagree"),
        (
            traits.non_negative and bool((table < -CLOSE).any()),
            "TRAITS states non_negative=True, but it gave a number below zero",
        ),
        (
            traits.symmetric and not _close(table, back.T),
            "TRAITS states symmetric=True, but d(a, b) is not d(b, a)",
        ),
        (
            bool((table > traits.upper + CLOSE).any()),
            f"TRAITS states upper={traits.upper:g}, but it gave {float(table.max()):g}",
        ),
        (
            not traits.learned and any(True for _ in metric.parameters()),
            "TRAITS states learned=False, but it has weights",
        ),
    )
    return next((problem for is_true, problem in problems if is_true), "")


def _close(a: Tensor, b: Tensor) -> bool:
    return torch.allclose(a, b, rtol=CLOSE, atol=CLOSE)


def loss_part(reference: str) -> LossPart:
    """The loss of a name.

    Raises:
        UnknownName: there is no such loss.
        OneshotError: a user's loss cannot be found, or its needs are malformed.
        Refused: its library is missing.
    """
    if _pml.is_reference(reference):
        needs = _needs[reference, _pml.version()] = _pml.NEEDS
        make = _pml.loss(reference)
        return LossPart(reference, _pml.version(), needs, make, True, True)
    if not parts.is_outside("loss", reference, part_names("losses")):
        needs, suite = loss_needs(reference), class_of("losses", reference)
        return _on_distances(reference, "", needs, suite)
    outside = parts.load("loss", reference)
    needs = outside.constant("NEEDS") or Needs()
    if not isinstance(needs, Needs):
        raise OneshotError(
            f"NEEDS of the loss {outside.name} is a {type(needs).__name__}.",
            "State NEEDS = Needs(...), or leave it out.",
        )
    _needs[outside.name, outside.code] = needs
    if isinstance(outside.make, type) and issubclass(outside.make, Loss):
        return _on_distances(outside.name, outside.code, needs, outside.make)

    def of_module(_: Distance, name: str, traits: Traits, settings: LossSettings) -> Loss:
        return EmbeddingLoss(outside.name, lambda **sizes: _built(outside, sizes), traits, settings)

    return LossPart(outside.name, outside.code, needs, of_module, True, True)


def _on_distances(name: str, code: str, needs: Needs, class_: type[Loss]) -> LossPart:
    """A loss on distances, a subclass of `Loss`."""
    proxies = issubclass(class_, ProxyLoss)
    return LossPart(name, code, needs, lambda _d, _n, t, own: class_(t, own), False, proxies)


def _built(outside: parts.UserPart, sizes: dict[str, Any]) -> nn.Module:
    """A user's module, given those of the sizes that it takes."""
    made = outside.make(**{k: v for k, v in sizes.items() if k in parts.parameters(outside.make)})
    if not isinstance(made, nn.Module):
        raise OneshotError(f"The loss {outside.name} is no torch.nn.Module.", parts.HINTS["loss"])
    return made
