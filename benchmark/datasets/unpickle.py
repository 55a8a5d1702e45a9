"""Pickles of numbers, read without running anything that is in them.

A pickle is a program. This reader gives it nothing to call but builders of its own, which make
plain arrays; numpy's own unpickling, which trusts its input, never runs. Keys of dicts are texts
and small numbers: others can be made so that hashing them, or looking them up, takes for ever.
"""

from __future__ import annotations

import pickle  # noqa: TID251
import pickletools
import re
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.own.bad import printable
from benchmark.errors import OneshotError
from benchmark.files import open_regular

# Sets, which hash what they hold, objects, what lies outside of the file, and extensions.
REFUSED = (
    pickle.EMPTY_SET, pickle.ADDITEMS, pickle.FROZENSET, pickle.INST, pickle.OBJ, pickle.NEWOBJ,
    pickle.NEWOBJ_EX, pickle.PERSID, pickle.BINPERSID, pickle.EXT1, pickle.EXT2, pickle.EXT4,
    pickle.NEXT_BUFFER, pickle.READONLY_BUFFER,
)  # fmt: skip
MAX_MEMO = 50_000_000  # the unpickler sets aside memory for the highest number a pickle names


def load(path: Path, max_bytes: int) -> Any:
    """What the pickle at `path` holds: arrays, lists, dicts, tuples, numbers, str, bytes, None.

    Arrays are of booleans, integers or floats; they may be read-only. What Python 2 wrote as `str`
    comes as bytes.

    Raises:
        OneshotError: if the file is larger than `max_bytes`, damaged, or asks for anything else.
    """
    try:
        with open_regular(path, max_bytes) as file:
            _check_memo(file)
            file.seek(0)
            return _plain(_Reader(file, encoding="bytes").load(), {})
    except OneshotError:
        raise
    except pickle.UnpicklingError as error:
        raise OneshotError(f"{path} is no pickle of arrays: {printable(str(error))}.") from error
    except Exception as error:  # a bent pickle can make the unpickler raise nearly anything
        reason = printable(f"{type(error).__name__}: {error}")
        raise OneshotError(f"{path} is a damaged pickle ({reason}).") from error


class _Maker:
    """Something a pickle may call. It has no attributes that a pickle could set."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[..., Any]) -> None:
        self._make = make

    def __call__(self, *arguments: Any) -> Any:
        return self._make(*arguments)

    def __setstate__(self, state: Any) -> None:
        raise pickle.UnpicklingError("it tries to change the reader")


class _Type:
    """Stands in for numpy.dtype while a pickle is read."""

    __slots__ = ("code", "order")

    def __init__(self, code: str | bytes, *_: Any) -> None:
        self.code = code.decode("ascii") if isinstance(code, bytes) else code
        self.order = "="
        if not re.fullmatch(r"[biuf][1248]", self.code):
            raise pickle.UnpicklingError(f"it holds an array of type {self.code!r}")

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        order = state[1].decode("ascii") if isinstance(state[1], bytes) else state[1]
        if order not in ("<", ">", "|", "=") or any(part is not None for part in state[2:5]):
            raise pickle.UnpicklingError("it holds an array of a compound type")
        self.order = order

    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.order + self.code)


class _Array:
    """Stands in for numpy.ndarray while a pickle is read."""

    __slots__ = ("array",)

    def __init__(self, *_: Any) -> None:
        self.array: NDArray[Any] = np.zeros(0, dtype=np.uint8)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, kind, column_major, content = state
        self.array = _array(content, kind, shape, "F" if column_major else "C")


def _array(content: Any, kind: Any, shape: Any, order: Any) -> NDArray[Any]:
    if not isinstance(kind, _Type) or not isinstance(content, bytes | bytearray):
        raise pickle.UnpicklingError("it holds an array of objects")
    if isinstance(content, bytearray):
        content = bytes(content)
    flat = np.frombuffer(content, dtype=kind.dtype()) if content else np.zeros(0, kind.dtype())
    sizes = tuple(int(side) for side in shape)
    if any(side < 0 for side in sizes):
        raise pickle.UnpicklingError("it holds an array of negative size")
    return flat.reshape(sizes, order="F" if order in ("F", b"F") else "C")


def _frombuffer(content: Any, kind: Any, shape: Any, order: Any) -> _Array:
    made = _Array()
    made.array = _array(content, kind, shape, order)
    return made


def _scalar(kind: Any, content: Any) -> Any:
    return _array(content, kind, (1,), "C")[0].item()


def _encode(text: str, encoding: str | bytes) -> bytes:
    # So Python 3 writes bytes in the protocols that Python 2 can read.
    if encoding not in ("latin1", b"latin1"):
        raise pickle.UnpicklingError(f"it asks for the encoding {encoding!r}")
    return text.encode("latin1")


def _nothing() -> bytes:
    return b""


def _never(*_: Any) -> Any:
    raise pickle.UnpicklingError("it calls numpy.ndarray")


_MAKERS: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "ndarray"): _never,  # is only passed on
    ("numpy", "dtype"): _Type,
    ("numpy.multiarray", "_reconstruct"): _Array,
    ("numpy.multiarray", "scalar"): _scalar,
    ("numpy.numeric", "_frombuffer"): _frombuffer,
    ("_codecs", "encode"): _encode,
    ("builtins", "bytes"): _nothing,
    ("__builtin__", "bytes"): _nothing,
}


class _Reader(pickle._Unpickler):
    """Python's own reader in Python: slower than the one in C, but open to checks on keys."""

    dispatch: ClassVar[dict[int, Any]] = {
        code: read
        for code, read in pickle._Unpickler.dispatch.items()
        if bytes([code]) not in REFUSED
    }

    def find_class(self, module: str, name: str) -> Any:
        # numpy 2 renamed `numpy.core` to `numpy._core`.
        place = re.sub(r"^numpy\._?core\.", "numpy.", module)
        if (place, name) not in _MAKERS:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which was not run")
        return _Maker(_MAKERS[place, name])

    def _setitem(self) -> None:
        key, value = self.stack[-2:]  # type: ignore[attr-defined]
        del self.stack[-2:]  # type: ignore[attr-defined]
        _put(self.stack[-1], [key, value])  # type: ignore[attr-defined]

    def _setitems(self) -> None:
        items = self.pop_mark()  # type: ignore[attr-defined]
        _put(self.stack[-1], items)  # type: ignore[attr-defined]

    def _dict(self) -> None:
        items = self.pop_mark()  # type: ignore[attr-defined]
        self.append(_put({}, items))  # type: ignore[attr-defined]

    dispatch[pickle.SETITEM[0]] = _setitem
    dispatch[pickle.SETITEMS[0]] = _setitems
    dispatch[pickle.DICT[0]] = _dict


def _put(held: Any, items: list[Any]) -> dict[Any, Any]:
    """`held` with keys and values that take turns in `items`."""
    if type(held) is not dict:
        raise pickle.UnpicklingError(f"it puts keys into a {type(held).__name__}")
    for key, value in zip(items[::2], items[1::2], strict=True):
        if not (isinstance(key, str | bytes) or (isinstance(key, int) and abs(key) < 1 << 60)):
            raise pickle.UnpicklingError(f"it holds a dict with a key of type {type(key).__name__}")
        held[key] = value
    return held


def _check_memo(file: IO[bytes]) -> None:
    for operation, argument, _ in pickletools.genops(file):
        if "PUT" in operation.name and argument is not None and argument > MAX_MEMO:
            raise pickle.UnpicklingError("it asks for more memory than it could fill")


def _plain(value: Any, done: dict[int, Any], depth: int = 0) -> Any:
    """`value` with arrays in place of their stand-ins; what is shared stays shared."""
    if value is None or isinstance(value, bool | int | float | str | bytes):
        return value
    if id(value) in done:
        return done[id(value)]
    if depth > 16:
        raise pickle.UnpicklingError("it is nested too deeply")
    plain: Any
    if isinstance(value, _Array):
        plain = value.array
    elif type(value) is dict:
        plain = {_plain(k, done, depth + 1): _plain(v, done, depth + 1) for k, v in value.items()}
    elif type(value) in (list, tuple):
        plain = type(value)(_plain(item, done, depth + 1) for item in value)
    else:
        raise pickle.UnpicklingError(f"it holds a {type(value).__name__}")
    done[id(value)] = plain
    return plain
