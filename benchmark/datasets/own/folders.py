"""Which files of a folder are images, by their endings and first bytes, and what is left out."""

from __future__ import annotations

import os
import re
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from benchmark.datasets.own.bad import Bad, printable
from benchmark.datasets.own.reading import Reading
from benchmark.errors import OneshotError
from benchmark.files import head_of, named_substitute

MOST_FILES = 5_000_000
HEAD = 64  # bytes that tell what a file is
MAGIC = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|GIF8[79]a|RIFF....WEBP|II\*\0|MM\0\*|qoif"
    rb"|\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51|P[1-6]\s+(?:#[^\n]*\n)*\d+\s+\d+"
    rb"|\0\0\x01\0[\x01-\x40]\0"
    rb"|BM....\0\0\0\0....[\x0c\x28\x38\x40\x6c\x7c]\0\0\0",
    re.DOTALL,
)
BOX = re.compile(rb"....ftyp(....)", re.DOTALL)
HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
AVIF = {b"avif", b"avis"}
# Folders and files that programs keep beside photographs: thumbnails, caches, metadata.
SKIPPED_FOLDERS = {"__macosx", "__pycache__", "@eadir", "#recycle", "@recycle", "$recycle.bin",
                   "system volume information", "lost+found", "thumbs", "thumbnails"}  # fmt: skip
SKIPPED_FILES = {"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"}


def package_for(path: Path) -> str | None:
    """Why a HEIC or AVIF image cannot be read, and what to install; None for all other files."""
    try:
        head = head_of(path, HEAD)
    except OneshotError:
        return None
    if (needed := _missing_reader(head)) is not None:
        return f"is {needed[0]}; type: {needed[1]}"
    return None


def is_image(place: str) -> bool:
    """Whether the ending is that of an image; nothing is read."""
    return Path(place).suffix.lower() in _endings()


@cache
def _endings() -> frozenset[str]:
    from PIL import Image

    from benchmark.datasets.own.decode import FORMATS

    known = Image.registered_extensions().items()
    return frozenset(ending for ending, name in known if name in FORMATS)


@cache
def _readable(package: str) -> bool:
    if package == "pillow_heif":
        return find_spec(package) is not None
    from PIL import features

    return bool(features.check("avif"))


def _missing_reader(head: bytes) -> tuple[str, str] | None:
    """(its format, what to type) for an image that needs a package that is not there."""
    box = BOX.match(head)
    if box is None:
        return None
    brands = {box[1], *(head[at : at + 4] for at in range(16, min(len(head), 40), 4))}
    if brands & AVIF and not _readable("avif"):
        return "AVIF, which this Pillow cannot read", 'pip install "pillow>=11.3"'
    if box[1] in HEIC and not brands & AVIF and not _readable("pillow_heif"):
        return "HEIC, which Pillow cannot read by itself", "pip install pillow-heif"
    return None


def _by_content(path: Path) -> tuple[bool, str, str]:
    """(whether it is an image that can be read, else why not, what to do about it)."""
    try:
        head = head_of(path, HEAD)
    except OneshotError as error:
        reason = getattr(error.__cause__, "strerror", None) or error.message.rstrip(".")
        return False, f"cannot be read ({reason})", ""
    if (needed := _missing_reader(head)) is not None:
        return False, needed[0], f"type: {needed[1]}"
    box = BOX.match(head)
    if MAGIC.match(head) or (box is not None and box[1] in HEIC | AVIF):
        return True, "", ""
    if (substitute := named_substitute(head)) is not None:
        return False, substitute[0].rstrip("."), substitute[1]
    return False, "not an image", ""


def walk(root: Path, bad: Bad, reading: Reading | None = None) -> Iterator[str]:
    """Paths of the images below `root`, sorted within folders.

    A file counts as an image by its ending, or else by its first bytes. Links out of the folder and
    folders without images are bad; all others that are left out are counted in `reading`.

    Raises:
        OneshotError: for more than `MOST_FILES` files.
    """
    walked = _Walk(root, root.resolve(), bad)

    def unreadable(error: OSError) -> None:
        bad.add(os.path.relpath(str(error.filename), root), f"cannot be read ({error.strerror})")

    for folder, below, files in os.walk(root, onerror=unreadable):
        place = Path(folder).relative_to(root)
        below[:] = [name for name in sorted(below) if walked.enters(place / name)]
        images = [name for name in sorted(files) if walked.takes(place / name)]
        if not below and not images:
            walked.without_images(place, files)
        yield from ((place / name).as_posix() for name in images)
    if reading is not None:
        walked.report(reading)


@dataclass
class _Walk:
    """What a walk over a folder has met.

    Attributes:
        root: the folder.
        base: the same, its links followed.
        bad: takes links and the like.
        files: how many there were.
        left: files that were left out, by ending, reason and what to do about it.
        skipped: files in folders that hold no photographs, by the folder's name.
        unnamed: images that have another ending than an image's, by that ending.
    """

    root: Path
    base: Path
    bad: Bad
    files: int = 0
    left: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    unnamed: Counter[str] = field(default_factory=Counter)

    def enters(self, place: Path) -> bool:
        """Whether a folder is looked into; counts what is skipped."""
        if (self.root / place).is_symlink():
            if not place.name.startswith("."):
                self.bad.add(place.as_posix(), "is a link to a folder, which is not followed")
            return False
        name = place.name.lower()
        if name.startswith(".") or not SKIPPED_FOLDERS.isdisjoint((name, name.strip("_"))):
            self.skipped[place.name] += _count_files(self.root / place)
            return False
        return True

    def takes(self, place: Path) -> bool:
        """Whether a file is an image; counts what is left out, and names what is bad."""
        self.files += 1
        if self.files > MOST_FILES:
            raise OneshotError(f"{self.root} holds more than {MOST_FILES:,} files.")
        path, name = self.root / place, place.name
        if name.startswith(".") or name.lower() in SKIPPED_FILES:
            what = "._*" if name.startswith("._") else name.strip()
            self.left[what, "kept by the system beside files", ""] += 1
            return False
        if path.is_symlink() and not path.resolve().is_relative_to(self.base):
            self.bad.add(place.as_posix(), "is a link out of the folder")
            return False
        if not path.exists() or not stat.S_ISREG(path.stat().st_mode):
            self.bad.add(place.as_posix(), "is a dead link or not a regular file")
            return False
        if is_image(name):
            return True
        ending = place.suffix.lower() or "without an ending"
        by_content, reason, hint = _by_content(path)
        if by_content:
            self.unnamed[ending] += 1
        else:
            self.left[ending, reason, hint] += 1
        return by_content

    def without_images(self, place: Path, files: Sequence[str]) -> None:
        """Names a folder in which nothing can be read, and how it could."""
        here = [self.root / place / name for name in files if not name.startswith(".")]
        needed = next(filter(None, map(package_for, here)), None)
        reason = "holds no image" if here else "is empty"
        if needed is not None:
            reason = f"holds no image that can be read: {here[0].suffix} {needed}"
        self.bad.add(f"folder '{place.as_posix()}'", reason)

    def report(self, reading: Reading) -> None:
        """Says what was left out, and what was taken against its ending."""
        for ending, number in sorted(self.unnamed.items()):
            images = "1 image" if number == 1 else f"{number:,} images"
            reading.understood[f"files {printable(ending)}"] = f"{images} by the first bytes"
        for (ending, reason, hint), number in sorted(self.left.items()):
            reading.leave_out("file", printable(ending), reason, number, hint)
        for name, number in sorted(self.skipped.items()):
            reading.leave_out("file", f"in folders '{printable(name)}'", "skipped", number)


def _count_files(folder: Path) -> int:
    count = 0
    for _, _, files in os.walk(folder):
        count += len(files)
        if count > MOST_FILES:
            break
    return count
