"""What must hold for every loss with every distance that it takes."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from baselines.parts import part_names
from baselines.siamese.traits import refusal
from benchmark.models.distances._distance import Distance

from .helpers import make_loss, metric

LOSSES = part_names("losses")


def distances_of(loss: str) -> list[str]:
    """The distances that the loss takes."""
    return [name for name in part_names("distances") if refusal(name, loss) is None]


def built(distance: str, loss: str, embedding: int) -> tuple[Distance, Any]:
    made = make_loss(loss, distance)
    made.prepare(classes=6, embedding=embedding, seed=0)
    return metric(distance, embedding), made


@pytest.mark.parametrize("loss", LOSSES)
def test_every_combination_is_finite_and_learns(loss: str) -> None:
    for distance in distances_of(loss):
        measure, made = built(distance, loss, 8)
        draw = torch.Generator().manual_seed(0)
        for scale in (0.1, 1.0, 10.0):
            e = (scale * torch.randn(12, 8, generator=draw)).requires_grad_()
            labels = torch.arange(6).repeat_interleave(2)
            value = made(measure, e, labels, None)
            value.backward()
            assert value.shape == () and torch.isfinite(value), distance
            assert e.grad is not None and torch.isfinite(e.grad).all(), distance
            if scale == 1.0:
                assert bool((e.grad != 0).any()), distance
        for weight in (*measure.parameters(), *made.parameters()):
            assert weight.grad is not None and torch.isfinite(weight.grad).all(), distance


@pytest.mark.parametrize("loss", LOSSES)
def test_a_collapsed_batch_has_a_finite_gradient(loss: str) -> None:
    for distance in distances_of(loss):
        measure, made = built(distance, loss, 8)
        labels = torch.arange(6).repeat_interleave(2)
        by_class = torch.randn(6, 8, generator=torch.Generator().manual_seed(0))
        for start in (
            torch.ones(12, 8),
            torch.zeros(12, 8),
            by_class[:1].expand(12, 8),
            by_class[labels],  # each class in one point
        ):
            e = start.clone().requires_grad_()
            value = made(measure, e, labels, None)
            value.backward()
            assert torch.isfinite(value), distance
            assert e.grad is not None and torch.isfinite(e.grad).all(), distance


@pytest.mark.parametrize("loss", LOSSES)
def test_a_step_against_the_gradient_lowers_the_loss(loss: str) -> None:
    for distance in distances_of(loss):
        measure, made = built(distance, loss, 8)
        labels = torch.arange(6).repeat_interleave(3)
        e = torch.randn(18, 8, generator=torch.Generator().manual_seed(0)).requires_grad_()
        before = made(measure, e, labels, None)
        before.backward()
        assert e.grad is not None
        with torch.no_grad():
            after = [
                made(measure, e - step * e.grad / e.grad.norm(), labels, None)
                for step in (0.1, 0.01, 0.001)
            ]
        assert min(after) < before, distance
