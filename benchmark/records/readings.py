"""How often a model was measured on a track's test: one line per reading, beside the records.

A record is replaced when it is measured again; the line stays, so that a model that was tested
forty times can be distinguished from one that was tested once. The lines in `RESTORED` were added
later, one for each record of the history that had no line of its own: such a test was read at least
once, and possibly more often.
"""

from __future__ import annotations

import contextlib
import csv
import io
import logging
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmark.errors import OneshotError
from benchmark.files import inside, read_regular
from benchmark.records.store import file_name, slug

FOLDER = "readings"
RESTORED = "readings-restored"
HEAD = "model,task,version,recipe8,seed\n"
FIELDS = HEAD.strip().split(",")
NUMBER = re.compile(r"[0-9]{1,16}")
MOST_BYTES = 64 << 20  # of a file: about a million readings
MOST_LINES = 50  # of a name with line breaks
log = logging.getLogger(__name__)


def note(
    results: Path, track: str, model: str, task: str, version: int, recipe8: str, seed: int
) -> None:
    """Adds a line, before the test is read; several processes may do so at once.

    Raises:
        OneshotError: if the file cannot be written.
    """
    path = inside(results, results / FOLDER / slug(track) / f"{file_name(model)}.csv")
    line = ",".join(map(_quoted, (model, task, version, recipe8, seed))) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Short lines that are appended in one write do not mix.
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            _append(handle, line)
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise OneshotError(
            f"Cannot write {path}: {error.strerror}.", "Choose another with --results DIR."
        ) from error


def _append(handle: int, line: str) -> None:
    """Appends a line whole; what a full disk took of it is taken back.

    A line that was torn before, by a failing machine, is ended first, so that it stays alone.
    """
    size = os.fstat(handle).st_size
    start = HEAD if size == 0 else ""
    if size:
        os.lseek(handle, size - 1, os.SEEK_SET)
        start = "" if os.read(handle, 1) == b"\n" else "\n"
    data = (start + line).encode("utf-8", "backslashreplace")
    written = 0
    try:
        while written < len(data):
            written += os.write(handle, data[written:])
    except OSError:
        # Only if nobody else has appended since: their line is not ours to take.
        with contextlib.suppress(OSError):
            if os.fstat(handle).st_size == size + written:
                os.ftruncate(handle, size)
        raise


def load(results: Path) -> Counter[tuple[str, str]]:
    """Readings of each (slug of the track, model), restored ones included; see `rows`."""
    return Counter(
        (track, row[0]) for folder in (FOLDER, RESTORED) for track, row in rows(results, folder)
    )


def incomplete(results: Path) -> frozenset[tuple[str, str]]:
    """Each (slug of the track, model) with restored lines: it may have been read more often."""
    return frozenset((track, row[0]) for track, row in rows(results, RESTORED))


def rows(results: Path, folder: str = FOLDER) -> list[tuple[str, list[str]]]:
    """(slug of the track, [model, task, version, recipe8, seed]) of every reading in a folder.

    A line that is not what `note` writes, and a file that cannot be read, are named in a warning
    and left out; the file stays as it is, and the others count.
    """
    found: list[tuple[str, list[str]]] = []
    for path in sorted((results / folder).glob("*/*.csv")):
        try:
            content = read_regular(inside(results, path), MOST_BYTES)
        except OneshotError as error:
            log.warning("%s It was left out.", error)
            continue
        text = content.decode("utf-8", "replace")
        for number, row in _rows(text):
            if row is None:
                log.warning("%s, line %d, is not %s; it was left out.", path, number, HEAD.strip())
            elif row != FIELDS:
                found.append((path.parent.name, row))
    return found


def _rows(text: str) -> Iterator[tuple[int, list[str] | None]]:
    """Each row with the number of its line; None for a line that is no row.

    A name may hold line breaks, in quotes. A torn line may hold half a quote: it must not swallow
    the lines below it.
    """
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        if not lines[at].strip("\r"):
            at += 1
            continue
        end = at + 1
        while end < min(len(lines), at + MOST_LINES) and "\n".join(lines[at:end]).count('"') % 2:
            end += 1
        row = _row("\n".join(lines[at:end]))
        yield at + 1, row
        at = end if row is not None else at + 1


def _row(text: str) -> list[str] | None:
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        return None
    if len(rows) != 1 or len(rows[0]) != len(FIELDS):
        return None
    (row,) = rows
    numbers = NUMBER.fullmatch(row[2]) and NUMBER.fullmatch(row[4])
    return row if row == FIELDS or numbers else None


def _quoted(value: object) -> str:
    text = str(value)
    return '"' + text.replace('"', '""') + '"' if set(text) & set('",\n\r') else text
