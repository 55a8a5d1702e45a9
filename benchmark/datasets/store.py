"""Data sets on disk: one folder each, written once and atomically, read through a memory map.

`<data>/<name>/items.npy` holds the items as they are in memory, `data_set.json` everything else.

Two digests are kept. The *identity* digest names the data: it is taken over the items themselves,
or over the encoded files where the source is lossy (a JPEG decodes differently from library to
library, its bytes do not). The *stored* digest is always taken over the decoded array, the one
thing `verify` can recompute; the two are equal where the source is lossless.
"""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.data_set import DataSet, Groups, whole
from benchmark.datasets.description import (
    DESCRIPTION,
    ITEMS,
    DigestOf,
    Own,
    array_digest,
    broken,
    describe,
    folder_of,
    pairs_of,
    read_description,
)
from benchmark.errors import OneshotError
from benchmark.files import ANY_SIZE, flush_folder, open_regular

BEING_ADDED = ".adding-"  # a dot keeps unfinished work from looking like a data set
PUBLISH_TRIES = 100
STALE_SECONDS = 24 * 3600.0

Progress = Callable[[str, int, int], None]
"""Called with (what is being done, steps done, steps in all or 0 where that is unknown)."""


@dataclass(frozen=True)
class Verified:
    """What a stored data set turned out to hold.

    Attributes:
        digest: identity digest; records name it.
        stored_digest: digest over the decoded array, just recomputed.
        source: where the items came from, in words.
    """

    name: str
    items: int
    classes: int
    digest: str
    stored_digest: str
    source: str


def data_directory(option: Path | None = None) -> Path:
    """Where data sets are kept: `option`, else $ONESHOT_DATA, else the user's cache folder."""
    if option is not None:
        return Path(option).expanduser()
    if os.environ.get("ONESHOT_DATA"):
        return Path(os.environ["ONESHOT_DATA"]).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("oneshot-benchmark", appauthor=False) / "data"


def present(directory: Path) -> list[str]:
    """Names of the data sets in `directory`, sorted; unfinished ones are not among them."""
    if not directory.is_dir():
        return []
    found = (entry.name for entry in directory.iterdir() if (entry / DESCRIPTION).is_file())
    return sorted(name for name in found if not name.startswith("."))


def save(
    data_set: DataSet,
    directory: Path,
    source: str = "",
    digest_of: DigestOf = "items",
    own: Own | None = None,
    reading: dict[str, Any] | None = None,
) -> Path:
    """Write a whole data set (no view) and return its folder.

    A sound copy of the same data stays as it is; anything else under that name is replaced.

    Args:
        data_set: all of it, in the order in which it lies in memory.
        directory: the data directory; made where it is not there.
        source: where the items came from, in words and without paths.
        digest_of: "files" says that `data_set.digest` is over encoded files, not over `stored`.
        own: what tasks on a user's own data are made from; see `description.Own`.
        reading: how the source was interpreted; see `description.describe`.

    Raises:
        OneshotError: for a view, for texts of no fixed width, for a digest that does not fit,
            or if the disk refuses.
    """
    final = folder_of(data_set.name, directory)
    every_row = np.arange(len(data_set.stored))
    if data_set.turns is not None or not np.array_equal(data_set.rows, every_row):
        raise OneshotError(f"Only a whole data set can be stored; '{data_set.name}' is a view.")
    if data_set.stored.dtype == object:
        raise OneshotError(f"'{data_set.name}' holds texts of no fixed width.")
    description = describe(data_set, source, digest_of, own, reading)
    with disk_errors(data_set.name, directory):
        directory.mkdir(parents=True, exist_ok=True)
        _clear_stale(directory)
        temporary = Path(tempfile.mkdtemp(prefix=f"{BEING_ADDED}{data_set.name}-", dir=directory))
        try:
            temporary.chmod(0o755)  # mkdtemp hides it from everyone else who shares the folder
            with (temporary / ITEMS).open("wb") as items:
                np.save(items, np.ascontiguousarray(data_set.stored), allow_pickle=False)
                os.fsync(items.fileno())
            with (temporary / DESCRIPTION).open("w", encoding="utf-8", newline="\n") as text:
                text.write(json.dumps(description, separators=(",", ":")))
                text.flush()
                os.fsync(text.fileno())
            _publish(temporary, final, description)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return final


def load(name: str, directory: Path) -> DataSet:
    """The stored data set, its items memory-mapped and read-only; the items are not hashed.

    Raises:
        DataMissing: if there is none of this name.
        OneshotError: if its files are cut short, foreign or of another format.
    """
    description = read_description(name, directory)
    labels = np.asarray(description["labels"], dtype=np.int64)
    groups = {
        key: Groups(np.asarray(group["codes"], dtype=np.int32), tuple(group["names"]))
        for key, group in description["groups"].items()
    }
    return whole(
        name,
        description["family"],
        _map_items(name, folder_of(name, directory) / ITEMS, description),
        labels,
        description["class_names"],
        groups,
        description["digest"],
        pairs_of(description),
    )


def verify(name: str, directory: Path) -> Verified:
    """Recompute the digest of what is stored and compare it with what was written.

    Raises:
        DataMissing: if there is none of this name.
        OneshotError: if a single stored value has changed.
    """
    data_set = load(name, directory)
    description = read_description(name, directory)
    stored_digest = array_digest(data_set)
    if stored_digest != description["stored_digest"]:
        path = folder_of(name, directory) / ITEMS
        raise broken(name, path, "has changed since it was written")
    return Verified(
        name=name,
        items=len(data_set),
        classes=len(data_set.class_names),
        digest=data_set.digest,
        stored_digest=stored_digest,
        source=description["source"],
    )


def _map_items(name: str, path: Path, description: dict[str, Any]) -> NDArray[np.generic]:
    try:
        with open_regular(path, ANY_SIZE, substitutes=True) as file:
            # As `save` writes it. A later version's header can be as large as the file.
            if np.lib.format.read_magic(file) != (1, 0):
                raise ValueError("another version of NumPy's format")
        # Unlike np.load this reads nothing but the plain format: no zip, no pickle.
        mapped = np.lib.format.open_memmap(path, mode="r")
        spare = path.stat().st_size - mapped.offset - mapped.nbytes
    except (OneshotError, OSError, ValueError, EOFError) as error:
        raise broken(name, path, f"cannot be read ({error})") from error
    kind = (mapped.dtype.str, list(mapped.shape))
    if spare or kind != (description["dtype"], description["shape"]):
        raise broken(name, path, "does not hold the items its description tells of")
    # Slices of the subclass would carry the bookkeeping of the map along.
    return mapped.view(np.ndarray)


def _publish(temporary: Path, final: Path, description: dict[str, Any]) -> None:
    """Rename into place; a sound copy that is already there (another process's, say) stays."""
    for _ in range(PUBLISH_TRIES):
        try:
            temporary.rename(final)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                raise
        else:
            flush_folder(final.parent)
            return
        if _sound(final, description):
            return
        aside = Path(tempfile.mkdtemp(prefix=f"{BEING_ADDED}old-", dir=final.parent))
        try:
            with suppress(FileNotFoundError):  # another process may have moved it first
                final.rename(aside / "old")
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        time.sleep(random.uniform(0, 0.01))  # two that replace each other fall out of step
    raise OSError(f"{final} could not be replaced")


def _sound(final: Path, description: dict[str, Any]) -> bool:
    try:
        held = verify(final.name, final.parent)
        there = read_description(final.name, final.parent)
    except OneshotError:  # damaged, or another process has just moved it
        return False
    wanted = (description["digest"], description["stored_digest"])
    same_rest = all(there.get(key) == description.get(key) for key in ("own", "reading"))
    return same_rest and (held.digest, held.stored_digest) == wanted


def _clear_stale(directory: Path) -> None:
    """Remove what interrupted adds left long ago; a young one may belong to a living process."""
    for folder in directory.glob(f"{BEING_ADDED}*"):
        with suppress(FileNotFoundError):
            youngest = max(entry.stat().st_mtime for entry in (folder, *folder.iterdir()))
            if time.time() - youngest > STALE_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def disk_errors(name: str, directory: Path) -> Iterator[None]:
    """Turns what the disk refuses into an OneshotError with the way out."""
    try:
        yield
    except OSError as error:
        raise OneshotError(
            f"Could not write '{name}' to {directory}: {error.strerror or error}.",
            "Give another folder with --data DIR or ONESHOT_DATA.",
        ) from error
