"""Traits are what the parts really do, and refusals follow from them."""

from __future__ import annotations

from importlib import import_module

import pytest
import torch

from baselines.parts import class_of, part_names
from baselines.siamese.network import Siamese
from baselines.siamese.traits import distance_traits, loss_needs, refusal
from benchmark.errors import OneshotError, Refused, UnknownName
from benchmark.protocols import TrackInfo


@pytest.mark.parametrize("name", part_names("distances"))
def test_declared_traits_hold(name: str) -> None:
    traits = distance_traits(name)
    module = import_module(f"baselines.siamese.distances.{name.replace('-', '_')}")
    assert traits == module.TRAITS  # read as text and imported

    torch.manual_seed(0)
    distance = class_of("distances", name)(5)
    a, b = torch.randn(40, 5), torch.randn(30, 5)
    with torch.no_grad():
        for weight in distance.parameters():
            weight.copy_(torch.randn_like(weight))
        d, back = distance(a, b), distance(b, a)
        same = distance.pairs(a, a)
    assert (bool((d >= 0).all()) and bool(same.abs().max() < 1e-5)) == traits.non_negative
    assert torch.allclose(d, back.T, atol=1e-5) == traits.symmetric
    assert bool(list(distance.parameters())) == traits.learned
    assert bool((distance(100 * a, b) <= traits.upper + 1e-5).all())
    assert traits.bounded == (traits.upper < float("inf"))


@pytest.mark.parametrize("name", part_names("losses"))
def test_needs_are_literals(name: str) -> None:
    module = import_module(f"baselines.siamese.losses.{name.replace('-', '_')}")
    assert loss_needs(name) == module.NEEDS


def test_a_log_odds_cannot_be_squared() -> None:
    assert refusal("euclidean", "contrastive") is None
    reason = refusal("weighted-l1", "contrastive")
    assert reason is not None and "never negative" in reason


def test_the_network_refuses_with_the_reason(track: TrackInfo) -> None:
    with pytest.raises(Refused, match="never negative"):
        Siamese(0, track, distance="weighted-l1", loss="contrastive")
    with pytest.raises(Refused, match="cannot learn from triplets"):
        Siamese(0, track, batches="triplets")
    with pytest.raises(Refused, match="below 2"):
        Siamese(0, track, distance="cosine", margin=2.0)


def test_unknown_parts_are_named(track: TrackInfo) -> None:
    with pytest.raises(UnknownName, match="euclidean"):
        Siamese(0, track, distance="euclidian")
    with pytest.raises(UnknownName, match="conv4"):
        Siamese(0, track, backbone="conv5")
    with pytest.raises(OneshotError, match="no loss named 'tripplet'"):
        Siamese(0, track, loss="tripplet")
