"""How often a model has looked at a track's test: one line a reading, kept beside the records.

A record is replaced when it is measured again; the line stays. A model that was tested forty times
and then shown is told from one that was tested once.
"""

from __future__ import annotations

import csv
import os
from collections import Counter
from pathlib import Path

from benchmark.errors import OneshotError
from benchmark.records.store import slug

FOLDER = "readings"
HEAD = "model,task,version,recipe8,seed\n"


def note(
    results: Path, track: str, model: str, task: str, version: int, recipe8: str, seed: int
) -> None:
    """Adds a line, before the test is read; several processes may do so at once.

    Raises:
        OneshotError: if the file cannot be written.
    """
    path = results / FOLDER / slug(track) / f"{slug(model)}.csv"
    line = ",".join(map(_quoted, (model, task, version, recipe8, seed))) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Short lines that are appended in one write do not mix.
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            empty = os.fstat(handle).st_size == 0
            os.write(handle, ((HEAD if empty else "") + line).encode())
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise OneshotError(
            f"Cannot write {path}: {error.strerror}.", "Choose another with --results DIR."
        ) from error


def load(results: Path) -> Counter[tuple[str, str]]:
    """Readings of each (slug of the track, model).

    Raises:
        OneshotError: a file is not what `note` writes.
    """
    return Counter((track, row[0]) for track, row in rows(results))


def rows(results: Path) -> list[tuple[str, list[str]]]:
    """(slug of the track, [model, task, version, recipe8, seed]) of every reading.

    Raises:
        OneshotError: a file is not what `note` writes.
    """
    found: list[tuple[str, list[str]]] = []
    head = HEAD.strip().split(",")
    for path in sorted((results / FOLDER).glob("*/*.csv")):
        try:
            with path.open(encoding="utf-8", newline="") as file:
                lines = list(csv.reader(file))
            wrong = any(len(line) != len(head) for line in lines)
        except OSError as error:
            raise OneshotError(f"Cannot read {path}: {error.strerror}.") from error
        except (UnicodeDecodeError, csv.Error):
            wrong = True
        if wrong:
            raise OneshotError(f"{path} has a line that is not {HEAD.strip()}.", "Restore it.")
        found += [(path.parent.name, line) for line in lines if line != head]
    return found


def _quoted(value: object) -> str:
    text = str(value)
    return '"' + text.replace('"', '""') + '"' if set(text) & set('",\n\r') else text
