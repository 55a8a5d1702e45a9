"""Files of weights beside the records, by the SHA-256 that records state; no torch."""

from __future__ import annotations

import hashlib
from pathlib import Path

from benchmark.errors import OneshotError
from benchmark.files import inside, read_regular

MOST_BYTES = 16 << 30  # of a file of weights
FOLDER = "weights"  # of results: files named by the first 16 hex digits of their SHA-256


def digest(data: bytes) -> str:
    """SHA-256 of a file's bytes, in hex digits."""
    return hashlib.sha256(data).hexdigest()


def path_of(results: Path, weights: str) -> Path:
    """Where the file with the SHA-256 `weights` is committed, if it is."""
    return results / FOLDER / f"{weights[:16]}.safetensors"


def committed(results: Path, weights: str | None) -> bytes | None:
    """The committed weights with this SHA-256; None where there are none, or others in their place.

    Args:
        results: the results folder.
        weights: as records tell them.
    """
    if weights is None:
        return None
    try:
        data = read_regular(inside(results, path_of(results, weights)), MOST_BYTES)
    except OneshotError:
        return None
    return data if digest(data) == weights else None
