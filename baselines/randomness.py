"""Randomness without state: every draw is keyed by the seed, the step and what it is for.

A training that is killed and resumed therefore draws what an uninterrupted one draws.
"""

from __future__ import annotations

import hashlib

import numpy as np


def keyed(seed: int, step: int, purpose: str) -> int:
    """A 63-bit number that seeds one draw."""
    text = f"{seed}/{step}/{purpose}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big") >> 1


def generator(seed: int, step: int, purpose: str) -> np.random.Generator:
    """A numpy generator of its own for one draw (Philox: Salmon et al. 2011, SC)."""
    return np.random.Generator(np.random.Philox(key=keyed(seed, step, purpose)))
