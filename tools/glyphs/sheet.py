"""Contact sheets: rows are characters, columns are the 20 hands, ink black on white. The same
layout for our drawings and for an Omniglot folder, to look at side by side."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from compare import read_omniglot
from numpy.typing import NDArray
from packing import read
from pen import SIDE
from PIL import Image


def sheet(drawings: NDArray[np.bool_], rows: int, seed: int) -> Image.Image:
    """Lays out randomly picked characters of drawings [characters, hands, 105, 105]."""
    rng = np.random.default_rng(seed)
    picks = np.sort(rng.choice(len(drawings), min(rows, len(drawings)), replace=False))
    cell = SIDE + 2
    canvas = np.full((len(picks) * cell, drawings.shape[1] * cell), 180, dtype=np.uint8)
    for row, pick in enumerate(picks):
        for column, image in enumerate(drawings[pick]):
            top, left = row * cell, column * cell
            canvas[top : top + SIDE, left : left + SIDE] = np.where(image, 0, 255)
    return Image.fromarray(canvas)


def main() -> None:
    """Writes a sheet of glyphs.bin.xz, or of an unpacked Omniglot folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path, help="glyphs.bin.xz or an unpacked Omniglot folder")
    parser.add_argument("out", type=Path, help="PNG to write")
    parser.add_argument("--split", help="only this split of ours")
    parser.add_argument("--script", help="only this script of ours")
    parser.add_argument("--rows", type=int, default=14)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if given.source.is_dir():
        drawings = np.concatenate(list(read_omniglot(given.source).values()))
    else:
        header, drawings = read(given.source)
        keep = [
            given.split in (None, script["split"]) and given.script in (None, script["name"])
            for script in header["scripts"]
            for _ in script["letters"]
        ]
        drawings = drawings[np.array(keep)]
    sheet(drawings, given.rows, given.seed).save(given.out)


if __name__ == "__main__":
    main()
