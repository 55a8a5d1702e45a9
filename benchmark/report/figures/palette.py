"""PNG files with a palette: a third of the bytes, and no difference that an eye could see."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

COLOURS = 256  # that a palette has room for
EXACT = 32  # most frequent colours that are kept as they are


def with_palette(pixels: NDArray[np.uint8], dpi: float) -> bytes:
    """A PNG file of uint8 [h, w, 4] (red, green, blue and an alpha that is not looked at).

    A figure's colours are a few and their blends at the edges of lines and letters. Where these are
    more than a palette holds, the most frequent ones stay exact and the others are spread so that
    the farthest colour from its stand-in is as near as can be (farthest-first traversal, Gonzalez
    1985); neither depends on the version of any library.
    """
    rgba = np.ascontiguousarray(pixels)
    high, wide = rgba.shape[:2]
    counted: Any = Image.frombuffer("RGBA", (wide, high), rgba, "raw", "RGBA", 0, 1).getcolors(
        wide * high
    )
    found = np.array([(-count, *colour[:3]) for count, colour in counted], dtype=np.int64)
    colours = found[np.lexsort(found.T[::-1]), 1:]  # the most frequent first
    chosen, nearest = _spread(colours)
    index = np.zeros(1 << 24, dtype=np.uint8)
    index[colours @ (1, 1 << 8, 1 << 16)] = nearest
    packed = rgba.view("<u4")[:, :, 0] & 0xFFFFFF
    image = Image.fromarray(index[packed])
    image.putpalette(colours[chosen].astype(np.uint8).tobytes())
    file = io.BytesIO()
    image.save(file, "png", dpi=(dpi, dpi), compress_level=6)
    return file.getvalue()


def _spread(colours: NDArray[np.int64]) -> tuple[list[int], NDArray[np.int64]]:
    """Positions of at most 256 of the colours, int [n, 3], and for each the nearest of those."""
    chosen = list(range(len(colours) if len(colours) <= COLOURS else EXACT))
    away = np.stack([((colours - colours[at]) ** 2).sum(1) for at in chosen])
    nearest, least = away.argmin(0), away.min(0)
    while len(chosen) < COLOURS and least.any():
        chosen.append(int(least.argmax()))
        now = ((colours - colours[chosen[-1]]) ** 2).sum(1)
        closer = now < least
        nearest[closer], least[closer] = len(chosen) - 1, now[closer]
    return chosen, nearest
