"""Folders of files as one input."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path


def packed(files: Mapping[str, bytes]) -> bytes:
    """The files of a folder as JSON: content in base 64 by path."""
    return json.dumps(
        {name: base64.b64encode(data).decode() for name, data in files.items()}
    ).encode()


def unpacked(path: Path, folder: Path) -> None:
    """Writes the files of `packed` below a folder."""
    for name, data in json.loads(path.read_bytes()).items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(base64.b64decode(data))


def cleared(folder: Path) -> Path:
    """An empty folder; `shutil.rmtree` names what it removes without the folder."""
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.mkdir(exist_ok=True)
    return folder
