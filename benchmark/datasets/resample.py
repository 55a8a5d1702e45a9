"""The one pinned resampler: an antialiased triangle filter in fixed point, equal bits everywhere.

Libraries differ in their filters, and Omniglot scores move by points with them (raw pixels at
28x28: 77 to 81 % error), so there is one filter and it is part of every recipe.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

NAME = "triangle-4096"
ONE = 4096  # fixed-point unit: each row of weights sums to exactly this
GREY_STEPS = 16  # sixteenths of a grey level are kept between the two passes
BLOCK_PIXELS = 1 << 23


@lru_cache(maxsize=32)  # a folder of photographs has thousands of sizes
def weights(source: int, target: int) -> NDArray[np.float32]:
    """[target, source] whole numbers (as float32), each row summing to ONE.

    The support is one source pixel when enlarging and source / target pixels when reducing. Row i
    mirrors row target - 1 - i, so a mirrored image resamples to the mirrored result.
    """
    inputs = 2 * np.arange(source, dtype=np.int64)[None, :] + 1
    outputs = 2 * np.arange(target, dtype=np.int64)[:, None] + 1
    reach = 2 * max(source, target)
    triangle = np.maximum(0, reach - np.abs(inputs * target - outputs * source))
    fixed = triangle * ONE // triangle.sum(axis=1, keepdims=True)
    missing = ONE - fixed.sum(axis=1)
    for row in range((target + 1) // 2):
        if 2 * row + 1 == target:  # the middle row is its own mirror image
            fixed[row, (source - 1) // 2] += missing[row] // 2
            fixed[row, source // 2] += missing[row] - missing[row] // 2
        else:
            fixed[row, fixed[row].argmax()] += missing[row]
            fixed[target - 1 - row] = fixed[row, ::-1]
    return np.asarray(fixed, dtype=np.float32)


def resample(
    stored: NDArray[np.uint8], side: int | None, rows: NDArray[np.integer] | None = None
) -> NDArray[np.uint8]:
    """uint8 [k, c, side, side] from uint8 [m, c, h, w]: the images at `rows` (all without it).

    Every product and sum is a whole number below 2**24, hence exact in float32 whatever the order
    of summation, the number of threads or the library. `side=None` keeps the stored size.
    """
    chosen = np.arange(len(stored)) if rows is None else np.asarray(rows)
    _, channels, height, width = stored.shape
    if side is None or (height == side and width == side):
        return np.asarray(stored[chosen])
    across, down = weights(width, side).T, weights(height, side).T
    out = np.empty((len(chosen), channels, side, side), dtype=np.uint8)
    block = max(1, BLOCK_PIXELS // (channels * height * width))
    for start in range(0, len(chosen), block):
        out[start : start + block] = weighed(stored[chosen[start : start + block]], across, down)
    return out


def padded(image: NDArray[np.uint8], side: int, top: int, left: int) -> NDArray[np.uint8]:
    """uint8 [c, side, side] from [c, h, w] in a square of max(h, w), whose edge is repeated.

    The square itself, which for a long and narrow picture is many times as large, is never made:
    what its repeated pixels weigh is added to the picture's edge, which in whole numbers is the
    same.
    """
    _, height, width = image.shape
    whole = weights(max(height, width), side)
    across, down = _at_edges(whole, left, width).T, _at_edges(whole, top, height).T
    squared: NDArray[np.uint8] = weighed(image[None], across, down)[0]
    return squared


def _at_edges(whole: NDArray[np.float32], first: int, count: int) -> NDArray[np.float32]:
    """float32 [target, count] from [target, source]; the first and last take what is beyond."""
    inside = whole[:, first : first + count].copy()
    inside[:, 0] += whole[:, :first].sum(axis=1)
    inside[:, -1] += whole[:, first + count :].sum(axis=1)
    return inside


def weighed(
    images: NDArray[np.uint8], across: NDArray[np.float32], down: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """uint8 [k, c, side, side] from uint8 [k, c, h, w] and weights [w, side], [h, side]."""
    count, channels, height, width = images.shape
    side = across.shape[1]
    rows = images.reshape(-1, width)
    planes = np.empty((len(rows), side), dtype=np.float32)
    block = max(1, BLOCK_PIXELS // width)
    for start in range(0, len(rows), block):  # one photograph alone may be large
        planes[start : start + block] = rows[start : start + block].astype(np.float32) @ across
    planes = np.floor(planes * (GREY_STEPS / ONE) + 0.5)
    planes = planes.reshape(-1, height, side).transpose(0, 2, 1).reshape(-1, height) @ down
    grey = np.floor(planes / (GREY_STEPS * ONE) + 0.5)
    shape = (count, channels, side, side)
    made: NDArray[np.uint8] = grey.reshape(shape).transpose(0, 1, 3, 2).astype(np.uint8)
    return made
