"""NPZ files from anywhere: plain arrays whose headers tell no more than the file holds.

numpy itself sets memory aside for whatever a header declares, and unpacks whatever a zip holds.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.archives import CORRUPT, ZIP_METHODS, Limits, opened_zip
from benchmark.datasets.own.bad import printable
from benchmark.errors import OneshotError
from benchmark.files import open_regular

MOST_BYTES = 64 << 30
MOST_ARRAYS = 1_000
FREE_BYTES = 1 << 30  # may be unpacked from any file
RATIO = 100  # unpacked bytes for a packed one beyond that; dense vectors come to less than 2
LONGEST_HEADER = 1 << 16
LIMITS = Limits(MOST_ARRAYS, MOST_BYTES, MOST_BYTES)
HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read(path: Path, wanted: Callable[[list[str]], list[str]]) -> dict[str, NDArray[Any]]:
    """Some arrays of an NPZ file by name.

    Args:
        path: the file.
        wanted: the names to be read, from all that there are; it raises where one is missing.

    Raises:
        OneshotError: if the file cannot be read, is damaged, unpacks to more than it may, or holds
            objects.
    """
    try:
        with open_regular(path, MOST_BYTES) as file, opened_zip(file, path, LIMITS) as archive:
            members = {m.filename.removesuffix(".npy"): m for m in archive.infolist()}
            if len(members) != len(archive.infolist()) or len(members) > MOST_ARRAYS:
                raise OneshotError(f"{path} holds an array twice, or over {MOST_ARRAYS:,} of them.")
            chosen = {name: members[name] for name in wanted(list(members))}
            most = min(MOST_BYTES, FREE_BYTES + RATIO * path.stat().st_size)
            if sum(member.file_size for member in chosen.values()) > most:
                raise OneshotError(f"{path} unpacks to more than {most >> 30} GiB.")
            return {name: _array(archive, member) for name, member in chosen.items()}
    except OSError as error:
        raise OneshotError(f"Cannot read {path}: {error.strerror or error}.") from error
    except CORRUPT as error:
        reason = printable(str(error) or type(error).__name__)
        raise OneshotError(f"{path} is no NPZ file of plain arrays ({reason}).") from error


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    """The array of one member.

    Raises:
        ValueError: it is packed in another way than deflate, is no array, or holds objects.
    """
    if member.compress_type not in ZIP_METHODS:
        raise ValueError(f"'{member.filename}' is packed by another method than deflate")
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        if version not in HEADERS:
            raise ValueError(f"'{member.filename}' has the format {version}")
        counted = _Counted(file)
        try:
            shape, column_major, dtype = HEADERS[version](counted)
        except Exception as error:  # numpy reads it as Python's tokens, whose errors are many
            raise ValueError(f"the header of '{member.filename}' is damaged") from error
        held = member.file_size - np.lib.format.MAGIC_LEN - counted.done
        if dtype.hasobject or dtype.kind not in "biufSU":
            raise ValueError(f"'{member.filename}' holds {dtype}, not numbers or texts")
        if min(shape, default=0) < 0 or prod(shape) * dtype.itemsize != held:
            raise ValueError(f"'{member.filename}' declares {shape}, which is not what it holds")
        content = file.read(held + 1)
    if len(content) != held:
        raise ValueError(f"'{member.filename}' ends early")
    array = np.frombuffer(content, dtype) if content else np.zeros(0, dtype)
    return array.reshape(shape, order="F" if column_major else "C")


class _Counted:
    """A file that counts what was read, and reads no header that is longer than any array's."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.done = file, 0

    def read(self, size: int = -1, /) -> bytes:
        if not 0 <= size <= LONGEST_HEADER:
            raise ValueError("a header is too long")
        content = self._file.read(size)
        self.done += len(content)
        return content
