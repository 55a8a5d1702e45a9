"""One file over HTTP: the only code of the suite that touches the network.

Files arrive under a `.part` name, resume where the server allows it, and are renamed when whole.
"""

from __future__ import annotations

import hashlib
import http.client
import io
import os
import re
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import IO, Any

from benchmark.datasets.store import Progress
from benchmark.errors import OneshotError

FRUITLESS_TRIES = 4  # tries in a row that brought not one byte
TRIES = 40
TIMEOUT_SECONDS = 30.0  # silence, not the whole transfer
LEAST_RATE = 1024  # bytes a second on average, below which a transfer is given up
GRACE_SECONDS = 60.0  # of a transfer, in which it may be slower
PAUSE_SECONDS = 1.0  # doubles with every fruitless try
CHUNK = 1 << 18
PASSING = (408, 425, 429, 500, 502, 503, 504)  # states of a server that may pass
TRANSIENT = (OSError, http.client.HTTPException)


@dataclass(frozen=True)
class Download:
    """One file to fetch.

    Attributes:
        url: where it is.
        file: name under which the reader expects it.
        max_bytes: more than this is refused, whatever the server says.
        md5: published MD5 (hex), or "" where none is.
    """

    url: str
    file: str
    max_bytes: int
    md5: str = ""


def download(
    item: Download,
    folder: Path,
    progress: Progress | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
    pause_seconds: float = PAUSE_SECONDS,
) -> Path:
    """Fetch one file into `folder` and return its path; one that is there already stays.

    Raises:
        OneshotError: after several fruitless tries, or at once where trying again cannot help.
    """
    target = folder / item.file
    part = folder / f"{item.file}.part"
    fruitless = 0
    with _alone(folder / f"{item.file}.lock", item):
        if target.exists() and _intact(target, item):
            return target
        for _ in range(TRIES):
            before = _size(part)
            try:
                _transfer(item, part, progress, timeout_seconds)
            except urllib.error.HTTPError as error:
                reason = f"the server answered {error.code} {error.reason}"
                error.close()
                if error.code == 416:  # the part is no beginning of what is there now
                    part.unlink(missing_ok=True)
                elif error.code not in PASSING:
                    raise _failed(item, reason) from error
            except _Slow as error:
                raise _failed(item, str(error)) from error
            except (
                ValueError,
                OverflowError,
            ) as error:  # such as of a redirection to "http://[::1"
                reason = f"the server's answer is not valid HTTP ({error})"
                raise _failed(item, reason) from error
            except TRANSIENT as error:
                reason = str(getattr(error, "reason", "") or error or type(error).__name__)
            else:
                if _intact(part, item):
                    part.replace(target)
                    return target
                reason = "its MD5 is not the published one"
                part.unlink()
            fruitless = 0 if _size(part) > before else fruitless + 1
            if fruitless == FRUITLESS_TRIES:
                break
            time.sleep(pause_seconds * 2**fruitless)
    raise _failed(item, reason)


def _transfer(
    item: Download, part: Path, progress: Progress | None, timeout_seconds: float
) -> None:
    """One request; appends to `part` where the server can resume, else begins anew."""
    mark = part.with_name(f"{part.name}.mark")  # names the version that `part` is a beginning of
    have = _size(part)
    headers = {"User-Agent": "oneshot-benchmark", "Accept-Encoding": "identity"}
    if have and mark.exists():
        version = mark.read_text(encoding="utf-8", errors="replace")
        headers |= {"Range": f"bytes={have}-", "If-Range": version} if version.isprintable() else {}
    request = urllib.request.Request(item.url, headers=headers)  # noqa: S310
    opener = urllib.request.build_opener(_StaySafe, _Plain, _Secure)
    with opener.open(request, timeout=timeout_seconds) as response:
        if response.status == 206:
            place = re.fullmatch(
                r"bytes ([0-9]{1,18})-[0-9]{1,18}/([0-9]{1,18})",
                response.headers["Content-Range"] or "",
            )
            if not place or int(place[1]) != have:
                mark.unlink(missing_ok=True)  # so that the next try asks for the whole
                raise ConnectionError("the server sent another part than it was asked for")
            total = int(place[2])
        else:
            length = response.headers["Content-Length"] or ""
            have, total = 0, int(length) if re.fullmatch("[0-9]{1,18}", length) else 0
        if total > item.max_bytes:
            raise _failed(item, f"it has {total:,} bytes, expected {item.max_bytes:,} at most")
        with _local_errors(part), part.open("r+b" if have else "wb") as file:
            file.seek(have)
            mark.write_text(_version(response.headers), encoding="utf-8")
            if not mark.stat().st_size:
                mark.unlink()
            for chunk in _chunks(response):
                have += len(chunk)
                if have > item.max_bytes:
                    raise _failed(item, f"it has more than {item.max_bytes:,} bytes")
                file.write(chunk)
                if progress:
                    progress(f"downloading {item.file}", have, total)
            os.fsync(file.fileno())
    if total and have != total:
        raise ConnectionError(f"the connection ended after {have:,} of {total:,} bytes")
    mark.unlink(missing_ok=True)


def _chunks(response: IO[bytes]) -> Iterator[bytes]:
    """What arrives, with errors of the network set apart from those of the disk."""
    while True:
        try:
            chunk = response.read(CHUNK)
        except OSError as error:
            raise http.client.HTTPException(str(error) or type(error).__name__) from error
        if not chunk:
            return
        yield chunk


def _version(headers: Message) -> str:
    """A strong validator for If-Range, or "" where the server gives none."""
    tag = str(headers.get("ETag", ""))
    return tag if tag.startswith('"') else str(headers.get("Last-Modified", ""))


def _intact(path: Path, item: Download) -> bool:
    if not item.md5:
        return True
    with path.open("rb") as file:
        return hashlib.file_digest(file, _md5).hexdigest() == item.md5


def _md5() -> Any:
    return hashlib.md5(usedforsecurity=False)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _failed(item: Download, reason: str) -> OneshotError:
    return OneshotError(
        f"{item.url} could not be fetched: {reason}.",
        "Try again later, or download it by other means and type: oneshot data add NAME PATH",
    )


class _StaySafe(urllib.request.HTTPRedirectHandler):
    """Follows no redirection from https to anything else."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Any,
        newurl: str,
    ) -> urllib.request.Request | None:
        if req.full_url.startswith("https:") and not newurl.startswith("https:"):
            raise urllib.error.HTTPError(newurl, 403, "unsafe redirection", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _Slow(Exception):
    """The server sends something, but so little that the transfer would hardly end."""


class _Rated(io.RawIOBase):
    """What a server sends, the headers included.

    A timeout of the socket ends silence alone, not a byte now and then.
    """

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw, self._began, self._have = raw, time.monotonic(), 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Reads once.

        Raises:
            _Slow: after `GRACE_SECONDS`, at less than `LEAST_RATE` on average.
        """
        count: int | None = self._raw.readinto(buffer)
        self._have += count or 0
        seconds = time.monotonic() - self._began
        if seconds > GRACE_SECONDS and self._have < LEAST_RATE * seconds:
            raise _Slow(
                f"it sent {self._have:,} bytes in {seconds:.0f} seconds, expected {LEAST_RATE:,} "
                "bytes a second at least"
            )
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fp = io.BufferedReader(_Rated(self.fp.detach()))


class _PlainConnection(http.client.HTTPConnection):
    response_class = _Response


class _SecureConnection(http.client.HTTPSConnection):
    response_class = _Response


class _Plain(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_PlainConnection, req)


class _Secure(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_SecureConnection, req)


@contextmanager
def _local_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OneshotError(
            f"Could not write {path}: {error.strerror or error}.",
            "Give another folder with --data DIR or ONESHOT_DATA.",
        ) from error


@contextmanager
def _alone(lock: Path, item: Download) -> Iterator[None]:
    """Hold `lock` so that no other process writes the same part; it falls with the process."""
    with _local_errors(lock):
        file = lock.open("a+b")
    with file:
        try:
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise OneshotError(
                f"Another process is downloading {item.file}.", "Wait for it, then try again."
            ) from error
        yield
