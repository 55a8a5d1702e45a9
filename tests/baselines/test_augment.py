"""Views: turns are exact, draws are keyed, nothing leaves [0, 1]."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from baselines.recipe import TrainingRecipe
from baselines.training.augment import augment
from baselines.training.schedule import rate

IMAGES = torch.rand(6, 3, 12, 12, generator=torch.Generator().manual_seed(0))
TURNS = np.array([0, 1, 2, 3, 0, 1])


def recipe(kind: str) -> TrainingRecipe:
    return dataclasses.replace(TrainingRecipe(), augmentation=kind)  # type: ignore[arg-type]


def test_turns_are_those_of_the_data_set() -> None:
    views = augment(IMAGES, TURNS, recipe("none"), seed=0, step=0)
    turned = [np.rot90(image, turn, axes=(1, 2)) for image, turn in zip(IMAGES, TURNS, strict=True)]
    assert np.allclose(views.numpy(), np.stack(turned), atol=1e-5)


@pytest.mark.parametrize("kind", ["character", "photograph"])
def test_views_are_keyed_by_seed_and_step(kind: str) -> None:
    views = augment(IMAGES, TURNS, recipe(kind), seed=0, step=3)
    assert views.shape == IMAGES.shape and views.min() >= 0 and views.max() <= 1
    assert torch.equal(views, augment(IMAGES, TURNS, recipe(kind), seed=0, step=3))
    assert not torch.equal(views, augment(IMAGES, TURNS, recipe(kind), seed=0, step=4))
    assert not torch.equal(views, augment(IMAGES, TURNS, recipe(kind), seed=1, step=3))


def test_a_shift_alone_moves_the_picture() -> None:
    still = dataclasses.replace(recipe("character"), rotation=0.0, scale=0.0, shear=0.0, shift=0.0)
    views = augment(IMAGES, np.zeros(6, dtype=int), still, seed=0, step=0)
    assert torch.allclose(views, IMAGES, atol=1e-5)


def test_elastic_bending_is_local_and_smooth() -> None:
    still = dataclasses.replace(recipe("character"), rotation=0.0, scale=0.0, shear=0.0, shift=0.0)
    bent = dataclasses.replace(still, elastic=0.05)
    slope = torch.linspace(0.2, 0.8, 32).expand(6, 1, 32, 32).contiguous()
    views = augment(slope, np.zeros(6, dtype=int), bent, seed=0, step=0)
    inside = views[:, 0, 6:-6, 6:-6]
    moved = inside - slope[:, 0, 6:-6, 6:-6]
    assert moved.std() > 0.005, "nothing was bent"
    assert moved.diff(dim=1).abs().max() < moved.abs().max(), "neighbours move alike"
    # Without it the other draws are what they were.
    plain = recipe("character")
    both = dataclasses.replace(plain, elastic=1e-9)
    first, second = (augment(IMAGES, TURNS, r, seed=0, step=0) for r in (plain, both))
    assert torch.allclose(first, second, atol=1e-5)


def test_saturation_keeps_the_grey_of_each_pixel() -> None:
    still = dataclasses.replace(
        recipe("photograph"), smallest_crop=1.0, flip=False, brightness=0.0, contrast=0.0
    )
    images = 0.3 + 0.4 * IMAGES  # far from the ends, where nothing is cut off
    flat = np.zeros(6, dtype=int)
    plain = augment(images, flat, still, seed=0, step=0)
    views = augment(images, flat, dataclasses.replace(still, saturation=0.4), seed=0, step=0)
    luma = torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    assert not torch.allclose(views, plain, atol=1e-3)
    assert torch.allclose((views * luma).sum(1), (plain * luma).sum(1), atol=1e-5)


def test_the_rate_warms_up_and_falls() -> None:
    rates = [rate(step, 100, 0.1, "cosine") for step in range(100)]
    assert rates[:11] == sorted(rates[:11]) and rates[10] == 1.0
    assert rates[10:] == sorted(rates[10:], reverse=True) and 0 < rates[-1] < 0.001
    assert rate(50, 100, 0.1, "constant") == 1.0
