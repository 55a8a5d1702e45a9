"""Records on disk: one small JSON file a job, written whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from benchmark.errors import OneshotError, first_mistake
from benchmark.files import flush_folder, set_aside
from benchmark.records.packed import packed
from benchmark.records.schema import ADDED, Record

RECORDS = "records"


def slug(name: str) -> str:
    """A name that every file system takes: letters, digits, dot, dash, underscore and @.

    Windows' reserved names (con, nul ...) and trailing dots are defused.
    """
    text = re.sub(r"[^A-Za-z0-9._@-]+", "-", name).strip(".-") or "unnamed"
    if re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", text):
        text = f"_{text}"
    return text[:120]


def record_path(results: Path, record: Record) -> Path:
    """Where a record lies below the results folder."""
    return job_path(
        results,
        record.task.name,
        record.task.version,
        record.model.key,
        record.model.recipe8,
        record.seed,
        record.fold,
    )


def job_path(
    results: Path,
    task: str,
    version: int,
    model: str,
    recipe8: str,
    seed: int,
    fold: int | None = None,
) -> Path:
    """Where the record of a job lies, whether or not it has run."""
    folder = results / RECORDS / f"{slug(task)}.v{version}" / f"{slug(model)}--{recipe8}"
    return folder / (f"seed-{seed}.json" if fold is None else f"seed-{seed}-fold-{fold}.json")


def encode(record: Record) -> bytes:
    """The file's bytes: sorted keys, one field a line, long lists of answers packed."""
    data = record.model_dump(mode="json", by_alias=True)
    data["outcome"] = packed(data["outcome"])
    data["validation"] = packed(data["validation"])
    data = {name: data[name] for name in data if name not in ADDED or data[name] is not None}
    if record.cost.training_device is None:
        del data["cost"]["training_device"]
    for name in ("files", "task"):
        if not data["provenance"][name]:
            del data["provenance"][name]
    text = json.dumps(data, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    text = re.sub(
        r"\[\s+(-?\d+(?:,\s+-?\d+)*)\s+\]",
        lambda m: "[" + re.sub(r"\s+", "", m.group(1)) + "]",
        text,
    )
    return (text + "\n").encode("utf-8")


def write(results: Path, record: Record) -> Path:
    """Writes a record: temporary file, fsync, rename.

    An equal one that was measured with the same files stays.

    Raises:
        OneshotError: when the folder cannot be written or the disk is full; what was there before
            is untouched.
    """
    path = record_path(results, record)
    if path.is_file():
        try:
            before = read(path)
            if before.id == record.id and (
                before.provenance.files == record.provenance.files
                and before.provenance.task == record.provenance.task
            ):
                return path
        except OneshotError:
            set_aside(path, "it is no valid record")
    write_bytes(path, encode(record))
    return path


def write_bytes(path: Path, data: bytes, option: str = "--results", durable: bool = True) -> None:
    """Replaces `path` by `data` atomically and durably.

    The bytes are on the disk before the file has its name, and the name is when this returns:
    whatever dies at whatever moment, `path` holds all of the old content or all of the new. What
    can be made again at any time need not be `durable`: hundreds of waits for the disk would take
    longer than making it, and only a power failure can lose what was written.

    Raises:
        OneshotError: if that fails; `option` is what chooses another folder.
    """
    temporary: str | None = None
    try:
        _make_folder(path.parent)
        handle, temporary = tempfile.mkstemp(prefix=_unfinished(path), dir=path.parent)
        try:
            _write_all(handle, data)
            if durable:
                os.fsync(handle)
        finally:
            os.close(handle)
        os.chmod(temporary, 0o644)  # noqa: PTH101
        os.replace(temporary, path)  # noqa: PTH105
        temporary = None
        if durable:
            flush_folder(path.parent)
    except OSError as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
        raise OneshotError(
            f"Cannot write {path}: {error.strerror or error}. Nothing that was there is lost.",
            f"Free some space or choose another folder with {option} DIR, and run it again.",
        ) from error


def clear_unfinished(path: Path) -> None:
    """Removes what killed processes left of writing `path`; for who alone may write it."""
    for leftover in path.parent.glob(f"{_unfinished(path)}*"):
        with contextlib.suppress(OSError):
            leftover.unlink()


def _unfinished(path: Path) -> str:
    return f".writing-{path.name}-"


def _write_all(handle: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _make_folder(folder: Path) -> None:
    """Makes the folder and those above it, each durably in the one above."""
    missing = [part for part in (folder, *folder.parents) if not part.exists()]
    for part in reversed(missing):
        part.mkdir(exist_ok=True)
        flush_folder(part.parent)


def read(path: Path) -> Record:
    """Reads and checks one record.

    Raises:
        OneshotError: for a file that cannot be read, is no record, or whose id does not match.
    """
    try:
        return Record.model_validate_json(path.read_bytes())
    except OSError as error:
        raise OneshotError(f"Cannot read the record {path}: {error.strerror}.") from error
    except ValidationError as error:
        raise OneshotError(
            f"{path} is not a valid record: {first_mistake(error)}.",
            "Move the file away, or measure it again with --existing redo.",
        ) from error


def read_placed(results: Path, path: Path) -> Record:
    """Reads and checks one record of a results folder, its place included.

    Raises:
        OneshotError: as `read`, or for a record that lies under the name of another.
    """
    record = read(path)
    if record_path(results, record) != path:
        raise OneshotError(
            f"{path} holds the record of {record.model.key} on {record.task.name}, "
            f"seed {record.seed}, which belongs at {record_path(results, record)}.",
            "Move it there.",
        )
    return record


def is_whole(path: Path, least: int = 0) -> bool:
    """Whether a record lies there that can be trusted; a file alone is not enough.

    Args:
        path: where it should lie.
        least: questions that it must answer at least.
    """
    if not path.is_file():
        return False
    try:
        record = read(path)
    except OneshotError:
        return False
    return record_path(path.parents[3], record) == path and record.task.episodes >= least


def paths(results: Path) -> Iterator[Path]:
    """Every record file below the results folder, in a fixed order."""
    root = results / RECORDS
    found = [p for p in root.glob("*/*/seed-*.json") if not p.name.startswith(".")]
    yield from sorted(found, key=lambda path: path.relative_to(root).as_posix())


def load(results: Path) -> list[Record]:
    """All records below the results folder, in a fixed order.

    Raises:
        OneshotError: for the first file that is no valid record or lies under another's name.
    """
    return [read_placed(results, path) for path in paths(results)]


def measured(results: Path) -> Iterator[tuple[str, str]]:
    """(model key, task name) of each folder of records, in a fixed order.

    Reads one record of each folder and checks nothing else of it: naming what was measured must not
    take the time and memory of checking every record.

    Raises:
        OneshotError: for the first of these files that is not a record.
    """
    folders: set[Path] = set()
    for path in paths(results):
        if path.parent in folders:
            continue
        folders.add(path.parent)
        try:
            data = json.loads(path.read_bytes())
            key, task = data["model"]["key"], data["task"]["name"]
        except (ValueError, RecursionError, LookupError, TypeError, OSError):
            record = read(path)  # names what is wrong with it
            key, task = record.model.key, record.task.name
        yield key, task
