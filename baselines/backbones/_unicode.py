"""Characters taken apart as Unicode has it: the letter, its marks, and whether it is a capital.

"Ế" and "e" are two code points with nothing in common to a table of embeddings. Canonical
decomposition (Unicode Standard Annex 15, form D) and lower case tell what they share.
"""

from __future__ import annotations

import unicodedata
from functools import cache

import numpy as np
from numpy.typing import NDArray

KNOWN = 0x10000  # code points beyond are rare in names and stand for themselves
MARKS = 2  # of a letter, such as the circumflex and the acute of "ế"


@cache
def decompositions() -> NDArray[np.int64]:
    """int64 [65536, 4]: letter, first and second mark (0 for none), 1 for a capital and else 0.

    A third mark and what follows are left out; a Hangul syllable has its vowel and its final
    consonant as marks.
    """
    table = np.zeros((KNOWN, 2 + MARKS), dtype=np.int64)
    table[:, 0] = np.arange(KNOWN)
    for point in range(KNOWN):
        character = chr(point)
        small = character.lower()
        parts = [ord(part) for part in unicodedata.normalize("NFD", small)][: 1 + MARKS]
        table[point, : len(parts)] = parts
        table[point, -1] = small != character
    return table
