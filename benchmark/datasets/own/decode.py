"""Image files of any kind to square pixels: in blocks, by threads, into a memory map."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from benchmark.datasets.archives import IMAGE_TROUBLE
from benchmark.datasets.own.bad import printable
from benchmark.datasets.own.options import Options
from benchmark.datasets.square import fitted
from benchmark.datasets.store import Progress

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
LARGE, LONG = 4_000_000, 8_192  # pixels: larger images are decoded one at a time, to bound memory
ONE_LARGE = threading.Lock()
TROUBLE = (UnidentifiedImageError, Image.DecompressionBombError, *IMAGE_TROUBLE)
"""What decoders of hostile files were seen to raise; each means a bad image, not a broken suite."""


@dataclass(frozen=True)
class Picture:
    """An image file: where it is, and its name in messages."""

    path: Path
    name: str


@dataclass(frozen=True)
class Trouble:
    """Why an image cannot be used."""

    reason: str


def has_colour(picture: Picture) -> bool | Trouble:
    """Whether the header tells of colour; the pixels are not read."""
    try:
        with opened(picture.path) as image:
            return _too_large(image) or image.mode not in GREY_MODES
    except TROUBLE as error:
        return _trouble(picture, error)


def pixels(picture: Picture, channels: int, options: Options) -> NDArray[np.uint8] | Trouble:
    """uint8 [channels, side, side]; transparency lies on white, several frames give the first."""
    try:
        with opened(picture.path) as image:
            if trouble := _too_large(image):
                return trouble
            # As large as resampling wants it, and not as large as a camera made it.
            image.draft(None, (ENLARGED * options.side, ENLARGED * options.side))
            large = image.width * image.height > LARGE or max(image.size) > LONG
            with ONE_LARGE if large else nullcontext():
                return fitted(planes(image, channels), options.side, options.fit)
    except TROUBLE as error:
        return _trouble(picture, error)


@contextmanager
def opened(path: Path) -> Iterator[Image.Image]:
    """An image file of one of `FORMATS`, its pixels not decoded; raises what Pillow raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's about odd files, which are told as reasons
        with Image.open(path, formats=_formats()) as image:
            yield image


@cache
def _formats() -> list[str]:
    """Those of `FORMATS` that this Pillow was built with."""
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def _too_large(image: Image.Image) -> Trouble | None:
    if image.width * image.height <= MOST_PIXELS and max(image.size) <= LONGEST:
        return None
    return Trouble(f"declares {image.width}x{image.height} pixels; not decoded")


def planes(image: Image.Image, channels: int) -> NDArray[np.uint8]:
    """uint8 [channels, h, w] of an image of any mode, upright; transparency lies on white.

    Raises:
        ValueError: for float values outside 0 to 255, and whatever Pillow raises for damaged files.
    """
    upright = _eight_bits(ImageOps.exif_transpose(image))
    array = np.asarray(_opaque(upright).convert("RGB" if channels == 3 else "L"))
    return array[None] if array.ndim == 2 else array.transpose(2, 0, 1)


def scan(
    pictures: Sequence[Picture], options: Options, progress: Progress | None
) -> list[bool | Trouble]:
    """`has_colour` of every file."""
    found: list[bool | Trouble] = []
    with ThreadPoolExecutor(_workers(options)) as pool:
        for start in range(0, len(pictures), BLOCK):
            found += pool.map(has_colour, pictures[start : start + BLOCK])
            if progress:
                progress("looking at the images", len(found), len(pictures))
    return found


def decode(
    pictures: Sequence[Picture],
    channels: int,
    options: Options,
    scratch: Path,
    progress: Progress | None,
) -> tuple[np.memmap, dict[int, Trouble]]:
    """All images in a memory map under `scratch`, and what is wrong with some, by row.

    Returns:
        uint8 [n, channels, side, side], rows of bad images zero.
    """
    shape = (len(pictures), channels, options.side, options.side)
    stored = np.lib.format.open_memmap(scratch / "images.npy", "w+", np.uint8, shape)
    troubles: dict[int, Trouble] = {}
    with ThreadPoolExecutor(_workers(options)) as pool:
        for start in range(0, len(pictures), BLOCK):
            block = pictures[start : start + BLOCK]
            decoded = pool.map(lambda picture: pixels(picture, channels, options), block)
            for row, result in enumerate(decoded, start):
                if isinstance(result, Trouble):
                    troubles[row] = result
                else:
                    stored[row] = result
            if progress:
                progress("decoding the images", start + len(block), len(pictures))
    return stored, troubles


def _eight_bits(image: Image.Image) -> Image.Image:
    """Sixteen-bit grey values by their high byte; Pillow itself would cut them off at 255."""
    if image.mode.startswith("I"):
        values = np.asarray(image).astype(np.int64)
        if values.size and values.max() > 255:
            values = values >> 8
        return Image.fromarray(values.clip(0, 255).astype(np.uint8))
    if image.mode == "F":
        values = np.asarray(image)
        if not np.isfinite(values).all() or values.min() < 0 or values.max() > 255:
            raise ValueError("it has float values outside 0 to 255")
        return Image.fromarray(values.astype(np.uint8))
    return image


def _opaque(image: Image.Image) -> Image.Image:
    if image.mode not in ("RGBA", "LA", "PA", "La", "RGBa") and "transparency" not in image.info:
        return image
    above = image.convert("RGBA")
    paper = Image.new("RGBA", above.size, "white")
    return Image.alpha_composite(paper, above).convert("RGB")


def _trouble(picture: Picture, error: BaseException) -> Trouble:
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
