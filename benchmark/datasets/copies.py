"""Items that are byte for byte the same: shown on both sides of an episode, they test nothing."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.data_set import DataSet


def doubles(data: DataSet) -> list[tuple[int, int]]:
    """(first item, later item) for every item that is the same as an earlier one.

    Classes do not count; turned copies of one stored image are other items.
    """
    first: dict[tuple[bytes, int], int] = {}
    digest: dict[int, bytes] = {}
    turns = np.zeros(len(data), dtype=np.uint8) if data.turns is None else data.turns
    found = []
    for item, (row, turn) in enumerate(zip(data.rows.tolist(), turns.tolist(), strict=True)):
        if row not in digest:
            digest[row] = _digest(data.stored[row])
        before = first.setdefault((digest[row], turn), item)
        if before != item:
            found.append((before, item))
    return found


def later_copies(data: DataSet) -> NDArray[np.bool_]:
    """Bool [n]: whether an item is the same as an earlier one, whatever its class."""
    out = np.zeros(len(data), dtype=bool)
    out[[later for _, later in doubles(data)]] = True
    return out


def _digest(stored: object) -> bytes:
    content = stored.tobytes() if isinstance(stored, np.ndarray) else str(stored).encode()
    return hashlib.blake2b(content, digest_size=16).digest()
