"""The temperature: as declared, as set, and learned."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from baselines.parts import part_names
from baselines.siamese.traits import loss_needs

from .helpers import LABELS, make_loss, metric, value_of

PUBLISHED = {
    "circle": 1 / 80,
    "lifted-structure": 0.1,
    "multi-similarity": 1 / 50,
    "n-pairs": 0.1,
    "nca": 0.1,
    "nt-xent": 0.1,
    "prototypical": 0.0375,
    "proxy-anchor": 1 / 32,
    "proxy-nca": 1 / 9,
    "supervised-contrastive": 0.1,
}


def learning(name: str, temperature: float) -> Any:
    loss = make_loss(name, "cosine", temperature=temperature, learn_temperature=True)
    loss.prepare(classes=3, embedding=3, seed=0)
    return loss


def value_of_learning(name: str, temperature: float, embeddings: Tensor) -> float:
    loss = learning(name, temperature)
    return float(loss(metric("cosine"), embeddings, LABELS, None).detach())


def test_the_defaults_are_those_of_the_papers() -> None:
    declared = {name: loss_needs(name).temperature for name in part_names("losses")}
    assert {name: t for name, t in declared.items() if t} == PUBLISHED


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_default_is_that_of_the_needs_and_is_no_weight(name: str) -> None:
    loss = make_loss(name, "cosine")
    assert loss.temperature == loss_needs(name).temperature
    assert "log_scale" not in loss.state_dict()
    d = torch.tensor([0.0, 0.25, 2.0])
    assert loss.sharpened(d).tolist() == pytest.approx(((1 - d) / loss.temperature).tolist())


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_learned_temperature_starts_where_it_is_set(name: str, embeddings: Tensor) -> None:
    fixed = make_loss(name, "cosine", temperature=0.2)
    fixed.prepare(classes=3, embedding=3, seed=0)
    other = make_loss(name, "cosine")
    other.prepare(classes=3, embedding=3, seed=0)
    at_0_2, default, learned = (
        float(loss(metric("cosine"), embeddings, LABELS, None).detach())
        for loss in (fixed, other, learning(name, 0.2))
    )
    assert learned == pytest.approx(at_0_2, rel=1e-5)
    assert at_0_2 != pytest.approx(default, rel=1e-2)


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_learned_temperature_gets_the_gradient_of_the_loss(name: str, embeddings: Tensor) -> None:
    loss = learning(name, 0.2)
    loss(metric("cosine"), embeddings, LABELS, None).backward()
    assert loss.log_scale.grad is not None and float(loss.log_scale.grad) != 0
    h = 1e-2
    lower, upper = (value_of_learning(name, 0.2 * math.exp(-step), embeddings) for step in (-h, h))
    assert float(loss.log_scale.grad) == pytest.approx((upper - lower) / (2 * h), rel=2e-2)


def test_a_learned_temperature_is_kept_in_the_weights() -> None:
    loss, fresh = learning("nt-xent", 0.05), learning("nt-xent", 0.1)
    fresh.load_state_dict(loss.state_dict())
    assert float(fresh.temperature.detach()) == pytest.approx(0.05)
    assert torch.equal(fresh.log_scale, loss.log_scale)


def test_a_learned_scale_is_cut_to_a_hundred_and_comes_back(embeddings: Tensor) -> None:
    loss = learning("nt-xent", 0.1)
    with torch.no_grad():
        loss.log_scale.fill_(9.0)
    value = loss(metric("cosine"), embeddings, LABELS, None)
    expected = value_of("nt-xent", "cosine", embeddings, temperature=0.01)
    assert float(value.detach()) == pytest.approx(expected, rel=1e-4)
    value.backward()
    assert float(loss.log_scale.detach()) == pytest.approx(math.log(100))
    assert loss.log_scale.grad is not None and float(loss.log_scale.grad) > 0


def test_a_distance_is_sharpened_in_its_own_radius() -> None:
    loss = make_loss("nt-xent", "euclidean", temperature=0.5)
    assert loss.sharpened(torch.tensor([0.0, 16.0])).tolist() == pytest.approx([2.0, 0.8])
