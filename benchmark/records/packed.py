"""Long lists of whole numbers as one short text: `u1:`, `<u2:`, `u1+120:`, then base64.

What stands before the colon names numpy's type (unsigned or signed, bytes each, little-endian), and
after a plus what is to be added to each, so that anyone unpacks it without this suite:

    head, _, text = packed.partition(":")
    kind, _, least = head.partition("+")
    numpy.frombuffer(base64.b64decode(text), kind).astype(int) + int(least or 0)

The answers of the committed records take half of what they take in digits. The smallest type that
holds the numbers is taken, and a smallest number told only where that makes it smaller: equal
numbers give equal bytes.
"""

from __future__ import annotations

import base64
import binascii
import re
import sys
from array import array
from typing import Any

LEAST = 100  # numbers that are worth a packing; fewer stay readable as they are
KINDS = {
    "u1": "B",
    "<u2": "H",
    "<u4": "I",
    "<u8": "Q",
    "i1": "b",
    "<i2": "h",
    "<i4": "i",
    "<i8": "q",
}
HEAD = re.compile(rf"({'|'.join(KINDS)})(?:\+(-?[0-9]{{1,20}}))?")


def packed(value: Any) -> Any:
    """The value with every list of at least 100 whole numbers in it as a text.

    Numbers that no type of eight bytes holds stay a list.
    """
    if isinstance(value, dict):
        return {name: packed(held) for name, held in value.items()}
    if isinstance(value, list) and len(value) >= LEAST and all(type(n) is int for n in value):
        return value if _kind(min(value), max(value)) is None else pack(value)
    return value


def pack(numbers: list[int]) -> str:
    """The text of whole numbers, at least one, which a type of at most eight bytes holds."""
    low, high = min(numbers), max(numbers)
    kind, above = _kind(low, high), _kind(0, high - low)
    if kind is None:
        raise OverflowError("no type of eight bytes holds all of these numbers")
    head = kind
    if above is not None and above[-1] < kind[-1]:
        kind, head, numbers = above, f"{above}+{low}", [number - low for number in numbers]
    held = array(KINDS[kind], numbers)
    if sys.byteorder == "big":
        held.byteswap()
    return f"{head}:{base64.b64encode(held.tobytes()).decode('ascii')}"


def _kind(low: int, high: int) -> str | None:
    """The smallest type from `low` to `high`, unsigned where none is below zero."""
    for kind in KINDS:
        bits = 8 * int(kind[-1])
        least, most = (0, 2**bits - 1) if "u" in kind else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        if least <= low and high <= most:
            return kind
    return None


def unpack(value: Any) -> Any:
    """The list of a packed text; anything else as it is, for the schema to judge.

    Raises:
        ValueError: for a text that is no packing of numbers.
    """
    if not isinstance(value, str):
        return value
    head, colon, text = value.partition(":")
    read = HEAD.fullmatch(head)
    if not colon or read is None:
        raise ValueError(
            "numbers are a list, or packed as one of " + ", ".join(f"{name}:" for name in KINDS)
        )
    held = array(KINDS[read[1]])
    try:
        held.frombytes(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"packed numbers are cut or damaged ({error})") from None
    if sys.byteorder == "big":
        held.byteswap()
    least = int(read[2] or 0)
    return [least + number for number in held] if least else held.tolist()
