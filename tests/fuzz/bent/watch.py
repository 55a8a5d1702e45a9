"""What no input may do, whatever it holds: write elsewhere, start a program, open a connection."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

SECONDS = 20  # for one input on a busy machine; sound ones take milliseconds
STARTS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.startfile")
CONNECTS = ("socket.connect", "socket.bind", "urllib.Request")
CHANGES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "os.link", "os.truncate",
           "os.chmod", "shutil.rmtree")  # fmt: skip
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class _State:
    """What is watched; the hook looks away while `allowed` is None."""

    allowed: Path | None = None
    seen: ClassVar[list[str]] = []
    installed = False


class Hung(BaseException):
    """An input took too long; no `except Exception` hides it."""


@contextmanager
def watched(folder: Path) -> Iterator[list[str]]:
    """Names what happens meanwhile that must not: writes outside `folder`, programs, connections.

    Raises:
        Hung: after `SECONDS`.
    """
    if not _State.installed:
        sys.addaudithook(_audit)  # which stays for as long as the process does
        _State.installed = True
    _State.seen.clear()
    _State.allowed = folder.resolve()
    before = signal.signal(signal.SIGALRM, _hung)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield _State.seen
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        _State.allowed = None


def _hung(*_: Any) -> None:
    raise Hung


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if _State.allowed is None:
        return
    if event in STARTS or event in CONNECTS:
        _State.seen.append(f"{event} {arguments!r:.200}")
    elif event == "open":
        path, mode, flags = arguments
        writes = (isinstance(flags, int) and flags & WRITES) or (mode and set(mode) & set("wax+"))
        if writes and isinstance(path, str | bytes | os.PathLike) and not _inside(path):
            _State.seen.append(f"open {path!r} to write")
    elif event in CHANGES and not _inside(arguments[0]):
        _State.seen.append(f"{event} {arguments[0]!r}")


def _inside(path: Any) -> bool:
    if isinstance(path, int):
        return True
    place = os.path.realpath(os.fsdecode(path))
    parts = Path(place)
    assert _State.allowed is not None
    # Python keeps compiled modules, libraries their caches: neither is of the input's making.
    ours = "__pycache__" in place or place == os.devnull or parts.name.startswith("fontlist")
    return (
        ours
        or parts.is_relative_to(_State.allowed)
        or parts == Path(tempfile.gettempdir()).resolve()
    )
