"""Dark ink on light paper or the other way round: characters are stored with bright ink on dark.

The paper is what a picture's edge shows. Files of one data set are judged together, so that no
letter that fills its frame is inverted alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

BLOCK = 1_024
TOLD = 5
DIVIDED = 0.05  # share of images that look the other way round, from which on they are named


def dark_ink(images: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Bool [n]: whether the paper of images [n, c, h, w] is lighter than what is on it.

    The median of the edge is compared with the mean of the picture; an empty sheet counts by its
    own brightness.
    """
    sides = (images[..., 0, :], images[..., -1, :], images[..., :, 0], images[..., :, -1])
    edge = np.median(np.concatenate([side.reshape(len(images), -1) for side in sides], axis=1), 1)
    mean = images.reshape(len(images), -1).mean(axis=1)
    dark: NDArray[np.bool_] = (edge > mean) | ((edge == mean) & (mean >= 128))
    return dark


def inked(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 [c, h, w] with bright ink on dark paper, from either."""
    return 255 - image if dark_ink(image[None])[0] else image


def brighten(
    stored: NDArray[np.uint8], names: Sequence[str], good: NDArray[np.bool_], ink: str
) -> list[str]:
    """Inverts all images, in place, if their ink is dark; what to tell of it.

    Args:
        stored: uint8 [n, c, h, w].
        names: of the images.
        good: bool [n], the others are no images.
        ink: "dark", "light", or "auto" for what most of the images are.
    """
    dark = np.zeros(len(stored), dtype=bool)
    for start in range(0, len(stored), BLOCK):
        dark[start : start + BLOCK] = dark_ink(stored[start : start + BLOCK])
    count, darks = int(good.sum()), int((dark & good).sum())
    inverted = 2 * darks >= count if ink == "auto" else ink == "dark"
    if inverted:
        for start in range(0, len(stored), BLOCK):
            stored[start : start + BLOCK] = 255 - stored[start : start + BLOCK]
    what = "dark ink on light paper" if inverted else "light ink on dark paper"
    how = "inverted, so that ink is bright" if inverted else "kept"
    others = np.flatnonzero(good & (dark != inverted))
    notes = [f"characters are {what} ({count - len(others):,} of {count:,} images look so): {how}"]
    if len(others) > DIVIDED * count:
        first = ", ".join(names[row] for row in others[:TOLD])
        more = ", ..." if len(others) > TOLD else ""
        notes.append(f"{len(others):,} images look the other way round: {first}{more}")
    return notes
