"""Files that survive accidents: names made durable, and what is not trusted set aside.

Also opens files that somebody else wrote, and recognises what often lies in the place of a
downloaded file: a web page, a git-lfs pointer.
"""

from __future__ import annotations

import codecs
import errno
import hashlib
import json
import logging
import os
import re
import stat
from io import BufferedReader
from pathlib import Path
from typing import Any

from benchmark.errors import NotEnoughMemory, OneshotError

ASIDE = ".broken"  # in the names of files that were set aside; they are nobody's to delete
ANY_SIZE = 1 << 62
HEAD_BYTES = 512  # as many as `named_substitute` reads
DOWNLOAD_AGAIN = "Open the address in a browser, download the file itself and replace this one."
WEB_PAGE = re.compile(
    rb"\s*(<!--.*?-->\s*|<\?xml[^>]*>\s*)*(<!doctype\s+html|<(html|head|body)[\s>])",
    re.IGNORECASE | re.DOTALL,
)
SERVER_ERROR = re.compile(rb"\s*(<\?xml[^>]*>\s*)?<error>\s*<code>", re.IGNORECASE)
LFS_POINTER = re.compile(rb"version https://(git-lfs|hawser)\.github\.com/spec/")
ANNEX_POINTER = re.compile(rb"/?(\.\./)*(\.git/)?annex/objects/")
# Of substitutes: most files, images among them, need no search for the patterns.
FIRST_BYTES = (
    b"<", b"v", b"/", b".", b"annex", b" ", b"\t", b"\n", b"\r", b"\v", b"\f",
    codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE,
)  # fmt: skip
# What taking values out of parsed JSON raises where it does not hold what was expected.
NOT_AS_WRITTEN = (
    ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError,
)  # fmt: skip
SOURCE_BYTES = 16 << 20  # of a Python source at most
LARGE_BYTES = 64 << 20  # from which on the free memory is asked for before a file is read
NEVER_WAIT = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
log = logging.getLogger(__name__)


def inside(folder: Path, path: Path) -> Path:
    """The path, which lies below `folder`; refused where a link below it leads elsewhere.

    A results folder may come from a stranger. A link in it could make a command read, append to or
    delete a file anywhere.

    Raises:
        OneshotError: the path, or a folder between the two, is a link out of `folder`.
    """
    depth = len(path.parts) - len(folder.parts)
    if any(part.is_symlink() for part in (path, *path.parents[: max(0, depth - 1)])):
        target = path.resolve()
        if not target.is_relative_to(folder.resolve()):
            raise OneshotError(
                f"{path} is, or lies below, a link that leads out of {folder}.",
                "Remove the link, or put the files themselves there.",
            )
    return path


def named_substitute(source: Path | bytes) -> tuple[str, str] | None:
    """Recognises a web page, an error message or a pointer saved in place of a file.

    Args:
        source: the file, or its first bytes (`HEAD_BYTES` are enough).

    Returns:
        (what it is, hint): the first part completes "PATH ...". None for everything else, an
        unreadable file included.
    """
    if isinstance(source, Path):
        try:
            source = head_of(source, HEAD_BYTES)
        except OneshotError:
            return None
    head = _as_utf8(source[:HEAD_BYTES]) if source.startswith(FIRST_BYTES) else b""
    if WEB_PAGE.match(head):
        return "is a web page (HTML), saved in place of the download.", DOWNLOAD_AGAIN
    if SERVER_ERROR.match(head):
        return "is a server's error message (XML), saved in place of the download.", DOWNLOAD_AGAIN
    if LFS_POINTER.match(head):
        return "is a git-lfs pointer, not the file itself.", "Type in its folder: git lfs pull"
    if ANNEX_POINTER.match(head):
        return "is a git-annex pointer, not the file itself.", "Type in its folder: git annex get ."
    return None


def refuse_substitute(path: Path, head: bytes | None = None) -> None:
    """Raises an error for a file that `named_substitute` recognises.

    Args:
        path: the file, as the message names it.
        head: its first bytes, where they have been read already.

    Raises:
        OneshotError: the file is a web page, a server's error message or a pointer.
    """
    substitute = named_substitute(path if head is None else head)
    if substitute is not None:
        raise OneshotError(f"{path} {substitute[0]}", substitute[1])


def open_regular(path: Path, most_bytes: int, substitutes: bool = False) -> BufferedReader:
    """Opens a file that somebody else wrote: a regular file of bounded size, and not a substitute.

    A pipe is not waited for and a device is not read. The position is the file's start.

    Args:
        path: the file.
        most_bytes: its size at most.
        substitutes: whether a file that `named_substitute` recognises is opened too.

    Raises:
        OneshotError: there is no such file; it is a folder, a pipe or a device; it is larger than
            `most_bytes`; or `named_substitute` recognises it.
    """
    try:
        _refuse_special(path, path.stat(), most_bytes)  # opening a device can have effects
        file = open(path, "rb", opener=_never_waiting)  # noqa: SIM115
    except FileNotFoundError:
        raise OneshotError(f"There is no file {path}.") from None
    except (OSError, ValueError) as error:  # a ValueError for a name with U+0000
        reason = getattr(error, "strerror", None) or error
        raise OneshotError(f"Cannot read {path}: {reason}.") from error
    try:
        _refuse_special(path, os.fstat(file.fileno()), most_bytes)
        if not substitutes:
            refuse_substitute(path, file.read(HEAD_BYTES))
            file.seek(0)
    except OSError as error:
        file.close()
        raise OneshotError(f"Cannot read {path}: {error.strerror}.") from error
    except BaseException:
        file.close()
        raise
    return file


def read_regular(path: Path, most_bytes: int, substitutes: bool = False) -> bytes:
    """The content of a file that somebody else wrote; see `open_regular`.

    Raises:
        OneshotError: as `open_regular`.
        NotEnoughMemory: the file is larger than the free memory.
    """
    with open_regular(path, most_bytes, substitutes) as file:
        size = os.fstat(file.fileno()).st_size
        try:
            if size > LARGE_BYTES and size > _free_memory():
                raise MemoryError
            return file.read(size)  # a larger number would be allocated
        except MemoryError:
            raise NotEnoughMemory(
                f"{path} takes {in_words(size)}, more than the memory that is free."
            ) from None
        except OSError as error:
            raise OneshotError(f"Cannot read {path}: {error.strerror}.") from error


def head_of(path: Path, count: int) -> bytes:
    """The first `count` bytes of a regular file of any size.

    Raises:
        OneshotError: as `open_regular`.
    """
    with open_regular(path, ANY_SIZE, substitutes=True) as file:
        try:
            return file.read(count)
        except OSError as error:
            raise OneshotError(f"Cannot read {path}: {error.strerror}.") from error


def digest_of(path: Path, most_bytes: int) -> str:
    """SHA-256 (hex) of a file, which is read in pieces.

    Raises:
        OneshotError: as `open_regular`, but not for what `named_substitute` recognises.
    """
    with open_regular(path, most_bytes, substitutes=True) as file:
        try:
            return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise OneshotError(f"Cannot read {path}: {error.strerror}.") from error


def parse_json(text: str | bytes) -> Any:
    """The value of a JSON text from anywhere.

    Raises:
        ValueError: it is not JSON, is nested too deeply, or has a number of thousands of digits.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _free_memory() -> float:
    """Bytes of memory that a process can still get; infinite where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if "MemAvailable" in line)
    except (OSError, StopIteration):
        return float("inf")


def _never_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | NEVER_WAIT)


def _refuse_special(path: Path, status: os.stat_result, most_bytes: int) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise OneshotError(f"{path} is a folder, expected a file.")
    if not stat.S_ISREG(status.st_mode):
        raise OneshotError(f"{path} is not a regular file but a pipe, a socket or a device.")
    if status.st_size > most_bytes:
        raise OneshotError(
            f"{path} takes {in_words(status.st_size)} ({status.st_size:,} bytes), at most "
            f"{in_words(most_bytes)} are read."
        )


def in_words(count: int) -> str:
    """A number of bytes in the largest binary unit of which there is at least one."""
    power = max(0, count.bit_length() - 1) // 10
    unit = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")[min(power, 6)]
    return f"{count / (1 << 10 * min(power, 6)):,.4g} {unit}"


def _as_utf8(head: bytes) -> bytes:
    """The bytes without a byte order mark, UTF-16 text as UTF-8."""
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if head.startswith(mark):
            return head[len(mark) :].decode(encoding, "ignore").encode()
    return head.removeprefix(codecs.BOM_UTF8)


def set_aside(path: Path, reason: str, ending: str = ASIDE) -> Path:
    """Renames a file that cannot be used and says so; it may be somebody's only copy.

    Returns:
        Its new name: "NAME.broken", or "NAME.broken-2" where there is one already.

    Raises:
        OneshotError: it cannot be renamed.
    """
    number = 1
    aside = path.with_name(f"{path.name}{ending}")
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}{ending}-{number}")
    try:
        path.replace(aside)
    except OSError as error:
        raise OneshotError(
            f"{path} cannot be trusted ({reason}), nor set aside: {error.strerror}.",
            "Move it away and run it again.",
        ) from error
    if ending == ASIDE:
        log.warning("%s cannot be trusted (%s); set aside as %s.", path, reason, aside.name)
    else:
        log.warning("%s is kept as %s: %s.", path, aside.name, reason)
    return aside


def flush_folder(folder: Path) -> None:
    """Makes the names in a folder durable, where the system has a way to."""
    if os.name == "nt":  # Windows cannot open a folder, nor does it need to
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # not of this file system
            raise
    finally:
        os.close(handle)
