"""From any picture to a square one: by padding, cropping or stretching, always the same way."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.resample import padded, resample

Fit = Literal["pad", "crop", "stretch"]
FITS: tuple[Fit, ...] = ("pad", "crop", "stretch")


def pad(image: NDArray[np.uint8], fill: int | None = None) -> NDArray[np.uint8]:
    """uint8 [c, s, s] from [c, h, w] with s = max(h, w), the picture in the middle.

    An odd number of missing rows or columns puts the greater half after the picture. The new pixels
    have the value `fill`, or repeat the edge without it.
    """
    _, height, width = image.shape
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    around = ((0, 0), (top, side - height - top), (left, side - width - left))
    if fill is None:
        return np.pad(image, around, mode="edge")
    return np.pad(image, around, constant_values=fill)


def crop(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 [c, s, s] from [c, h, w] with s = min(h, w): the middle of the picture."""
    _, height, width = image.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return image[:, top : top + side, left : left + side]


def fitted(image: NDArray[np.uint8], side: int, fit: Fit) -> NDArray[np.uint8]:
    """uint8 [c, side, side] from [c, h, w], by the suite's pinned resampler."""
    if fit == "pad":
        _, height, width = image.shape
        longest = max(height, width)
        return padded(image, side, (longest - height) // 2, (longest - width) // 2)
    square = crop(image) if fit == "crop" else image
    squared: NDArray[np.uint8] = resample(square[None], side)[0]
    return squared
