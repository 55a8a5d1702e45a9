"""Bring a data set into the store: read what somebody has on disk, check it, write it once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import cast

from benchmark.datasets import store
from benchmark.datasets.catalogue import KNOWN, known_data_set
from benchmark.datasets.data_set import DataSet
from benchmark.datasets.store import Progress, Verified
from benchmark.errors import Refused, UnknownName

Reader = Callable[[Path, Progress | None], DataSet]

READERS: dict[str, str] = {
    "omniglot": "benchmark.datasets.omniglot:read",
    "mini-imagenet": "benchmark.datasets.mini_imagenet:read",
    "mini-imagenet-pickles": "benchmark.datasets.mini_imagenet_pickles:read",
}
"""What can be read, by kind: "module:function" of a `Reader`; a known data set is its own kind."""


def add(
    name: str,
    path: Path,
    directory: Path,
    kind: str | None = None,
    progress: Progress | None = None,
) -> Verified:
    """Read `path` and store it as `name` in `directory`; what is there and sound stays.

    Args:
        name: a known data set, or the name your own is to have.
        path: folder or archive with the data.
        directory: the data directory.
        kind: which reader to use (a key of READERS); for a known data set it follows from the name.
        progress: told of each step.

    Raises:
        UnknownName: if there is no such data set or kind.
        OneshotError: if the data are not what they should be, or the disk refuses.
    """
    reader = _reader(name, kind)
    path = path.expanduser()
    data_set = reader(path, progress)
    digest_of = KNOWN[name].digest_of if name in KNOWN else "items"
    if progress:
        progress(f"writing {name}", 0, 1)
    # Where on the disk it lay is the user's own affair.
    source = f"{kind or name} data from a {'folder' if path.is_dir() else path.suffix + ' file'}"
    store.save(replace(data_set, name=name), directory, source, digest_of)
    if progress:
        progress(f"checking {name}", 0, 1)
    verified = store.verify(name, directory)
    if progress:
        progress(f"checking {name}", 1, 1)
    return verified


def _reader(name: str, kind: str | None) -> Reader:
    if name in KNOWN:
        if KNOWN[name].shipped:
            raise Refused(f"'{name}' comes with the package; there is nothing to add.")
        if kind not in (None, name):
            raise Refused(f"'{name}' is a data set of its own kind.", "Leave --kind out.")
        kind = name
    elif kind is None:
        known_data_set(name)  # raises with the nearest names
    elif kind in KNOWN:
        raise Refused(f"{kind} data are stored as '{kind}'.", f"Type: oneshot data add {kind} PATH")
    if kind not in READERS:
        raise UnknownName("kind of data", str(kind), sorted(READERS))
    module, function = READERS[kind].split(":")
    return cast(Reader, getattr(import_module(module), function))
