"""Draws pen paths into Omniglot's frame: 105 x 105 one-bit pixels, one round nib."""

from __future__ import annotations

import numpy as np
from graph import Points
from numpy.typing import NDArray
from skeletons import resample

SIDE = 105
_REACH = np.arange(-4, 5)


def ink(paths: list[Points], width: float) -> NDArray[np.bool_]:
    """Draws paths given in pixels (x, y); a pixel is ink if its centre is under the nib.

    Returns:
        Image [105, 105], ink True.
    """
    image = np.zeros((SIDE, SIDE), dtype=np.bool_)
    points = np.vstack([resample(path, 0.5) for path in paths])
    # Sixteenths of a pixel, so that rounding in the last bits of a float never moves a pixel.
    fine = np.rint(points * 16).astype(np.int64)
    columns = (fine[:, 0] // 16)[:, None, None] + _REACH[None, None, :]
    rows = (fine[:, 1] // 16)[:, None, None] + _REACH[None, :, None]
    across = columns * 16 + 8 - fine[:, 0][:, None, None]
    down = rows * 16 + 8 - fine[:, 1][:, None, None]
    under = across**2 + down**2 <= round((8 * width) ** 2)
    under &= (columns >= 0) & (columns < SIDE) & (rows >= 0) & (rows < SIDE)
    rows, columns = np.broadcast_to(rows, under.shape), np.broadcast_to(columns, under.shape)
    image[rows[under], columns[under]] = True
    return image
