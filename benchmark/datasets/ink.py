"""Dark ink on light paper or the other way round: characters are stored with bright ink on dark.

The paper is what a picture's edge shows. Files of one data set are judged together, so that no
letter that fills its frame is inverted alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 1_024
LOOKED_AT = 512  # pixels of the longer side at which ink is looked for
FAINTEST = 24  # grey levels by which ink differs from its paper at the least
NOISE = 6  # standard deviations of the paper that are no ink
SHARE = 0.35  # of the darkest ink's difference from the paper
STRAY = 0.03  # of the ink: less than this, lying apart, are specks
LITTLE = 0.1  # and less than this of the largest part: not one of many words
FAR = 0.05  # of the side: a gap this wide sets ink apart
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


def paper_of(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 [c]: the colour of the paper of an image [c, h, w], the median of its edge."""
    middle: NDArray[np.uint8] = np.median(_edge(image), axis=1).astype(np.uint8)
    return middle


def ink_box(image: NDArray[np.uint8]) -> tuple[int, int, int, int] | None:
    """Where the ink of an image [c, h, w] is: (top, bottom, left, right); None where there is none.

    Ink is what differs from the paper by more than the paper's own noise, whether it is darker or
    lighter. Specks far from the writing do not widen the box.
    """
    step = -(-max(image.shape[1:]) // LOOKED_AT)
    small = _reduced(image, step)
    paper = paper_of(image).astype(np.float32)[:, None, None]
    apart = _smoothed(np.abs(small - paper).max(axis=0))
    around = np.abs(_edge(small) - paper[..., 0]).max(axis=0)
    enough = max(9, apart.size // 2_000)
    darkest = float(np.partition(apart, -enough, axis=None)[-enough]) if apart.size > enough else 0
    least = max(FAINTEST, NOISE * 1.4826 * float(np.median(around)) / 3)  # a third: smoothed
    if darkest < least:
        return None
    ink = apart > max(least, SHARE * darkest)
    top, bottom = _inside(ink.sum(axis=1))
    left, right = _inside(ink.sum(axis=0))
    _, height, width = image.shape
    return top * step, min(height, bottom * step), left * step, min(width, right * step)


def without_ink(
    stored: NDArray[np.uint8], names: Sequence[str], good: NDArray[np.bool_]
) -> list[str]:
    """What to tell of pictures in which no ink was found: they are stored whole.

    Args:
        stored: uint8 [n, c, h, w], cropped to their ink.
        names: of the images.
        good: bool [n], the others are no images.
    """
    blank = [row for row in map(int, np.flatnonzero(good)) if ink_box(stored[row]) is None]
    notes = [
        f"cropped to their ink: {int(good.sum()) - len(blank):,} of {int(good.sum()):,} images"
    ]
    if blank:
        first = ", ".join(names[row] for row in blank[:TOLD])
        more = ", ..." if len(blank) > TOLD else ""
        notes.append(f"no ink was found in {len(blank):,}, which stay whole: {first}{more}")
    return notes


def _edge(image: NDArray[Any]) -> NDArray[Any]:
    """[c, n]: the pixels along the edge of an image [c, h, w]."""
    sides = (image[:, 0], image[:, -1], image[..., 0], image[..., -1])
    return np.concatenate(sides, axis=1)


def _reduced(image: NDArray[np.uint8], step: int) -> NDArray[np.float32]:
    """float32 [c, h / step, w / step]: means of squares of `step` pixels, the last ones smaller."""
    if step == 1:
        return image.astype(np.float32)
    _, height, width = image.shape
    rows, columns = np.arange(0, height, step), np.arange(0, width, step)
    sums = np.add.reduceat(np.add.reduceat(image, rows, 1, np.float32), columns, 2)
    tall, wide = np.diff([*rows, height]), np.diff([*columns, width])
    means: NDArray[np.float32] = (sums / (tall[:, None] * wide)).astype(np.float32)
    return means


def _smoothed(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean of each value and its eight neighbours."""
    around = np.pad(values, 1, mode="edge")
    rows = around[:-2] + around[1:-1] + around[2:]
    smooth: NDArray[np.float32] = (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 9
    return smooth


def _inside(counts: NDArray[np.int64]) -> tuple[int, int]:
    """First and last + 1 of the lines that hold the ink but for strays far beyond them."""
    lines = np.flatnonzero(counts)
    cuts = np.flatnonzero(np.diff(lines) > max(2, FAR * len(counts))) + 1
    groups = [(int(part[0]), int(part[-1]) + 1) for part in np.split(lines, cuts)]
    sums = [int(counts[first:last].sum()) for first, last in groups]
    least = min(STRAY * sum(sums), LITTLE * max(sums))
    kept = [n for n, amount in enumerate(sums) if amount >= least]
    return groups[kept[0]][0], groups[kept[-1]][1]


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
