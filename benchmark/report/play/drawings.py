"""One-bit drawings as short text, so that hundreds of them fit into a page.

Each pixel is guessed from those already known: with the one above equal to the one above and to the
left, it is like its left neighbour, else like the one above (the median edge detector of LOCO-I on
one bit; Weinberger, Seroussi and Sapiro 2000, section III-A). What is stored are the gaps between
wrong guesses, in exponential Golomb codes of order 3 (Teuhola 1978), six bits a character. No
compression library takes part: their bytes differ from version to version.
`templates/script/drawings.js` reads it.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
ORDER = 3
INK = 128  # grey level from which a pixel counts as ink


def pack(images: NDArray[np.uint8]) -> tuple[str, ...]:
    """One text for each image of uint8 [n, side, side], ink 255 and paper 0."""
    ink = images >= INK
    known = np.pad(ink, ((0, 0), (1, 0), (1, 0)))  # beyond the edge there is paper
    above, left, corner = known[:, :-1, 1:], known[:, 1:, :-1], known[:, :-1, :-1]
    wrong = np.where(above == corner, left, above) != ink
    return tuple(_text(row) for row in wrong.reshape(len(ink), -1))


def _text(wrong: NDArray[np.bool_]) -> str:
    """The gaps before each wrong guess (bool [pixels]) and before the end, as text."""
    places = np.concatenate([[-1], np.flatnonzero(wrong), [len(wrong)]])
    bits = "".join(_code(int(gap)) for gap in np.diff(places) - 1)
    bits += "0" * (-len(bits) % 6)
    return "".join(DIGITS[int(bits[at : at + 6], 2)] for at in range(0, len(bits), 6))


@cache
def _code(gap: int) -> str:
    """Exponential Golomb: as many zeros as the number is longer than ORDER + 1 bits, then it."""
    number = format(gap + (1 << ORDER), "b")
    return "0" * (len(number) - ORDER - 1) + number
