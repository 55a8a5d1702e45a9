"""The identifier that Software Heritage gives to a folder, computed from plain files.

SWHID version 1.2 (ISO/IEC 18670:2025), section 5.3: the intrinsic identifier of a directory is the
SHA-1 of its Git tree. Whoever has the same files computes the same identifier, and finds the folder
in the archive under it.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from benchmark.files import open_regular

FILE, RUNNABLE, FOLDER = b"100644", b"100755", b"40000"
PIECE = 1 << 20  # bytes


def swhid(folder: Path) -> str:
    """The identifier, "swh:1:dir:" and 40 hex digits; hidden files do not count."""
    return f"swh:1:dir:{_tree(folder).hex()}"


def _tree(folder: Path) -> bytes:
    entries: list[tuple[bytes, bytes]] = []  # what they are sorted by, and what is hashed
    for entry in os.scandir(folder):
        if entry.name.startswith("."):
            continue
        name = os.fsencode(entry.name)
        if entry.is_dir():
            below = Path(entry.path)
            if any(True for path in below.rglob("*") if path.is_file()):  # Git keeps no empty one
                entries.append((name + b"/", FOLDER + b" " + name + b"\0" + _tree(below)))
        elif entry.is_file():  # Git keeps no pipes and no devices
            mode = RUNNABLE if entry.stat().st_mode & 0o100 else FILE
            blob = _of_file(Path(entry.path), entry.stat().st_size)
            entries.append((name, mode + b" " + name + b"\0" + blob))
    return _hash(b"tree", b"".join(content for _, content in sorted(entries)))


def _of_file(path: Path, size: int) -> bytes:
    """The identifier of a file, which is read in pieces: any file may lie there."""
    hasher = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    with open_regular(path, size, substitutes=True) as file:
        while piece := file.read(PIECE):
            hasher.update(piece)
    return hasher.digest()


def _hash(kind: bytes, content: bytes) -> bytes:
    return hashlib.sha1(kind + b" %d\0" % len(content) + content, usedforsecurity=False).digest()
