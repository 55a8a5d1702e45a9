"""Makes the data set `glyphs`: chooses the letters, lets 20 hands of each script draw them, and
writes one compressed file. The same library and font versions give the same bytes."""

from __future__ import annotations

import argparse
import hashlib
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from hands import N_HANDS, VERSION, draw
from packing import write
from selection import Chosen, select

FONTS = Path("/usr/share/fonts/truetype/noto")


def header(chosen: list[Chosen]) -> dict[str, Any]:
    """Describes the drawings: scripts in the order of their names, letters by code point."""
    scripts = [
        {
            "name": name,
            "split": items[0].script.split,
            "letters": [[item.letter.code_point, item.letter.name] for item in items],
        }
        for name, group in groupby(chosen, key=lambda item: item.script.name)
        if (items := list(group))
    ]
    return {
        "version": VERSION,
        "hands": N_HANDS,
        "licence": "OFL-1.1; drawn after the letter shapes of the Noto fonts, Google and others",
        "scripts": scripts,
    }


def main() -> None:
    """Makes the file and prints its size and digest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="such as .../glyphs.bin.xz")
    parser.add_argument("--fonts", type=Path, default=FONTS, help="folder with the Noto fonts")
    given = parser.parse_args()
    chosen = sorted(
        select(given.fonts), key=lambda item: (item.script.name, item.letter.code_point)
    )
    images = np.stack(
        [
            np.stack(
                [
                    draw(item.skeleton, item.script.name, item.letter.code_point, number)
                    for number in range(N_HANDS)
                ]
            )
            for item in chosen
        ]
    )
    packed = write(given.out, header(chosen), images)
    print(f"{len(chosen)} characters, {images.shape[0] * images.shape[1]} drawings")
    print(f"{len(packed)} bytes, SHA-256 {hashlib.sha256(packed).hexdigest()}")


if __name__ == "__main__":
    main()
