"""Pinned random draws: raw Philox words keyed by a name, the same bits on every machine.

Only `random_raw` is used. NumPy promises its stream for ever; it makes no such promise for
`permutation` or `choice`. Episode e owns words [e * width, (e + 1) * width), so each episode
stands alone and a prefix of the episodes is a prefix of the draw.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]


def words(key: str, first: int, count: int, width: int) -> Words:
    """uint64 [count, width]: the random words of episodes first .. first + count - 1.

    `width` is rounded up to whole Philox blocks of four words inside, so any width will do.
    """
    blocks = -(-width // 4)
    seed = np.frombuffer(hashlib.sha256(key.encode()).digest()[:16], dtype="<u8")
    generator = np.random.Philox(key=seed.astype(np.uint64))
    generator.advance(first * blocks)
    raw = generator.random_raw(count * blocks * 4)
    return np.asarray(raw, dtype=np.uint64).reshape(count, blocks * 4)[:, :width]


def heads(key: str, count: int, width: int, wanted: int) -> Words:
    """uint64 [count, wanted]: the first words of the first episodes, as `words` gives them.

    Wide episodes are skipped over instead of drawn: a 20-way one takes some thousand words.
    """
    blocks, taken = -(-width // 4), -(-wanted // 4)
    if blocks < 128 * taken:
        return words(key, 0, count, width)[:, :wanted]
    seed = np.frombuffer(hashlib.sha256(key.encode()).digest()[:16], dtype="<u8")
    generator = np.random.Philox(key=seed.astype(np.uint64))
    found = np.empty((count, taken * 4), dtype=np.uint64)
    for episode in range(count):
        found[episode] = generator.random_raw(taken * 4)
        generator.advance(blocks - taken)
    return found[:, :wanted]


def below(random: Words, bound: NDArray[np.integer] | int) -> NDArray[np.int64]:
    """Whole numbers in [0, bound) from words; the bias is below bound / 2**32."""
    high = random >> np.uint64(32)
    return ((high * np.asarray(bound, dtype=np.uint64)) >> np.uint64(32)).astype(np.int64)


def shuffled(values: NDArray[np.int64], random: Words) -> NDArray[np.int64]:
    """`values` [..., k] in random order along the last axis; one word [..., k] each."""
    return np.take_along_axis(values, np.argsort(random, axis=-1, kind="stable"), axis=-1)


def urn(random: Words, n_way: int, concentration: int, most: int) -> NDArray[np.int64]:
    """int64 [e, n_way]: how many of each row's draws fall on each class, from words [e, draws].

    Polya's urn: `concentration` balls of each class, and each draw puts back one ball more of its
    class. Its counts are those of draws from proportions that are Dirichlet distributed with that
    concentration (Blackwell and MacQueen 1973), in whole numbers alone, hence the same everywhere.
    A class that has `most` leaves the urn.
    """
    counts = np.zeros((len(random), n_way), dtype=np.int64)
    row = np.arange(len(random))
    for word in random.T:
        balls = np.where(counts < most, counts + concentration, 0)
        ends = np.cumsum(balls, axis=1)
        ball = below(word, ends[:, -1])
        counts[row, (ball[:, None] >= ends).sum(axis=1)] += 1
    return counts


def distinct(random: Words, bound: NDArray[np.integer] | int, count: int) -> NDArray[np.int64]:
    """int64 [..., count]: distinct numbers in [0, bound) in random order, from [..., 2 * count].

    Floyd's method (Bentley and Floyd 1987) picks the set, the second half of the words its order.

    Raises:
        ValueError: where `bound` is below `count`.
    """
    bound = np.broadcast_to(np.asarray(bound, dtype=np.int64), random.shape[:-1])
    if (bound < count).any():
        raise ValueError(f"cannot draw {count} distinct numbers below {int(bound.min())}")
    picked = np.empty((*random.shape[:-1], count), dtype=np.int64)
    for i in range(count):
        last = bound - count + i
        number = below(random[..., i], last + 1)
        taken = (picked[..., :i] == number[..., None]).any(axis=-1)
        picked[..., i] = np.where(taken, last, number)
    return shuffled(picked, random[..., count : 2 * count])
