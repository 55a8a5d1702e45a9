"""Writes and reads the one file of the data set: xz around a magic, a JSON header and the
drawings, bit-packed after each row was replaced by its difference from the row above."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pen import SIDE

MAGIC = b"glyphs-1"
ROW_BYTES = (SIDE + 7) // 8
_FILTERS = [
    {
        "id": lzma.FILTER_LZMA2,
        "dict_size": 1 << 26,
        "lc": 0,
        "lp": 0,
        "pb": 0,
        "mode": lzma.MODE_NORMAL,
        "nice_len": 273,
        "mf": lzma.MF_BT4,
        "depth": 1000,
    }
]


def write(path: Path, header: dict[str, Any], images: NDArray[np.bool_]) -> bytes:
    """Writes the file and returns its bytes.

    Args:
        path: Where to.
        header: What the drawings are.
        images: Drawings [characters, hands, 105, 105], ink True.
    """
    rows = np.packbits(images.reshape(-1, SIDE, SIDE), axis=2)
    rows[:, 1:] ^= rows[:, :-1].copy()
    text = json.dumps(header, ensure_ascii=True, separators=(",", ":")).encode()
    # Byte columns together: most are empty, and the rest change little from row to row.
    body = MAGIC + len(text).to_bytes(4, "little") + text + rows.transpose(0, 2, 1).tobytes()
    packed = lzma.compress(body, format=lzma.FORMAT_XZ, check=lzma.CHECK_CRC32, filters=_FILTERS)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(packed)
    return packed


def read(path: Path) -> tuple[dict[str, Any], NDArray[np.bool_]]:
    """Reads a file back: its header and its drawings [characters, hands, 105, 105], ink True.

    Raises:
        ValueError: If the file is not one that `write` made.
    """
    body = lzma.decompress(path.read_bytes())
    if body[:8] != MAGIC:
        raise ValueError(f"{path}: starts with {body[:8]!r}, not {MAGIC!r}")
    start = 12 + int.from_bytes(body[8:12], "little")
    header = json.loads(body[12:start])
    columns = np.frombuffer(body, np.uint8, offset=start).reshape(-1, ROW_BYTES, SIDE)
    rows = np.bitwise_xor.accumulate(columns.transpose(0, 2, 1), axis=1)
    images = np.unpackbits(rows, axis=2, count=SIDE).astype(np.bool_)
    return header, images.reshape(-1, header["hands"], SIDE, SIDE)
