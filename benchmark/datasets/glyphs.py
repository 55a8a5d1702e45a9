"""The embedded data set: letters of the world's scripts, 20 drawings of each, split by script.

Drawn by `tools/glyphs` after the Noto fonts' letter shapes; one file, read with numpy alone.
"""

from __future__ import annotations

import hashlib
import json
import lzma
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.data_set import DataSet, Groups, whole
from benchmark.errors import OneshotError

FILE: Final = Path(__file__).with_name("glyphs.bin.xz")
SHA256: Final = "6b0461d6017d58fbdb35aaa6f9259c607dd4fb065095d2f541d6c918218056b3"
MAGIC: Final = b"glyphs-1"
SIDE: Final = 105
ROW_BYTES: Final = (SIDE + 7) // 8
N_HANDS: Final = 20

SPLIT: Final[dict[str, tuple[str, ...]]] = {
    "train": (
        "Adlam",
        "Ahom",
        "Arabic",
        "Bamum",
        "Bassa Vah",
        "Batak",
        "Brahmi",
        "Buginese",
        "Buhid",
        "Canadian Aboriginal",
        "Caucasian Albanian",
        "Cham",
        "Coptic",
        "Cypriot",
        "Elbasan",
        "Georgian",
        "Greek",
        "Gujarati",
        "Gunjala Gondi",
        "Hanifi Rohingya",
        "Hebrew",
        "Kayah Li",
        "Kharoshthi",
        "Khmer",
        "Latin",
        "Lepcha",
        "Limbu",
        "Linear B",
        "Medefaidrin",
        "Mende Kikakui",
        "Meroitic Cursive",
        "Miao",
        "Myanmar",
        "Nko",
        "Nushu",
        "Nyiakeng Puachue Hmong",
        "Ol Chiki",
        "Old Hungarian",
        "Old Turkic",
        "Osmanya",
        "Pahawh Hmong",
        "Pau Cin Hau",
        "Saurashtra",
        "Sinhala",
        "Thaana",
        "Wancho",
        "Warang Citi",
        "Yezidi",
        "Yi",
    ),
    "validation": (
        "Armenian",
        "Bengali",
        "Devanagari",
        "Javanese",
        "Osage",
        "Runic",
        "Shavian",
        "Sundanese",
        "Tai Viet",
        "Thai",
        "Tifinagh",
        "Vai",
    ),
    "test": (
        "Avestan",
        "Cyrillic",
        "Ethiopic",
        "Glagolitic",
        "Grantha",
        "Gurmukhi",
        "Kannada",
        "Malayalam",
        "Manichaean",
        "Marchen",
        "Meetei Mayek",
        "Mongolian",
        "Old Sogdian",
        "Oriya",
        "Phags Pa",
        "Sogdian",
        "Syloti Nagri",
        "Syriac",
        "Telugu",
        "Tibetan",
    ),
}


def read(path: Path = FILE) -> tuple[dict[str, Any], NDArray[np.uint8]]:
    """Reads the file, checks it and unpacks the drawings.

    Returns:
        The header: "scripts" lists "name", "split" and "letters" as [code point, Unicode name].
        The drawings, uint8 [n, 1, 105, 105], ink 255 and paper 0; n is letters x 20.

    Raises:
        OneshotError: If the file is missing or not the one this version ships.
    """
    header, columns = _columns(path)
    return header, _unpacked(columns)


def _columns(path: Path) -> tuple[dict[str, Any], NDArray[np.uint8]]:
    """The header, and uint8 [n, bytes of a row, rows]: byte columns, each row less that above."""
    try:
        packed = path.read_bytes()
    except FileNotFoundError:
        packed = b""
    if hashlib.sha256(packed).hexdigest() != SHA256:
        raise OneshotError(
            f"{path.name} is {'damaged' if packed else 'missing'} in the installed package.",
            "Install oneshot-benchmark again.",
        )
    body = lzma.decompress(packed)
    start = len(MAGIC) + 4 + int.from_bytes(body[len(MAGIC) : len(MAGIC) + 4], "little")
    header: dict[str, Any] = json.loads(body[len(MAGIC) + 4 : start])
    return header, np.frombuffer(body, np.uint8, offset=start).reshape(-1, ROW_BYTES, SIDE)


def _unpacked(columns: NDArray[np.uint8]) -> NDArray[np.uint8]:
    images = np.empty((len(columns), 1, SIDE, SIDE), dtype=np.uint8)
    for first in range(0, len(columns), 2048):
        part = slice(first, first + 2048)
        rows = np.bitwise_xor.accumulate(columns[part].transpose(0, 2, 1), axis=1)
        np.negative(np.unpackbits(rows, axis=2, count=SIDE), out=images[part, 0])
    return images


@cache
def load() -> DataSet:
    """The whole data set, decoded once a process.

    Returns:
        A data set of uint8 [n, 1, 105, 105], ink 255 and paper 0; classes are named like
        "Tifinagh/U+2D30"; items are by script, code point and hand; groups are "alphabet" (the
        script) and "drawer" ("00".."19", an index within the script, and no person across scripts).

    Raises:
        OneshotError: If the shipped file is missing or damaged.
    """
    return _data_set(*read())


def load_undrawn() -> tuple[DataSet, Callable[[NDArray[np.int64]], NDArray[np.uint8]]]:
    """The data set with blank images, and what unpacks uint8 [m, 1, 105, 105], some of the real.

    For who asks about few of the drawings: all of them are 350 MiB, and most of a second.

    Raises:
        OneshotError: see `load`.
    """
    header, columns = _columns(FILE)
    blank = np.broadcast_to(np.uint8(0), (len(columns), 1, SIDE, SIDE))
    return _data_set(header, blank), lambda items: _unpacked(columns[items])


def _data_set(header: dict[str, Any], images: NDArray[np.uint8]) -> DataSet:
    images.flags.writeable = False
    scripts = header["scripts"]
    counts = [len(script["letters"]) for script in scripts]
    names = [
        f"{script['name']}/U+{code_point:04X}"
        for script in scripts
        for code_point, _ in script["letters"]
    ]
    script_of_class = np.repeat(np.arange(len(scripts), dtype=np.int32), counts)
    hands = np.tile(np.arange(N_HANDS, dtype=np.int32), len(names))
    alphabets = Groups(
        np.repeat(script_of_class, N_HANDS), tuple(script["name"] for script in scripts)
    )
    return whole(
        name="glyphs",
        family="character",
        stored=images,
        labels=np.repeat(np.arange(len(names), dtype=np.int64), N_HANDS),
        class_names=names,
        groups={
            "alphabet": alphabets,
            "drawer": Groups(hands, tuple(f"{hand:02d}" for hand in range(N_HANDS))),
        },
        # The file holds nothing but the drawings, classes and groups: its digest pins them all.
        digest=SHA256,
    )
