"""Image files of any kind to square pixels: in blocks, by threads, into a memory map."""

from __future__ import annotations

import errno
import logging
import os
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from benchmark.datasets.archives import IMAGE_TROUBLE
from benchmark.datasets.own.bad import printable
from benchmark.datasets.own.folders import package_for
from benchmark.datasets.own.options import Options
from benchmark.datasets.own.reading import Reading
from benchmark.datasets.own.scale import (
    Depth,
    Extent,
    Scale,
    StoredScale,
    decide,
    declared_bits,
    depth_of,
    extent_of,
    of_one,
)
from benchmark.datasets.square import fitted
from benchmark.datasets.store import Progress
from benchmark.errors import OneshotError
from benchmark.files import open_regular

BLOCK = 256  # images in flight: bounds memory
MOST_PIXELS = 100_000_000
LONGEST = 65_535  # pixels a side, as far as a JPEG goes
GREY_MODES = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "F")
ENLARGED = 4  # a JPEG is decoded at a half, quarter or eighth if it stays this much larger
# Pillow knows more, but hands PostScript to Ghostscript, and photographs are none of the others.
FORMATS = (
    "AVIF", "BMP", "DIB", "GIF", "ICO", "JPEG", "JPEG2000", "PCX", "PNG", "PPM", "QOI", "SGI",
    "TGA", "TIFF", "WEBP",
)  # fmt: skip
MOST_BYTES = 2 << 30  # of a file
WHOLE_BYTES = 128 << 20  # of a file that Pillow reads whole when it is opened
MOST_ICONS = 256
ORIENTATION = 0x0112
BYTES_A_PIXEL = 12  # decoded, turned, as planes: what a pixel of a large image takes at once
STRIP_PIXELS = 1 << 20
TROUBLE = (OneshotError, UnidentifiedImageError, Image.DecompressionBombError, *IMAGE_TROUBLE)
"""What decoders of hostile files were seen to raise; each means a bad image, not a broken suite."""


class Budget:
    """Memory that threads share: who needs more than is free waits; one at a time may need all."""

    def __init__(self, total: int) -> None:
        self.total, self._free = total, total
        self._changed = threading.Condition()

    @contextmanager
    def held(self, wanted: int) -> Iterator[None]:
        """Sets aside so many bytes, or all of them, for as long as the body runs."""
        part = min(wanted, self.total)
        with self._changed:
            self._changed.wait_for(lambda: self._free >= part)
            self._free -= part
        try:
            yield
        finally:
            with self._changed:
                self._free += part
                self._changed.notify_all()


MEMORY = Budget(1 << 30)
Found = TypeVar("Found")


@dataclass(frozen=True)
class Picture:
    """An image file: where it is, and its name in messages."""

    path: Path
    name: str


@dataclass(frozen=True)
class Trouble:
    """Why an image cannot be used."""

    reason: str


@dataclass(frozen=True)
class Header:
    """What the header of an image says.

    Attributes:
        colour: it is not grey.
        depth: what its values are.
        bits: that the format declares, where its reader brings all values to as many.
    """

    colour: bool
    depth: Depth
    bits: int | None = None


def header(picture: Picture) -> Header | Trouble:
    """The header of an image file; the pixels are not read."""
    try:
        with opened(picture.path) as image:
            colour = image.mode not in GREY_MODES
            return _too_large(image) or Header(colour, depth_of(image), declared_bits(image))
    except TROUBLE as error:
        return _trouble(picture, error)


def has_colour(picture: Picture) -> bool | Trouble:
    """Whether an image file has colour; the pixels are not read."""
    found = header(picture)
    return found if isinstance(found, Trouble) else found.colour


def extent(picture: Picture) -> Extent | Trouble:
    """What the values of an image file span."""
    try:
        with opened(picture.path) as image:
            if trouble := _too_large(image):
                return trouble
            with MEMORY.held(BYTES_A_PIXEL * image.width * image.height):
                return extent_of(image)
    except TROUBLE as error:
        return _trouble(picture, error)


def pixels(
    picture: Picture,
    channels: int,
    options: Options,
    scale: Scale | StoredScale | None = None,
) -> NDArray[np.uint8] | Trouble:
    """uint8 [channels, side, side]; transparency lies on white, several frames give the first.

    Without a `Scale` an image of floats or of more than 8 bits must fit the stored scale of a data
    set, see `of_one`.
    """
    try:
        with opened(picture.path) as image:
            if trouble := _too_large(image):
                return trouble
            # As large as resampling wants it, and not as large as a camera made it.
            image.draft(None, (ENLARGED * options.side, ENLARGED * options.side))
            with MEMORY.held(BYTES_A_PIXEL * image.width * image.height):
                return fitted(planes(image, channels, scale), options.side, options.fit)
    except TROUBLE as error:
        return _trouble(picture, error)


@contextmanager
def opened(path: Path) -> Iterator[Image.Image]:
    """An image file of one of `FORMATS`, its pixels not decoded.

    Raises:
        OneshotError: it is no regular file, or a web page or a pointer in place of one.
        Exception: one of `TROUBLE`, as Pillow raises them.
    """
    with open_regular(path, MOST_BYTES) as file, opened_stream(file) as image:
        yield image


@contextmanager
def opened_stream(file: IO[bytes]) -> Iterator[Image.Image]:
    """The image in an open file, as `opened` gives it.

    Raises:
        Exception: one of `TROUBLE`, as Pillow raises them.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's about odd files, which are given as reasons
        _refuse_decoding_on_opening(file)
        try:
            image: Image.Image = Image.open(file, formats=_formats())
        except UnidentifiedImageError:
            if file.seek(0) or file.read(2) not in (b"II", b"MM"):
                raise
            image = _other_tiff(file)
        with image:
            yield image


@cache
def _formats() -> list[str]:
    """Those of `FORMATS` that this Pillow was built with, and HEIF where its package is there."""
    Image.init()
    known = [name for name in FORMATS if name in Image.OPEN]
    with suppress(ImportError):
        import pillow_heif

        pillow_heif.register_heif_opener()
        known.append("HEIF")
    return known


def _other_tiff(file: IO[bytes]) -> Image.Image:
    """A TIFF that Pillow does not know, of floats of 64 or 16 bits, say, as an image of floats.

    Raises:
        ValueError: it holds something else, or tifffile is not installed.
    """
    try:
        import tifffile
    except ImportError:
        reason = "it is a TIFF that Pillow cannot read; type: pip install tifffile"
        raise ValueError(reason) from None
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # the faults are in the errors too
    file.seek(0)
    try:
        with tifffile.TiffFile(file) as tiff:
            page = tiff.pages[0]
            if len(page.shape) != 2 or page.dtype is None or page.dtype.kind not in "iuf":
                raise ValueError(f"it is a TIFF of {page.dtype} [{page.shape}]")
            if page.shape[0] * page.shape[1] > MOST_PIXELS or max(page.shape) > LONGEST:
                raise ValueError(f"it declares {page.shape[1]}x{page.shape[0]} pixels")
            return Image.fromarray(page.asarray().astype(np.float32))
    except (tifffile.TiffFileError, *IMAGE_TROUBLE) as error:
        raise ValueError(str(error)) from error


def _refuse_decoding_on_opening(file: IO[bytes]) -> None:
    """WebP and ICO files are decoded by Pillow when they are opened: their size is read before.

    Those of WebP, AVIF and HEIF are also read whole, by many threads at once.

    Raises:
        ValueError: the image or its file is too large.
    """
    head = file.read(64)
    if (head[:4] == b"RIFF" or head[4:8] == b"ftyp") and file.seek(0, os.SEEK_END) > WHOLE_BYTES:
        raise ValueError(f"its file takes more than {WHOLE_BYTES >> 20} MiB")
    sizes: list[tuple[int, int]] = []
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        sizes.append(_webp_size(head))
    elif head[:4] == b"\0\0\1\0":
        count = int.from_bytes(head[4:6], "little")
        file.seek(6)
        entries = file.read(16 * min(count, MOST_ICONS))
        for at in range(0, len(entries) - 15, 16):
            file.seek(int.from_bytes(entries[at + 12 : at + 16], "little"))
            icon = file.read(24)
            if icon[:8] == b"\x89PNG\r\n\x1a\n":
                sizes.append((int.from_bytes(icon[16:20]), int.from_bytes(icon[20:24])))
            else:
                sides = icon[4:8], icon[8:12]
                width, height = (int.from_bytes(side, "little", signed=True) for side in sides)
                sizes.append((abs(width), abs(height)))
        if count > MOST_ICONS:
            raise ValueError(f"it holds {count} icons")
    file.seek(0)
    for width, height in sizes:
        if width * height > MOST_PIXELS // 4 or max(width, height) > LONGEST:
            raise ValueError(f"it declares {width}x{height} pixels; not decoded")


def _webp_size(head: bytes) -> tuple[int, int]:
    kind = head[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    sides = head[26:28], head[28:30]
    width, height = (int.from_bytes(side, "little") & 0x3FFF for side in sides)
    return width, height


def _too_large(image: Image.Image) -> Trouble | None:
    if image.width * image.height <= MOST_PIXELS and max(image.size) <= LONGEST:
        return None
    return Trouble(f"declares {image.width}x{image.height} pixels; not decoded")


def planes(
    image: Image.Image, channels: int, scale: Scale | StoredScale | None = None
) -> NDArray[np.uint8]:
    """uint8 [channels, h, w] of an image of any mode, upright; transparency lies on white.

    Args:
        image: opened, its pixels decoded or not.
        channels: 1 or 3.
        scale: of floats and of more than 8 bits; else the scale of the data set that it is compared
            with, if that is known, see `of_one`.

    Raises:
        OneshotError: the scale of the values is not certain.
        ValueError: for missing values, and whatever Pillow raises for damaged files.
    """
    known = scale if isinstance(scale, Scale) else of_one(image, scale)
    if depth_of(image) in ("floats", "whole numbers"):
        values = np.asarray(image)
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise ValueError("it holds missing or infinite values")
        exif = image.getexif()
        image = Image.fromarray(known.applied(values))
        image.getexif().update(exif)
    if image.getexif().get(ORIENTATION, 1) != 1:
        image = ImageOps.exif_transpose(image)
    image.load()
    mode = "RGB" if channels == 3 else "L"
    found = np.empty((channels, image.height, image.width), dtype=np.uint8)
    height = max(1, STRIP_PIXELS // max(1, image.width))  # a strip at a time, to bound memory
    for top in range(0, image.height, height):
        bottom = min(image.height, top + height)
        whole = (top, bottom) == (0, image.height)
        strip = image if whole else image.crop((0, top, image.width, bottom))
        values = np.asarray(_opaque(strip).convert(mode))
        found[:, top:bottom] = values if channels == 1 else values.transpose(2, 0, 1)
    return found


def scan(
    pictures: Sequence[Picture], options: Options, progress: Progress | None
) -> list[Header | Trouble]:
    """The header of every file."""
    return _every(header, pictures, options, progress, "looking at the images")


def channels_of(
    headers: Sequence[Header | Trouble], options: Options, reading: Reading
) -> Literal[1, 3]:
    """The channels in which all images are stored, and a line about it."""
    good = [found for found in headers if isinstance(found, Header)]
    colour = sum(found.colour for found in good)
    reading.understood["images"] = f"{colour:,} of colour, {len(good) - colour:,} grey"
    if options.colour == "auto":
        return 3 if colour else 1
    return 3 if options.colour == "rgb" else 1


def find_scale(
    pictures: Sequence[Picture],
    headers: Sequence[Header | Trouble],
    options: Options,
    reading: Reading,
    progress: Progress | None,
) -> Scale:
    """The scale of the values of all images; only those of more than 8 bits are decoded for it.

    Raises:
        OneshotError: if it cannot be decided.
    """
    both = zip(pictures, headers, strict=True)
    good = [(picture, found) for picture, found in both if isinstance(found, Header)]
    deep = [picture for picture, found in good if found.depth != "8 bits"]
    seen = _every(extent, deep, options, progress, "looking at the values")
    spans = {p: e for p, e in zip(deep, seen, strict=True) if isinstance(e, Extent)}
    return decide(
        [found.depth for _, found in good],
        [spans.get(picture) for picture, _ in good],
        max((found.bits for _, found in good if found.bits is not None), default=None),
        options.value_range,
        [picture.name for picture, _ in good],
        reading,
    )


def _every(
    look: Callable[[Picture], Found],
    pictures: Sequence[Picture],
    options: Options,
    progress: Progress | None,
    what: str,
) -> list[Found]:
    """What `look` finds in each file, by threads."""
    found: list[Found] = []
    with ThreadPoolExecutor(_workers(options)) as pool:
        for start in range(0, len(pictures), BLOCK):
            found += pool.map(look, pictures[start : start + BLOCK])
            if progress:
                progress(what, len(found), len(pictures))
    return found


def decode(
    pictures: Sequence[Picture],
    channels: int,
    options: Options,
    scratch: Path,
    progress: Progress | None,
    scale: Scale | None = None,
) -> tuple[np.memmap, dict[int, Trouble]]:
    """All images in a memory map under `scratch`, and what is wrong with some, by row.

    Returns:
        uint8 [n, channels, side, side], rows of bad images zero.
    """
    shape = (len(pictures), channels, options.side, options.side)
    stored = _mapped(scratch / "images.npy", shape)
    troubles: dict[int, Trouble] = {}
    with ThreadPoolExecutor(_workers(options)) as pool:
        for start in range(0, len(pictures), BLOCK):
            block = pictures[start : start + BLOCK]
            decoded = pool.map(lambda picture: pixels(picture, channels, options, scale), block)
            for row, result in enumerate(decoded, start):
                if isinstance(result, Trouble):
                    troubles[row] = result
                else:
                    stored[row] = result
            if progress:
                progress("decoding the images", start + len(block), len(pictures))
    return stored, troubles


def _reserve(handle: int, size: int) -> None:
    try:
        os.posix_fallocate(handle, 0, size)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # not of this file system
            raise


def _mapped(path: Path, shape: tuple[int, ...]) -> np.memmap:
    """A new file of bytes as a memory map, its space taken on the disk.

    Writing to a map without a place on a full disk ends the process.

    Raises:
        OneshotError: the disk is full or refuses.
    """
    try:
        mapped = np.lib.format.open_memmap(path, "w+", np.uint8, shape)
        if hasattr(os, "posix_fallocate"):
            with path.open("r+b") as file:
                _reserve(file.fileno(), path.stat().st_size)
    except OSError as error:
        raise OneshotError(
            f"Could not write the decoded images to {path.parent}: {error.strerror or error}.",
            "Give another folder with --data DIR or ONESHOT_DATA.",
        ) from error
    return mapped


def _opaque(image: Image.Image) -> Image.Image:
    """The image on white paper where it has transparency."""
    if image.mode not in ("RGBA", "LA", "PA", "La", "RGBa") and "transparency" not in image.info:
        return image
    above = image.convert("RGBA")
    paper = Image.new("RGBA", above.size, "white")
    return Image.alpha_composite(paper, above).convert("RGB")


def _trouble(picture: Picture, error: BaseException) -> Trouble:
    if isinstance(error, OneshotError):
        named = error.message.removeprefix(str(picture.path)).strip()
        return Trouble(" ".join(part for part in (named, error.hint) if part).rstrip("."))
    if isinstance(error, UnidentifiedImageError) and (needed := package_for(picture.path)):
        return Trouble(needed)
    if isinstance(error, UnidentifiedImageError):
        try:
            empty = picture.path.stat().st_size == 0
        except OSError:
            empty = False
        return Trouble("is empty" if empty else "is no image that can be read")
    if isinstance(error, OSError) and error.strerror:
        return Trouble(f"cannot be read ({error.strerror})")
    return Trouble(f"is damaged ({printable(str(error)) or type(error).__name__})")


def _workers(options: Options) -> int:
    return options.workers or min(8, os.cpu_count() or 1)
