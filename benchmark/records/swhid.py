"""The identifier that Software Heritage gives to a folder, computed from plain files.

SWHID version 1.2 (ISO/IEC 18670:2025), section 5.3: the intrinsic identifier of a directory is the
SHA-1 of its Git tree. Whoever has the same files computes the same identifier, and finds the folder
in the archive under it.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from benchmark.errors import OneshotError
from benchmark.files import open_regular

FILE, RUNNABLE, LINK, FOLDER = b"100644", b"100755", b"120000", b"40000"
PIECE = 1 << 20  # bytes
DEEPEST = 100  # folders within folders


def swhid(folder: Path) -> str:
    """The identifier, "swh:1:dir:" and 40 hex digits; hidden files do not count.

    Raises:
        OneshotError: a file cannot be read, or folders are nested more than 100 levels deep.
    """
    return f"swh:1:dir:{(_tree(folder, 0) or _hash(b'tree', b'')).hex()}"


def _tree(folder: Path, depth: int) -> bytes | None:
    """The identifier of a folder below another; None where it is empty, which Git does not keep."""
    if depth > DEEPEST:
        raise OneshotError(f"{folder} is nested more than {DEEPEST} levels deep.", "Remove it.")
    entries: list[tuple[bytes, bytes]] = []  # what they are sorted by, and what is hashed
    for entry in os.scandir(folder):
        if entry.name.startswith("."):
            continue
        name, path = os.fsencode(entry.name), Path(entry.path)
        if entry.is_symlink():  # is not followed: it may lead to its own folder, or anywhere
            target = _hash(b"blob", os.fsencode(os.readlink(path)))  # noqa: PTH115 (as it is)
            entries.append((name, LINK + b" " + name + b"\0" + target))
        elif entry.is_dir():
            below = _tree(path, depth + 1)
            if below is not None:
                entries.append((name + b"/", FOLDER + b" " + name + b"\0" + below))
        elif entry.is_file():  # Git keeps no pipes and no devices
            mode = RUNNABLE if entry.stat().st_mode & 0o100 else FILE
            entries.append(
                (name, mode + b" " + name + b"\0" + _of_file(path, entry.stat().st_size))
            )
    return _hash(b"tree", b"".join(content for _, content in sorted(entries))) if entries else None


def _of_file(path: Path, size: int) -> bytes:
    """The identifier of a file, which is read in pieces: any file may lie there."""
    hasher = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    with open_regular(path, size, substitutes=True) as file:
        while piece := file.read(PIECE):
            hasher.update(piece)
    return hasher.digest()


def _hash(kind: bytes, content: bytes) -> bytes:
    return hashlib.sha1(kind + b" %d\0" % len(content) + content, usedforsecurity=False).digest()
