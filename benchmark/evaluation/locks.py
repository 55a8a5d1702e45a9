"""Locks between processes: the same job, or the same training, is never done twice at once.

They are locks of the operating system on small files that stay: a process that dies, however it
dies, gives its locks back. File systems without them get marker files from `filelock`, which
recognises dead processes of the same machine; a marker of another machine that died stays until it
is deleted, and messages say so. Over NFS they hold between machines where the server has locks.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmark.errors import Busy, OneshotError
from benchmark.files import inside

FOLDER = ".locks"  # in a results folder; hidden, and no part of a record set
POLL_SECONDS = 0.2
PATIENCE_SECONDS = 60.0  # before it is said what is waited for
log = logging.getLogger(__name__)


@contextmanager
def held(path: Path, wait: bool, what: str) -> Iterator[None]:
    """Holds the lock of the file `path` as long as the block runs.

    Args:
        path: of the lock file; made with its folder.
        wait: for whoever holds it, or leave at once.
        what: is being done under the lock, for messages.

    Raises:
        Busy: somebody else holds it, and `wait` is false.
        OneshotError: the file cannot be made.
    """
    from filelock import FileLock, Timeout

    # Each `held` is a holder of its own, also against others of its thread; not thread-local, since
    # a generator that holds it may be closed by another thread.
    lock = FileLock(path, poll_interval=POLL_SECONDS, thread_local=False)
    try:
        _folder(inside(path.parent.parent, path).parent)
        try:
            lock.acquire(timeout=PATIENCE_SECONDS if wait else 0)
        except Timeout:
            if not wait:
                raise
            log.warning("Waiting for another process that is at %s. %s", what, _freed_by(path))
            lock.acquire(timeout=-1)
    except Timeout:
        raise Busy(
            f"Another process is at {what}.",
            f"Wait for it, or do something else. {_freed_by(path)}",
        ) from None
    except OSError as error:
        raise OneshotError(
            f"Cannot lock {path}: {error.strerror or error}.",
            "Choose other folders with --results DIR and --work DIR.",
        ) from error
    try:
        yield
    finally:
        lock.release()


def _freed_by(path: Path) -> str:
    """How to free a lock whose holder is no more; nothing where the system does it by itself."""
    try:
        marker = path.stat().st_size > 0  # a lock of the system is an empty file
    except OSError:
        return ""
    told = f"If its machine died, delete {path}: this file system has no locks of its own."
    return told if marker else ""


def _folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if folder.name == FOLDER:
        # Exclusively: a link without a target would be followed.
        with suppress(FileExistsError), (folder / ".gitignore").open("x", encoding="utf-8") as file:
            file.write("*\n")
