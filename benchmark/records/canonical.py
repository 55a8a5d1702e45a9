"""Canonical JSON and its hash: one value has one text, on every machine."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical(value: Any) -> bytes:
    """UTF-8 JSON with sorted keys, no spaces and no NaN.

    Raises:
        ValueError: for NaN, infinities and types that JSON does not have.
    """
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode("utf-8")


def digest(value: Any) -> str:
    """SHA-256 (64 hex digits) of the canonical JSON of `value`."""
    return hashlib.sha256(canonical(value)).hexdigest()


def recipe_hash(recipe: Any) -> str:
    """The first 8 hex digits of a recipe's digest, as it stands in file names."""
    return digest(recipe)[:8]
