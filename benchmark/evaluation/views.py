"""Test-time views: pinned small changes of an image whose embeddings are averaged.

The n views of a recipe are the first n of one fixed list; the first of all is the image as it is.
Characters are turned, scaled, sheared and moved a little; photographs are cropped and mirrored.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from benchmark.datasets.data_set import Family
from benchmark.errors import Refused
from benchmark.evaluation.inference_config import MOST_VIEWS
from benchmark.tasks.draw import below, words

VERSION = 1  # of the list; part of the key that it is drawn by
# Characters: largest rotation in degrees, change of scale along each axis, shear, and shift as a
# part of the side; each is drawn uniformly up to its largest either way.
ROTATION, SCALE, SHEAR, SHIFT = 11.0, 0.15, 0.15, 0.10
SMALLEST_CROP = 0.7  # photographs: part of the side; every other view is mirrored


def check(family: Family, views: int) -> None:
    """Refuses more than one view where there is nothing to look at.

    Raises:
        Refused: for vectors and texts.
    """
    if views > 1 and family not in ("character", "photograph"):
        raise Refused(f"Several views are for images; this is {family} data.", "Take views=1.")


def view(images: Tensor, family: Family, number: int) -> Tensor:
    """The images under one view.

    Args:
        images: float32 [n, c, h, w] in [0, 1].
        family: what they show.
        number: of the view, from 0.

    Returns:
        float32 [n, c, h, w] in [0, 1].
    """
    if number == 0:
        return images
    theta = torch.from_numpy(maps(family)[number]).to(images.device).expand(len(images), 2, 3)
    grid = functional.affine_grid(theta, list(images.shape), align_corners=False)
    beyond = "zeros" if family == "character" else "reflection"
    return functional.grid_sample(images, grid, "bilinear", beyond, align_corners=False)


@cache
def maps(family: Family) -> NDArray[np.float32]:
    """float32 [MOST_VIEWS, 2, 3]: where each view takes its pixels from, as in `affine_grid`."""
    random = words(f"oneshot-benchmark/views/{family}/v{VERSION}", 0, MOST_VIEWS, 6)
    u = below(random, 2**31) / 2**30 - 1  # uniform in [-1, 1)
    out = np.zeros((MOST_VIEWS, 2, 3))
    if family == "character":
        angle = np.radians(ROTATION) * u[:, 0]
        cosine, sine = np.cos(angle), np.sin(angle)
        wide, high, shear = 1 + SCALE * u[:, 1], 1 + SCALE * u[:, 2], SHEAR * u[:, 3]
        # Rotation after scaling after shearing: [c -s; s c] [w 0; 0 h] [1 k; 0 1].
        out[:, 0, 0], out[:, 0, 1] = cosine * wide, cosine * wide * shear - sine * high
        out[:, 1, 0], out[:, 1, 1] = sine * wide, sine * wide * shear + cosine * high
        out[:, :, 2] = 2 * SHIFT * u[:, 4:]  # the side is two long in these coordinates
    else:
        side = np.sqrt(SMALLEST_CROP**2 + (1 - SMALLEST_CROP**2) * (u[:, 0] + 1) / 2)
        stretch = np.exp(u[:, 1] * math.log(4 / 3) / 4)
        wide, high = np.minimum(1, side * stretch), np.minimum(1, side / stretch)
        mirror = np.where(np.arange(MOST_VIEWS) % 2 == 1, -1.0, 1.0)
        out[:, 0, 0], out[:, 1, 1] = wide * mirror, high
        out[:, :, 2] = np.stack([1 - wide, 1 - high], axis=1) * u[:, 2:4]
    out[0] = np.eye(2, 3)
    return out.astype(np.float32)
