"""From any picture to a square one, always the same way: padded, cropped, stretched or by its ink.

"ink" brings handwriting to one geometry: the picture is cropped to what is written on it, keeps its
proportions and is padded with the colour of its paper.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.ink import ink_box, paper_of
from benchmark.datasets.resample import padded, resample

Fit = Literal["pad", "crop", "stretch", "ink"]
FITS: tuple[Fit, ...] = ("pad", "crop", "stretch", "ink")
MARGIN = 0.04  # of the longer side of the ink, left on each side of it


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


def cropped_to_ink(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 [c, h', w'] from [c, h, w]: the ink with a margin, its edge of the paper's colour.

    Repeating the edge then adds clean paper. A picture without ink stays whole.
    """
    box = ink_box(image)
    if box is None:
        return image
    top, bottom, left, right = box
    margin = max(1, round(MARGIN * max(bottom - top, right - left)))
    top, left = max(0, top - margin), max(0, left - margin)
    inside = image[:, top : bottom + margin, left : right + margin]
    channels, height, width = inside.shape
    edged = np.empty((channels, height + 2, width + 2), dtype=np.uint8)
    edged[:] = paper_of(image)[:, None, None]
    edged[:, 1:-1, 1:-1] = inside
    return edged


def fitted(image: NDArray[np.uint8], side: int, fit: Fit) -> NDArray[np.uint8]:
    """uint8 [c, side, side] from [c, h, w], by the suite's pinned resampler."""
    if fit == "ink":
        image = cropped_to_ink(image)
    if fit in ("pad", "ink"):
        _, height, width = image.shape
        longest = max(height, width)
        return padded(image, side, (longest - height) // 2, (longest - width) // 2)
    square = crop(image) if fit == "crop" else image
    squared: NDArray[np.uint8] = resample(square[None], side)[0]
    return squared
