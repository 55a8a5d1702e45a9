"""Records on disk: one small JSON file a job, written whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import ValidationError

from benchmark.errors import OneshotError, first_mistake
from benchmark.files import flush_folder, inside, parse_json, read_regular, set_aside
from benchmark.records.packed import packed
from benchmark.records.possible import impossible
from benchmark.records.schema import ADDED, Record

RECORDS = "records"
MOST_BYTES = 32 << 20  # of a record; those of a million trials with their labels take 20 MiB
log = logging.getLogger(__name__)


def slug(name: str) -> str:
    """A name that every file system takes: letters, digits, dot, dash, underscore and @.

    Windows' reserved names (con, nul ...) and trailing dots are defused.
    """
    text = re.sub(r"[^A-Za-z0-9._@-]+", "-", name).strip(".-") or "unnamed"
    if re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", text):
        text = f"_{text}"
    return text[:120]


def file_name(name: str) -> str:
    """A name for files and folders that no other name shares, on any file system.

    A name that is its own `slug` and has no capitals stays as it is. Any other, such as one with
    letters beyond ASCII, spaces or capitals, gets a hash: file systems may take capitals for small
    letters and one Unicode form for another.
    """
    plain = slug(name)
    if plain == name == name.lower():
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{plain[:80].rstrip('.-')}+{digest[:16]}"


def folder_names(model: str, recipe8: str) -> tuple[str, str]:
    """The folder of a model's records of one recipe, as it is named now and as it was before."""
    return f"{file_name(model)}--{recipe8}", f"{slug(model)}--{recipe8}"


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
    """Where the record of a job lies, whether or not it has run.

    Records of before names had hashes stay where they are.

    Raises:
        OneshotError: a link leads out of the results folder.
    """
    name = f"seed-{seed}.json" if fold is None else f"seed-{seed}-fold-{fold}.json"
    new, before = folder_names(model, recipe8)
    tasks = results / RECORDS / f"{file_name(task)}.v{version}"
    path, old = tasks / new / name, tasks.with_name(f"{slug(task)}.v{version}") / before / name
    if old != path and not path.exists() and _holds(old, task, model):
        path = old
    return inside(results, path)


def _holds(path: Path, task: str, model: str) -> bool:
    """Whether a file holds a record of this model on this task."""
    try:
        record = read(path)
    except OneshotError:
        return False
    return (record.task.name, record.model.key) == (task, model)


def encode(record: Record) -> bytes:
    """The file's bytes: sorted keys, one field a line, long lists of answers packed."""
    data = record.model_dump(mode="json", by_alias=True)
    data["outcome"] = packed(data["outcome"])
    data["validation"] = packed(data["validation"])
    data = {name: data[name] for name in data if name not in ADDED or data[name] is not None}
    if record.cost.training_device is None:
        del data["cost"]["training_device"]
    for name in ("files", "task", "processor"):
        if not data["provenance"][name]:
            del data["provenance"][name]
    text = json.dumps(data, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    text = re.sub(
        r"\[\s+(-?\d+(?:,\s+-?\d+)*)\s+\]",
        lambda m: "[" + re.sub(r"\s+", "", m.group(1)) + "]",
        text,
    )
    return (text + "\n").encode("utf-8")


class _Another(OneshotError):
    """The record of another job lies in the way."""


def write(results: Path, record: Record) -> Path:
    """Writes a record: temporary file, fsync, rename.

    An equal one that was measured with the same files stays.

    Raises:
        OneshotError: when the folder cannot be written, the disk is full, or the record of another
            model or task lies there; what was there before is untouched.
    """
    path = record_path(results, record)
    if path.is_file():
        try:
            before = read(path)
            if not _holds(path, record.task.name, record.model.key):
                raise _Another(
                    f"{path} holds the record of {before.model.key} on {before.task.name}, not of "
                    f"{record.model.key} on {record.task.name}. Nothing was written.",
                    "Move it to where it belongs, or choose another folder with --results DIR.",
                )
            if before.id == record.id and (
                before.provenance.files == record.provenance.files
                and before.provenance.task == record.provenance.task
            ):
                return path
        except _Another:
            raise
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
        temporary = str(path.with_name(f"{_unfinished(path)}{secrets.token_hex(8)}"))
        # Unlike a temporary file of the library, with the permissions that the umask leaves.
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            _write_all(handle, data)
            if durable:
                os.fsync(handle)
        finally:
            os.close(handle)
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
    return f".writing-{path.name[:150]}-"


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


def content(path: Path) -> bytes:
    """The bytes of a record's file.

    Raises:
        OneshotError: the file is missing, not a regular file, or larger than 32 MiB.
    """
    return read_regular(path, MOST_BYTES)


def read(path: Path) -> Record:
    """Reads and checks one record.

    Raises:
        OneshotError: for a file that cannot be read or is larger than 32 MiB, that is not a record,
            or whose id does not match.
    """
    return parse(path, content(path))


def parse(path: Path, data: bytes) -> Record:
    """The record in the bytes of the file `path`; see `read`."""
    try:
        return Record.model_validate_json(data)
    except ValidationError as error:
        raise OneshotError(
            f"{path} is not a valid record: {first_mistake(error)}.",
            "Move the file away, or measure it again with --existing redo.",
        ) from error


def read_placed(results: Path, path: Path) -> Record:
    """Reads and checks one record of a results folder, its place included.

    Raises:
        OneshotError: as `read`, or for a record that lies under the name of another, lies behind a
            link out of the folder, or that no run can have written (`possible.impossible`).
    """
    record = read(inside(results, path))
    reason = impossible(record)
    if reason is not None:
        raise OneshotError(f"{path} is not a possible record: {reason}.", "Move the file away.")
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


def load(results: Path, strict: bool = True) -> list[Record]:
    """All records below the results folder, in a fixed order.

    Args:
        results: the results folder.
        strict: False names files that are no valid record, or lie under the name of another, in a
            warning and leaves them out.

    Raises:
        OneshotError: for the first such file.
    """
    return load_files(results, paths(results), strict)


def load_files(results: Path, files: Iterable[Path], strict: bool = True) -> list[Record]:
    """The records in some files of a results folder, in the order given; see `load`."""
    records = []
    for path in files:
        try:
            records.append(read_placed(results, path))
        except OneshotError as error:
            if strict:
                raise
            log.warning("%s It was left out.", error)
    return records


def measured(results: Path, strict: bool = True) -> Iterator[tuple[str, str]]:
    """(model key, task name) of each folder of records, in a fixed order.

    Reads one record of each folder and checks nothing else of it: naming what was measured must not
    take the time and memory of checking every record.

    Args:
        results: the results folder.
        strict: False names a file that is not a record in a warning and leaves it out.

    Raises:
        OneshotError: for the first of these files that is not a record.
    """
    folders: set[Path] = set()
    for path in paths(results):
        if path.parent in folders:
            continue
        try:
            key, task = _named(inside(results, path))
        except OneshotError as error:
            if strict:
                raise
            log.warning("%s It was left out.", error)
            continue
        folders.add(path.parent)
        yield key, task


def _named(path: Path) -> tuple[str, str]:
    """The model key and the task name in a file, as cheaply as possible."""
    try:
        data = parse_json(content(path))
        key, task = data["model"]["key"], data["task"]["name"]
    except (ValueError, LookupError, TypeError):
        key = task = None
    if isinstance(key, str) and isinstance(task, str):
        return key, task
    record = read(path)  # names what is wrong with it
    return record.model.key, record.task.name
