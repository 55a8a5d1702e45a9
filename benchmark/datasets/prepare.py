"""Bring a data set into the store: read what somebody has on disk, check it, write it once."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

from benchmark.datasets import store
from benchmark.datasets.catalogue import KNOWN
from benchmark.datasets.data_set import DataSet
from benchmark.datasets.description import Own, folder_of, read_description
from benchmark.datasets.own.reading import Reading
from benchmark.datasets.store import BEING_ADDED, Progress, Verified
from benchmark.errors import ModelBroken, OneshotError, Refused, UnknownName
from benchmark.models import parts

if TYPE_CHECKING:
    from benchmark.datasets.own.options import Added, Options

Reader = Callable[[Path, Progress | None], "DataSet | Added"]
OwnReader = Callable[[Path, "Options", Path, Progress | None], "Added"]
"""Takes the path, the options, an empty folder for large arrays, and the progress."""

READERS: dict[str, str] = {
    "omniglot": "benchmark.datasets.omniglot:read",
    "mini-imagenet": "benchmark.datasets.mini_imagenet:read",
    "mini-imagenet-pickles": "benchmark.datasets.mini_imagenet_pickles:read",
    "orl-faces": "benchmark.datasets.orl_faces:read",
    "nfi-signatures": "benchmark.datasets.nfi_signatures:read",
    "lfw": "benchmark.datasets.lfw:read",
    "cedar": "benchmark.datasets.signatures:read_cedar",
    "bhsig260-bengali": "benchmark.datasets.signatures:read_bengali",
    "bhsig260-hindi": "benchmark.datasets.signatures:read_hindi",
    "languages": "benchmark.datasets.languages:read",
    "digits": "benchmark.datasets.digits:read",
}
"""What can be read, by kind: "module:function" of a `Reader`; a known data set is its own kind."""

OWN_READERS: dict[str, str] = {
    "folder": "benchmark.datasets.own.images:read_folder",
    "csv": "benchmark.datasets.own.images:read_csv",
    "vectors": "benchmark.datasets.own.vectors:read",
    "text": "benchmark.datasets.own.texts:read",
    "pairs": "benchmark.datasets.own.pairs:read",
}
"""Kinds of one's own data: "module:function" of an `OwnReader`."""


OPTIONS_OF = {
    "path": ("csv", "text"),
    "features": ("vectors", "pairs"),
    "root": ("csv", "pairs"),
    "value_range": ("folder", "csv", "pairs"),
}
"""Options that concern some kinds alone."""


@dataclass(frozen=True)
class Brought:
    """What was stored, what its owner should know about it, and how the source was interpreted."""

    verified: Verified
    notes: tuple[str, ...] = ()
    reading: Reading = field(default_factory=Reading)


def add(
    name: str,
    path: Path | None,
    directory: Path,
    kind: str | None = None,
    progress: Progress | None = None,
) -> Verified:
    """Read `path` and store it as `name` in `directory`; see `bring`, whose notes are dropped."""
    return bring(name, path, directory, kind, progress).verified


def bring(
    name: str,
    path: Path | None,
    directory: Path,
    kind: str | None = None,
    progress: Progress | None = None,
    options: Options | None = None,
) -> Brought:
    """Read `path` and store it as `name` in `directory`; what is there and sound stays.

    Args:
        name: a known data set, or the name your own is to have.
        path: folder, archive or file with the data; None where the data set is generated.
        directory: the data directory.
        kind: which reader to use (a key of READERS or OWN_READERS); for a known data set it follows
            from the name.
        progress: told of each step.
        options: how data of one's own are read.

    Raises:
        UnknownName: if there is no such data set or kind.
        OneshotError: if the data are not what they should be, or the disk refuses.
    """
    if kind is not None and is_own(kind):
        return _bring_own(name, path, directory, str(kind), progress, options)
    reader = _reader(name, kind)
    if path is None and not (name in KNOWN and KNOWN[name].generated):
        raise _no_path(name)
    path = (path or Path()).expanduser()
    found = reader(path, progress)
    data_set, notes = (found, ()) if isinstance(found, DataSet) else (found.data_set, found.notes)
    digest_of = KNOWN[name].digest_of if name in KNOWN else "items"
    if progress:
        progress(f"writing {name}", 0, 1)
    # Where on the disk it lay is the user's own affair.
    source = f"{kind or name} data from a {'folder' if path.is_dir() else path.suffix + ' file'}"
    if name in KNOWN and KNOWN[name].generated:
        source = f"{name} data from an installed package"
    store.save(replace(data_set, name=name), directory, source, digest_of)
    return Brought(_checked(name, directory, progress), notes)


def _bring_own(
    name: str,
    path: Path | None,
    directory: Path,
    kind: str,
    progress: Progress | None,
    options: Options | None,
) -> Brought:
    from benchmark.datasets.own.options import Options as Defaults

    _refuse_name(name, directory)
    if path is None and kind in OWN_READERS:
        raise _no_path(name)
    options = options or Defaults()
    options.check()
    if kind != "pairs" and (options.of, options.items) != ("auto", None):
        raise Refused("--of and --items are about labelled pairs.", "Add --kind pairs")
    for option, kinds in OPTIONS_OF.items():
        if kind not in kinds and getattr(options, option) is not None:
            spelled = "range" if option == "value_range" else option
            raise Refused(
                f"--{spelled} has no effect on --kind {kind}; it is about {' and '.join(kinds)}.",
                "Leave it out.",
            )
    path = (path or Path()).expanduser()
    reader = _own_reader(kind)
    with store.disk_errors(name, directory):
        directory.mkdir(parents=True, exist_ok=True)
        scratch = tempfile.TemporaryDirectory(
            prefix=f"{BEING_ADDED}{name}-", dir=directory, ignore_cleanup_errors=True
        )
    with scratch as folder:
        added = _added(reader, kind, path, options, Path(folder), progress)
        if progress:
            progress(f"writing {name}", 0, 1)
        ending = f"{path.suffix} file" if path.is_file() else "folder"
        data_set = replace(added.data_set, name=name)
        if data_set.kind == "image" and options.fit != "pad":
            added.facts["fit"] = options.fit
        if added.reading.scale is not None:
            added.facts["scale"] = added.reading.scale
        own = _version(name, directory, data_set.digest, added)
        source = f"{kind} data from a {ending}"
        if kind != "pairs" and "split" in data_set.groups:
            added.reading.understood.setdefault("split", _how_split(options))
        store.save(data_set, directory, source, "items", own, added.reading.as_json())
        del data_set  # with it goes the map of the file that is about to be removed
    return Brought(_checked(name, directory, progress), added.notes, added.reading)


def is_own(kind: str) -> bool:
    """Whether a kind is one of `OWN_READERS` or of an entry point, for data of one's own."""
    return kind in OWN_READERS or (kind not in READERS and kind in parts.plugins("data set"))


def _own_reader(kind: str) -> OwnReader:
    if kind in OWN_READERS:
        return cast(OwnReader, _function(OWN_READERS[kind]))
    return cast(OwnReader, parts.load("data set", kind).make)


def _added(
    reader: OwnReader,
    kind: str,
    path: Path,
    options: Options,
    scratch: Path,
    progress: Progress | None,
) -> Added:
    """What a reader gives; that of another package is checked.

    Raises:
        ModelBroken: the reader of another package fails, or gives something else.
    """
    from benchmark.datasets.own.options import Added as Expected

    if kind in OWN_READERS:
        return reader(path, options, scratch, progress)
    try:
        found = reader(path, options, scratch, progress)
    except OneshotError:
        raise
    except Exception as error:
        raise ModelBroken(
            f"The reader of the data '{kind}' fails: {type(error).__name__}: {error}.",
            parts.HINTS["data set"],
        ) from error
    if not isinstance(found, Expected):
        raise ModelBroken(
            f"The reader of the data '{kind}' gave a {type(found).__name__}; expected Added.",
            parts.HINTS["data set"],
        )
    return found


def _how_split(options: Options) -> str:
    """How the classes came into their splits, where the source itself does not say."""
    from benchmark.datasets.own.config import states_splits

    if options.test_only:
        return "all classes are tested (--test-only)"
    given = options.split or options.config
    if given is not None and states_splits(options):
        return f"by the lists of {given.name}"
    shares = ", ".join(f"{100 * fraction:g}" for fraction in options.fractions)
    by = f"values of {options.split_by}" if options.split_by is not None else "class names"
    return f"by a hash of {by}: {shares} % for training, validation and test"


def _version(name: str, directory: Path, digest: str, added: Added) -> Own:
    """The next version where other data or tasks have this name, else the one that is there."""
    own = cast(Own, {"tasks": added.tasks, "version": 1, **added.facts})
    try:
        there = read_description(name, directory)
    except OneshotError:
        return own
    before: Own = there.get("own") or Own(tasks={}, version=1)
    # The digest covers what the scale did; data sets of earlier versions do not state it.
    stated = [{**each, "version": 1, "scale": None} for each in (before, own)]
    same = there["digest"] == digest and stated[0] == stated[1]
    own["version"] = before["version"] + (0 if same else 1)
    return own


def _checked(name: str, directory: Path, progress: Progress | None) -> Verified:
    if progress:
        progress(f"checking {name}", 0, 1)
    verified = store.verify(name, directory)
    if progress:
        progress(f"checking {name}", 1, 1)
    return verified


def _refuse_name(name: str, directory: Path) -> None:
    """Refuses names that mean something else already."""
    from benchmark.protocols.catalogue import PROTOCOLS
    from benchmark.protocols.few_shot.task import FAMILIES
    from benchmark.protocols.verification.task import VERIFICATION

    folder_of(name, directory)
    taken = {name for family in FAMILIES for name in (family.name, family.track)}
    taken |= {family.track for family in VERIFICATION}
    if name in KNOWN or name in taken:
        raise Refused(f"'{name}' is a name of the suite's own.", "Choose another.")
    if any(protocol.pattern.fullmatch(name) for protocol in PROTOCOLS):
        raise Refused(f"'{name}' looks like the name of a task.", "Choose another.")


def _no_path(name: str) -> OneshotError:
    return OneshotError(
        f"There is no PATH from which to add '{name}'.", f"Type: oneshot data add {name} PATH"
    )


def _reader(name: str, kind: str | None) -> Reader:
    if name in KNOWN:
        if KNOWN[name].shipped:
            raise Refused(f"'{name}' comes with the package; there is nothing to add.")
        if kind not in (None, name):
            raise Refused(f"'{name}' is a data set of its own kind.", "Leave --kind out.")
        kind = name
    elif kind is None:
        hint = f"Type: oneshot data list; for data of your own: --kind {'|'.join(OWN_READERS)}"
        raise UnknownName("data set", name, list(KNOWN), hint)
    elif kind in KNOWN:
        raise Refused(f"{kind} data are stored as '{kind}'.", f"Type: oneshot data add {kind} PATH")
    if kind not in READERS:
        plugins = parts.plugins("data set")
        raise UnknownName("kind of data", str(kind), sorted([*READERS, *OWN_READERS, *plugins]))
    return cast(Reader, _function(READERS[kind]))


def _function(place: str) -> object:
    module, function = place.split(":")
    return getattr(import_module(module), function)
