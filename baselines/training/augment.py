"""Random views of a batch of images, made on the device by one warp of the whole batch."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from baselines.randomness import generator
from baselines.recipe import TrainingRecipe

LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601
BENDS = 4  # displacements along each side of the coarse grid


def augment(
    images: Tensor, turns: NDArray[np.integer], recipe: TrainingRecipe, seed: int, step: int
) -> Tensor:
    """Views of a batch, drawn by (seed, step).

    Args:
        images: float32 [b, c, h, w] in [0, 1], h = w.
        turns: int [b], anticlockwise quarter turns of each image, part of its class.
        recipe: says what kind of views, and how strong.
        seed: of the training.
        step: of the training.

    Returns:
        float32 [b, c, h, w] in [0, 1].
    """
    draw = generator(seed, step, "augmentation")
    turned = _turned(turns)
    if recipe.augmentation == "none":
        return _warp(images, turned, np.zeros((len(images), 2)), "zeros") if turns.any() else images
    if recipe.augmentation == "character":
        linear, shift = _affine(len(images), recipe, draw)
        bend = _bend(images, recipe.elastic, draw) if recipe.elastic else None
        return _warp(images, turned @ linear, shift, "zeros", bend)
    linear, shift = _crop(len(images), recipe, draw)
    return _light(_warp(images, turned @ linear, shift, "reflection"), recipe, draw)


def _warp(
    images: Tensor,
    linear: NDArray[np.float64],
    shift: NDArray[np.float64],
    padding: str,
    bend: Tensor | None = None,
) -> Tensor:
    """Resamples images [b, c, h, w] at coordinates transformed by [b, 2, 2] and moved by [b, 2].

    Coordinates run from -1 to 1, x to the right and y down, as in `affine_grid`; `bend`
    [b, h, w, 2] moves each pixel's on its own.
    """
    theta = np.concatenate([linear, shift[:, :, None]], axis=2).astype(np.float32)
    on_device = torch.from_numpy(theta).to(images.device)
    grid = functional.affine_grid(on_device, list(images.shape), align_corners=False)
    if bend is not None:
        grid = grid + bend
    return functional.grid_sample(images, grid, "bilinear", padding, align_corners=False)


def _bend(images: Tensor, strength: float, draw: np.random.Generator) -> Tensor:
    """float32 [b, h, w, 2]: smooth random displacements, in parts of half the side.

    Simard, Steinkraus, Platt: Best Practices for Convolutional Neural Networks Applied to Visual
    Document Analysis. ICDAR 2003; made smooth by interpolating a coarse grid of normal
    displacements as in Ronneberger, Fischer, Brox: U-Net. MICCAI 2015, section 3.1.
    """
    coarse = strength * draw.standard_normal((len(images), 2, BENDS, BENDS))
    field = torch.from_numpy(coarse.astype(np.float32)).to(images.device)
    side = images.shape[2:]
    smooth = functional.interpolate(field, size=side, mode="bicubic", align_corners=True)
    return smooth.permute(0, 2, 3, 1)


def _turned(turns: NDArray[np.integer]) -> NDArray[np.float64]:
    """Matrices [b, 2, 2] that turn the picture anticlockwise by quarter turns, int [b]."""
    sine, cosine = np.array([0, 1, 0, -1.0])[turns % 4], np.array([1, 0, -1.0, 0])[turns % 4]
    return _matrices(cosine, -sine, sine, cosine)


def _affine(
    count: int, recipe: TrainingRecipe, draw: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """[count, 2, 2] rotation, scale along each axis and shear; [count, 2] shift; each uniform."""
    u = draw.uniform(-1, 1, (6, count))
    angle = math.radians(recipe.rotation) * u[0]
    sine, cosine, one = np.sin(angle), np.cos(angle), np.ones(count)
    zero = np.zeros(count)
    rotate = _matrices(cosine, -sine, sine, cosine)
    scale = _matrices(1 + recipe.scale * u[1], zero, zero, 1 + recipe.scale * u[2])
    shear = _matrices(one, recipe.shear * u[3], zero, one)
    shift = 2 * recipe.shift * u[4:6].T  # the side is two long in these coordinates
    return rotate @ scale @ shear, shift


def _crop(
    count: int, recipe: TrainingRecipe, draw: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """[count, 2, 2] and [count, 2]: random resized crops (Szegedy et al. 2015) and mirroring."""
    u = draw.random((5, count))
    side = np.sqrt(recipe.smallest_crop + (1 - recipe.smallest_crop) * u[0])
    stretch = np.exp((2 * u[1] - 1) * math.log(4 / 3) / 2)
    wide, high = np.minimum(1, side * stretch), np.minimum(1, side / stretch)
    mirror = np.where(u[4] < 0.5, -1.0, 1.0) if recipe.flip else np.ones(count)
    zero = np.zeros(count)
    shift = np.stack([(1 - wide) * (2 * u[2] - 1), (1 - high) * (2 * u[3] - 1)], axis=1)
    return _matrices(wide * mirror, zero, zero, high), shift


def _light(images: Tensor, recipe: TrainingRecipe, draw: np.random.Generator) -> Tensor:
    """Brightness, contrast and saturation, each a factor of 1 -+ its strength per image."""
    u = draw.uniform(-1, 1, (2, len(images), 1, 1, 1)).astype(np.float32)
    bright = torch.from_numpy(1 + recipe.brightness * u[0]).to(images.device)
    contrast = torch.from_numpy(1 + recipe.contrast * u[1]).to(images.device)
    images = images * bright
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    images = ((images - mean) * contrast + mean).clamp(0, 1)
    if recipe.saturation and images.shape[1] == 3:
        v = draw.uniform(-1, 1, (len(images), 1, 1, 1)).astype(np.float32)
        colour = torch.from_numpy(1 + recipe.saturation * v).to(images.device)
        grey = (images * images.new_tensor(LUMA).view(1, 3, 1, 1)).sum(dim=1, keepdim=True)
        images = ((images - grey) * colour + grey).clamp(0, 1)
    return images


def _matrices(
    a: NDArray[np.float64], b: NDArray[np.float64], c: NDArray[np.float64], d: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.stack([np.stack([a, b], axis=1), np.stack([c, d], axis=1)], axis=1)
