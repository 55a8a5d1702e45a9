"""Data sets that a machine lacks, brought from a folder that it can see; for workers elsewhere."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from benchmark.datasets import prepare, store
from benchmark.datasets.catalogue import KNOWN
from benchmark.datasets.description import DESCRIPTION, ITEMS, folder_of
from benchmark.errors import DataMissing
from benchmark.evaluation.locks import FOLDER as LOCKS
from benchmark.evaluation.locks import held


def bring(name: str, directory: Path, source: Path | None) -> None:
    """Makes sure that `directory` has the data set; several processes may ask at once.

    Args:
        name: of a data set, the suite's or a user's own.
        directory: the data directory of this machine.
        source: a data directory with the data set as it is stored, or a folder in which NAME is
            what `oneshot data add NAME` takes; None for nothing of the kind.

    Raises:
        DataMissing: it is not there, and not in `source`.
        OneshotError: what lies in `source` is not sound, or the disk refuses.
    """
    if (name in KNOWN and KNOWN[name].shipped) or _there(name, directory):
        return
    generated = name in KNOWN and KNOWN[name].generated
    if source is None and not generated:
        raise DataMissing(
            f"The data set '{name}' is not in {directory} of this node.",
            "Name a folder that the node can add it from: --data-from DIR",
        )
    with held(directory / LOCKS / f"{name}.lock", True, f"the data set '{name}'"):
        if _there(name, directory):
            return
        if source is not None and _there(name, source):
            _copy(name, source, directory)
        elif generated:
            prepare.add(name, None, directory)
        elif source is not None and (source / name).exists():
            prepare.add(name, source / name, directory)
        else:
            raise DataMissing(
                f"The data set '{name}' is neither in {directory} of this node nor in {source}.",
                f"Expected there: {name}/, a stored data set or what `oneshot data add` takes.",
            )


def _there(name: str, directory: Path) -> bool:
    return (folder_of(name, directory) / DESCRIPTION).is_file()


def _copy(name: str, source: Path, directory: Path) -> None:
    """The stored data set as it is, its digests checked before and after."""
    store.verify(name, source)
    with (
        store.disk_errors(name, directory),
        tempfile.TemporaryDirectory(prefix=store.BEING_ADDED, dir=directory) as scratch,
    ):
        made = Path(scratch) / name
        made.mkdir()
        for file in (ITEMS, DESCRIPTION):
            shutil.copyfile(folder_of(name, source) / file, made / file)
        store.verify(name, Path(scratch))
        made.rename(folder_of(name, directory))
