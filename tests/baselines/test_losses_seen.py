"""Losses are summed alike wherever they are computed, and one that is no number is told."""

from __future__ import annotations

import pytest
import torch

from baselines.training.losses_seen import LossesSeen
from benchmark.errors import ModelFailed


def seen(owed: int) -> LossesSeen:
    losses = LossesSeen("cpu", 0.004, 10)
    losses.most = owed  # as on a device that works ahead
    return losses


@pytest.mark.parametrize("owed", [1, 3, 100])
def test_the_sum_does_not_depend_on_when_losses_are_read(owed: int) -> None:
    losses = seen(owed)
    values = [0.1, 0.7, 2.5, 0.3, 0.9]
    for step, value in enumerate(values):
        losses.add(torch.tensor(value), step)
    expected = 0.0
    for value in values:
        expected += float(torch.tensor(value))
    assert losses.sum() == expected
    assert losses.sum() == expected  # asking changes nothing
    losses.restart(1.5)
    losses.add(torch.tensor(0.25), 5)
    assert losses.sum() == 1.75


@pytest.mark.parametrize("owed", [1, 3, 100])
def test_the_step_whose_loss_is_no_number_is_named(owed: int) -> None:
    losses = seen(owed)
    with pytest.raises(ModelFailed, match=r"became nan at step 4 of 10.*learning_rate=0\.0004"):
        for step in range(8):
            losses.add(torch.tensor(float("nan") if step == 3 else 1.0), step)
        losses.sum()


def test_the_processor_reads_every_loss_at_once() -> None:
    losses = LossesSeen("cpu", 0.004, 10)
    with pytest.raises(ModelFailed, match="step 1 of 10"):
        losses.add(torch.tensor(float("inf")), 0)
