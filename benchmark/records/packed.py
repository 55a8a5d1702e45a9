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
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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


class Integers(Sequence[int]):
    """An immutable list of integers that takes one to eight bytes for each of them.

    A record of 10,000 episodes takes 10 KB this way; a list takes 80 KB and more. It equals a list
    or tuple of the same numbers, and NumPy reads it as int64: arithmetic on it cannot overflow
    where the stored type is narrower.

    Args:
        numbers: integers between -2^63 and 2^64 - 1; an `array.array` is kept as it is.

    Raises:
        ValueError: for anything that is not an integer, or is out of range.
    """

    __slots__ = ("_held",)

    def __init__(self, numbers: Iterable[int] = ()) -> None:
        if isinstance(numbers, array):
            self._held = numbers
            return
        numbers = list(numbers)
        if not set(map(type, numbers)) <= {int}:
            wrong = next(number for number in numbers if type(number) is not int)
            raise ValueError(f"expected integers, got {wrong!r:.40}")
        kind = _kind(min(numbers), max(numbers)) if numbers else "u1"
        if kind is None:
            raise ValueError("an integer needs more than eight bytes")
        self._held = array(KINDS[kind], numbers)

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> Integers: ...
    def __getitem__(self, index: int | slice) -> int | Integers:
        held = self._held[index]
        return Integers(held) if isinstance(held, array) else held

    def __len__(self) -> int:
        return len(self._held)

    def __iter__(self) -> Iterator[int]:
        return iter(self._held)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Integers):
            return self._held == other._held
        return isinstance(other, list | tuple) and self._held.tolist() == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Integers({self._held.tolist()!r})"

    def __array__(
        self, dtype: np.typing.DTypeLike | None = None, copy: bool | None = None
    ) -> NDArray[Any]:
        import numpy as np

        if copy is False:
            raise ValueError("an array of these integers is always a copy")
        return np.array(self._held, dtype=np.int64 if dtype is None else dtype)

    def tolist(self) -> list[int]:
        """The numbers as a list."""
        return self._held.tolist()

    @classmethod
    def read(cls, value: Any) -> Integers:
        """The integers of a list or of a packed text.

        Raises:
            ValueError: for anything else.
        """
        if isinstance(value, cls):
            return value
        if isinstance(value, str):
            return cls(unpack(value))
        if not isinstance(value, list | tuple | array):
            raise ValueError("expected a list of integers, or its packed text")
        return cls(value)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls.read,
            json_schema_input_schema=core_schema.union_schema(
                [core_schema.list_schema(core_schema.int_schema()), core_schema.str_schema()]
            ),
            serialization=core_schema.plain_serializer_function_ser_schema(
                cls.tolist, return_schema=core_schema.list_schema(core_schema.int_schema())
            ),
        )


def between(least: int, most: int) -> Callable[[Integers], Integers]:
    """A check that all integers lie between two bounds, both included."""

    def check(numbers: Integers) -> Integers:
        if numbers and not (least <= min(numbers) and max(numbers) <= most):
            raise ValueError(f"expected integers between {least} and {most}")
        return numbers

    return check


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


def unpack(text: str) -> array[int]:
    """The integers of a packed text.

    Raises:
        ValueError: the text is not a packing of integers.
    """
    head, colon, digits = text.partition(":")
    read = HEAD.fullmatch(head)
    if not colon or read is None:
        raise ValueError(
            "numbers are a list, or packed as one of " + ", ".join(f"{name}:" for name in KINDS)
        )
    held: array[int] = array(KINDS[read[1]])
    try:
        held.frombytes(base64.b64decode(digits, validate=True))
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"packed numbers are cut or damaged ({error})") from None
    if sys.byteorder == "big":
        held.byteswap()
    least = int(read[2] or 0)
    if not least or not held:
        return held
    kind = _kind(min(held) + least, max(held) + least)
    if kind is None:
        raise ValueError("an integer needs more than eight bytes")
    return array(KINDS[kind], [least + number for number in held])
