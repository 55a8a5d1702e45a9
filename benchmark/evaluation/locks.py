"""Locks between processes: the same job, or the same training, is never done twice at once.

They are locks of the operating system on small files that stay: a process that dies, however it
dies, gives its locks back. File systems without them get marker files from `filelock`, which tells
dead processes of the same machine. Over NFS they hold between machines where the server has locks.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmark.errors import Busy, OneshotError

FOLDER = ".locks"  # in a results folder; hidden, and no part of a record set
POLL_SECONDS = 0.2


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
    lock = FileLock(path, timeout=-1 if wait else 0, poll_interval=POLL_SECONDS, thread_local=False)
    try:
        _folder(path.parent)
        lock.acquire()
    except Timeout:
        raise Busy(f"Another process is at {what}.", "Wait for it, or do something else.") from None
    except OSError as error:
        raise OneshotError(
            f"Cannot lock {path}: {error.strerror or error}.",
            "Choose other folders with --results DIR and --work DIR.",
        ) from error
    try:
        yield
    finally:
        lock.release()


def _folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if folder.name == FOLDER and not (folder / ".gitignore").exists():
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")
