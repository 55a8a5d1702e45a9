"""Items that are byte for byte the same: shown on both sides of an episode, they test nothing."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.data_set import DataSet


def identical_groups(
    stored: NDArray[np.generic], rows: Iterable[int], turns: Iterable[int] | None = None
) -> list[list[int]]:
    """Groups of identical items: the positions in `rows` of each group, ascending.

    Classes do not count. Each row is read once.

    Args:
        stored: items by row, see `DataSet.stored`.
        rows: the row of each item.
        turns: quarter turns of each item; copies of one stored image that are turned differently
            are different items.

    Returns:
        Groups of two items or more, in the order of their first items.
    """
    digest: dict[int, bytes] = {}
    members: dict[tuple[bytes, int], list[int]] = defaultdict(list)
    rows = list(rows)
    for item, (row, turn) in enumerate(
        zip(rows, turns if turns is not None else [0] * len(rows), strict=True)
    ):
        if row not in digest:
            digest[row] = _digest(stored[row])
        members[digest[row], turn].append(item)
    return [group for group in members.values() if len(group) > 1]


def doubles(data: DataSet) -> list[tuple[int, int]]:
    """(first item, later item) for every item that is the same as an earlier one.

    Classes do not count; turned copies of one stored image are other items.
    """
    turns = None if data.turns is None else data.turns.tolist()
    groups = identical_groups(data.stored, data.rows.tolist(), turns)
    pairs = [(group[0], later) for group in groups for later in group[1:]]
    return sorted(pairs, key=lambda pair: pair[1])


def later_copies(data: DataSet) -> NDArray[np.bool_]:
    """Bool [n]: whether an item is the same as an earlier one, whatever its class."""
    out = np.zeros(len(data), dtype=bool)
    out[[later for _, later in doubles(data)]] = True
    return out


def surplus_copies(groups: Iterable[Iterable[int]], rank: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Bool [n]: the items of each group but the one that is kept.

    The item of the lowest rank is kept, the first of those. With the number of the split as the
    rank, what was learned from is not asked about.

    Args:
        groups: of identical items, see `identical_groups`.
        rank: int [n].
    """
    out = np.zeros(len(rank), dtype=bool)
    for group in groups:
        members = list(group)
        out[members] = True
        out[min(members, key=lambda item: (rank[item], item))] = False
    return out


def _digest(stored: object) -> bytes:
    content = stored.tobytes() if isinstance(stored, np.ndarray) else str(stored).encode()
    return hashlib.blake2b(content, digest_size=16).digest()
