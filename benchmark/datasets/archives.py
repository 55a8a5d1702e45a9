"""One reader over folders, zip and tar files that yields (member name, bytes).

Archives come from strangers: nothing is extracted, and what could do harm is refused by name.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import re
import stat
import struct
import tarfile
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from benchmark.datasets.own.bad import printable
from benchmark.errors import OneshotError
from benchmark.files import named_substitute, open_regular, read_regular

if TYPE_CHECKING:
    from PIL.Image import Image

ARCHIVE_ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
CORRUPT = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, struct.error,
    ValueError, OverflowError, RuntimeError, KeyError, IndexError, MemoryError,
)  # fmt: skip
"""What the readers of bent archives raise; a RuntimeError tells of encryption and odd versions."""
IMAGE_TROUBLE = (
    OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError, struct.error,
    ZeroDivisionError, MemoryError, OverflowError, RuntimeError, AttributeError, zlib.error,
    AssertionError,
)  # fmt: skip
"""What decoders of hostile images were seen to raise, beside Pillow's DecompressionBombError."""
# zipfile unpacks the other methods whole, however much a member declares or may hold.
ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
MOST_BYTES = 256 << 30  # of an archive; what it may unpack to is limited apart
LISTED_BYTES = 160  # of a member in a zip's list: 46, its name and what packers add
PLAIN_MODES = (0, stat.S_IFREG, stat.S_IFDIR)  # 0: made where files have no modes


@dataclass(frozen=True)
class Limits:
    """How much an archive may hold; a few kilobytes can unpack to petabytes.

    Attributes:
        members: files and folders in one archive.
        member_bytes: one unpacked file.
        total_bytes: all unpacked files.
        ratio: unpacked bytes for each packed one, beyond the first `free_bytes`. Images, which are
            packed in themselves, come to less than 2, tables to some 20.
    """

    members: int = 500_000
    member_bytes: int = 64 << 20
    total_bytes: int = 8 << 30
    ratio: int = 100
    free_bytes: int = 64 << 20

    def unpacked(self, packed: int) -> int:
        """How many bytes an archive of `packed` bytes may unpack to."""
        return min(self.total_bytes, self.free_bytes + self.ratio * packed)


LIMITS = Limits()


def is_archive(path: Path) -> bool:
    """Whether the name is that of a file `read_members` can look into."""
    return path.is_file() and path.name.lower().endswith(ARCHIVE_ENDINGS)


def read_members(
    source: Path,
    wanted: Callable[[str], bool] = lambda name: True,
    limits: Limits = LIMITS,
) -> Iterator[tuple[str, bytes]]:
    """Yield (name, content) of the files of a folder or archive for which `wanted(name)` holds.

    Names are relative, with forward slashes; folders come sorted, archives in their own order.

    Raises:
        OneshotError: for a missing or unreadable source; for absolute names, `..`, links, devices,
            encrypted or duplicate members; or where a limit is exceeded.
    """
    if source.is_dir():
        members = _folder(source, wanted, limits)
    elif not source.exists():
        raise OneshotError(f"There is no file or folder {source}.")
    else:
        # By the first bytes, for zipfile would take a tar that ends in a zip for one.
        members = (_zip if _magic(source)[:2] == b"PK" else _tar)(source, wanted, limits)
    total = 0
    seen: set[str] = set()
    try:
        most = limits.total_bytes if source.is_dir() else limits.unpacked(source.stat().st_size)
        for name, content in members:
            if name in seen:
                raise OneshotError(f"{source} holds '{name}' twice.")
            seen.add(name)
            substitute = named_substitute(content)
            if substitute is not None:
                raise OneshotError(f"'{name}' in {source} {substitute[0]}", substitute[1])
            total += len(content)
            if total > most:
                raise _too_much(source, limits)
            yield name, content
    except CORRUPT as error:
        reason = printable(str(error) or type(error).__name__)
        raise OneshotError(f"{source} is damaged or cut short ({reason}).") from error
    except OSError as error:
        raise OneshotError(f"{source} cannot be read ({error.strerror or error}).") from error


def open_image(
    name: str, content: bytes, formats: tuple[str, ...], max_side: int, hint: str = ""
) -> Image:
    """The image in `content`, its header checked and its pixels not yet decoded.

    Raises:
        OneshotError: if it is of none of `formats` (PIL's names) or larger than `max_side` pixels.
    """
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's about large images, which are refused below
            image = Image.open(io.BytesIO(content), formats=formats)
    except IMAGE_TROUBLE as error:
        raise OneshotError(f"'{name}' is no {' or '.join(formats)} image.", hint) from error
    except Image.DecompressionBombError as error:
        raise OneshotError(f"'{name}' declares a huge image; it was not decoded.", hint) from error
    if max(image.size) > max_side:
        width, height = image.size
        raise OneshotError(
            f"'{name}' declares {width}x{height} pixels, expected {max_side} a side at most.", hint
        )
    return image


def _safe_name(source: Path, raw: str) -> str:
    name = raw.replace("\\", "/")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or re.match(r"[A-Za-z]:", name) or ".." in parts or "\0" in name:
        raise OneshotError(f"{source} holds a member outside of itself: {raw!r}.")
    return "/".join(parts)


def _too_much(source: Path, limits: Limits) -> OneshotError:
    return OneshotError(
        f"{source} holds more than it may: at most {limits.members} members of "
        f"{limits.member_bytes >> 20} MiB each, {limits.total_bytes >> 20} MiB in all and "
        f"{limits.ratio} times what it takes packed."
    )


def _folder(
    source: Path, wanted: Callable[[str], bool], limits: Limits
) -> Iterator[tuple[str, bytes]]:
    count = 0
    for folder, below, files in os.walk(source):
        below.sort()
        count += len(files) + len(below)
        if count > limits.members:
            raise _too_much(source, limits)
        for file in sorted(files):
            path = Path(folder, file)
            name = path.relative_to(source).as_posix()
            if not wanted(name):
                continue
            status = path.lstat()
            if not stat.S_ISREG(status.st_mode):
                raise OneshotError(f"{path} is a link or no plain file.", "Give the real files.")
            if status.st_size > limits.member_bytes:
                raise _too_much(source, limits)
            yield name, read_regular(path, limits.member_bytes, substitutes=True)


def opened_zip(file: IO[bytes], source: Path, limits: Limits) -> zipfile.ZipFile:
    """The zip archive in `file`; its list of members, which is read whole, is rationed.

    Raises:
        OneshotError: the list takes more than that of as many members as there may be.
    """
    end, at_once = file.seek(0, os.SEEK_END), LISTED_BYTES * limits.members + (1 << 17)
    rationed = _Rationed(file, source, limits, end, at_once)
    archive = zipfile.ZipFile(cast(IO[bytes], rationed))
    rationed.at_once = limits.member_bytes + 1
    return archive


def _zip(
    source: Path, wanted: Callable[[str], bool], limits: Limits
) -> Iterator[tuple[str, bytes]]:
    most = limits.unpacked(source.stat().st_size)
    with open_regular(source, MOST_BYTES) as plain, opened_zip(plain, source, limits) as archive:
        members = archive.infolist()
        if len(members) > limits.members:
            raise _too_much(source, limits)
        for member in members:
            name = _safe_name(source, member.filename)
            if stat.S_IFMT(member.external_attr >> 16) not in PLAIN_MODES:
                raise OneshotError(f"{source} holds a link or no plain file: {member.filename!r}.")
            if member.is_dir() or not wanted(name):
                continue
            if member.file_size > min(limits.member_bytes, most):
                raise _too_much(source, limits)
            if member.compress_type not in ZIP_METHODS:
                raise OneshotError(
                    f"'{name}' in {source} is packed by another method than deflate.",
                    "Pack it again: zip -r FILE.zip FOLDER",
                )
            with archive.open(member) as file:
                content = file.read(limits.member_bytes + 1)
            if len(content) > limits.member_bytes:
                raise _too_much(source, limits)
            yield name, content


def _tar(
    source: Path, wanted: Callable[[str], bool], limits: Limits
) -> Iterator[tuple[str, bytes]]:
    with _unpacked(source) as plain:
        # tarfile reads long names and sparse maps whole, so the stream itself is rationed.
        # Headers and padding take 1,536 bytes a member at most, long names aside.
        most = limits.unpacked(source.stat().st_size) + 2048 * limits.members
        rationed = _Rationed(plain, source, limits, most, limits.member_bytes)
        with tarfile.open(fileobj=cast(IO[bytes], rationed), mode="r:") as archive:
            for count, member in enumerate(archive):
                name = _safe_name(source, member.name)
                if count >= limits.members:
                    raise _too_much(source, limits)
                if member.isdir():
                    continue
                if not member.isreg() or member.issparse():
                    raise OneshotError(f"{source} holds a link or no plain file: {member.name!r}.")
                if not wanted(name):
                    continue
                file = archive.extractfile(member)
                content = b"" if file is None else file.read()
                if len(content) != member.size:
                    raise tarfile.ReadError(f"'{name}' ends early")
                yield name, content
            # tarfile takes a cut or garbled header for the end; the true end is a block of zeros.
            rationed.seek(archive.offset)
            if rationed.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
                raise tarfile.ReadError("the end is missing")


def _magic(source: Path) -> bytes:
    with open_regular(source, MOST_BYTES) as file:
        return file.read(6)


@contextmanager
def _unpacked(source: Path) -> Iterator[IO[bytes]]:
    with open_regular(source, MOST_BYTES) as packed:
        magic = packed.read(6)
        packed.seek(0)
        for head, module in ((b"\x1f\x8b", gzip), (b"BZh", bz2), (b"\xfd7zXZ\0", lzma)):
            if magic.startswith(head):
                with module.open(packed) as plain:
                    yield cast(IO[bytes], plain)
                return
        yield packed


class _Rationed:
    """A file that refuses to read more than `at_once` bytes, or anything beyond byte `end`."""

    def __init__(
        self, file: IO[bytes], source: Path, limits: Limits, end: int, at_once: int
    ) -> None:
        self._file, self._source, self._limits = file, source, limits
        self._end, self.at_once = end, at_once

    def read(self, size: int = -1) -> bytes:
        size = self._end - self._file.tell() if size < 0 else size
        if size > self.at_once or self._file.tell() + size > self._end:
            raise _too_much(self._source, self._limits)
        return self._file.read(size)

    def seek(self, place: int, whence: int = os.SEEK_SET) -> int:
        if place > self._end:
            raise _too_much(self._source, self._limits)
        return self._file.seek(place, whence)

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._file.tell()
