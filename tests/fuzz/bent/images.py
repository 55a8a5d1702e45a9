"""Bent images of every format that is read."""

from __future__ import annotations

import contextlib
import io
import struct
import zlib
from functools import cache
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image

from benchmark.datasets.archives import IMAGE_TROUBLE, open_image
from benchmark.datasets.own.decode import FORMATS, Picture, Trouble, has_colour, pixels
from benchmark.datasets.own.options import Options
from benchmark.errors import OneshotError
from bent.mutate import NUMBERS, flipped

SIDE = 16


@cache
def sound() -> tuple[bytes, ...]:
    """Small images of every format that this Pillow writes."""
    Image.init()
    noise = np.random.default_rng(0).integers(0, 256, (9, 11, 4), dtype=np.uint8)
    found = []
    for name in FORMATS:
        for mode in ("RGB", "L", "1", "P", "RGBA", "I;16"):
            file = io.BytesIO()
            image = Image.fromarray(noise)
            image = image.convert("L").convert("I;16") if mode == "I;16" else image.convert(mode)
            try:
                image.save(file, name, **({"save_all": True} if name == "TIFF" else {}))
            except (OSError, KeyError, ValueError):  # not a mode of this format, or not written
                continue
            found.append(file.getvalue())
    found.append(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n")
    return tuple(found)


def bend(random: Random) -> bytes:
    """Bytes flipped, mostly near the header; the sums of a PNG's chunks mended."""
    content = random.choice(sound())
    if content.startswith(b"\x89PNG") and random.random() < 0.7:
        return _png(random, content)
    if random.random() < 0.6:
        head = flipped(random, content[:64], 4)
        return head + content[64:]
    return flipped(random, content)


def _png(random: Random, content: bytes) -> bytes:
    bent, at = content[:8], 8
    while at + 12 <= len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        kind, body = content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        at += 12 + length
        if kind == b"IHDR" and random.random() < 0.5:
            sides = [random.choice((*NUMBERS, 5_000, 20_000)) % 2**31 for _ in range(2)]
            body = struct.pack(">II", *sides) + flipped(random, body[8:], 1)[:5].ljust(5, b"\0")
        elif random.random() < 0.4:
            body = flipped(random, body, 3)
        if kind == b"IDAT" and random.random() < 0.2:
            text = b"k\0\0" + zlib.compress(bytes(random.choice((10, 1 << 22))))
            bent += _chunk(b"zTXt", text)
        bent += _chunk(kind, body)
    return bent


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def read(path: Path) -> None:
    """The image as a user's own, and as a member of an archive."""
    picture, options = Picture(path, "x.png"), Options(side=SIDE)
    colour = has_colour(picture)
    found = pixels(picture, 1, options)
    with contextlib.suppress(OneshotError, *IMAGE_TROUBLE):  # as the readers of data sets do
        np.asarray(open_image("x", path.read_bytes(), ("PNG", "JPEG", "PPM"), 4096))
    for trouble in (colour, found):
        if isinstance(trouble, Trouble):
            assert trouble.reason and trouble.reason.isprintable(), trouble.reason
            raise OneshotError(trouble.reason)
    assert found.shape == (1, SIDE, SIDE)
