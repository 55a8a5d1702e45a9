"""Hashed character n-grams of short texts: one vector of counts, whatever the language.

Weinberger, Dasgupta, Langford, Smola, Attenberg: Feature Hashing for Large Scale Multitask
Learning. ICML 2009. Without its random signs: collisions are rare in texts this short.
"""

from __future__ import annotations

import torch
from torch import Tensor

SIZES = (1, 2, 3)
START, END = 1, 2  # control characters that no name contains
BASE = 1_000_003
GOLDEN = -7046029254386353131  # 2**64 over the golden ratio, as signed: Knuth, TAOCP 6.4
TOP = 33  # bits of a product that are left out: its high bits are the well mixed ones


def hashed_ngrams(texts: Tensor, buckets: int) -> Tensor:
    """Counts of all characters, pairs and triples, the text's start and end being characters too.

    Args:
        texts: code points [n, l], zeros after a text's end.
        buckets: a power of two, at most 2**31.

    Returns:
        float32 [n, buckets].
    """
    points = texts.long()
    count, length = points.shape
    framed = points.new_zeros(count, length + 2)
    framed[:, 0] = START
    framed[:, 1:-1] = points
    lengths = (points > 0).sum(dim=1)
    framed[torch.arange(count, device=points.device), lengths + 1] = END
    out = torch.zeros(count, buckets, device=points.device)
    for size in SIZES:
        places = framed.shape[1] - size + 1
        code = points.new_full((count, places), size)
        for offset in range(size):
            code = code * BASE + framed[:, offset : offset + places]
        bucket = ((code * GOLDEN) >> TOP) & (buckets - 1)
        written = framed[:, size - 1 :] > 0  # the last character of each n-gram
        out.scatter_add_(1, bucket, written.float())
    return out
