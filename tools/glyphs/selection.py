"""Chooses the letters: those a pen can draw clearly, no two of which look alike, at most a fixed
number of each script. Everything is decided in a fixed order, nothing is drawn by chance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from hands import plain
from look_alikes import ACROSS_SCRIPTS, WITHIN_SCRIPT, Shapes
from numpy.typing import NDArray
from outlines import EM_PIXELS, Letter, candidates, outline
from scipy.ndimage import label
from scripts import CAP, FIRST, LEAST, SCRIPTS, Script
from skeletons import Skeleton, skeleton


@dataclass(frozen=True)
class Chosen:
    """A letter of the data set with its strokes; their size is 1 for the script's usual letter."""

    letter: Letter
    script: Script
    skeleton: Skeleton


def topology(ink: NDArray[np.bool_]) -> tuple[int, int]:
    """Counts the connected parts of ink (8 neighbours) and of paper (4), the outside included."""
    padded = np.pad(ink, 1)
    return int(label(padded, np.ones((3, 3)))[1]), int(label(~padded)[1])


def usable(script: Script, fonts: Path) -> list[tuple[Letter, Skeleton]]:
    """Lists the letters of a script that keep all their parts and holes under our pen.

    A letter is left out if it has filled areas, or if its plain drawing at 105 pixels differs from
    the print in the number of parts or holes: a dot lost, a loop closed, two strokes fused.
    """
    found = []
    for letter in candidates(script, fonts)[:FIRST]:
        ink = outline(letter, fonts / script.font)
        strokes = skeleton(ink, EM_PIXELS) if ink is not None else None
        if ink is not None and strokes is not None and topology(plain(strokes)) == topology(ink):
            found.append((letter, strokes))
    return found


def evenly(items: list[int], most: int) -> list[int]:
    """Returns at most `most` items, evenly spaced in their order."""
    if len(items) <= most:
        return items
    return [items[index * len(items) // most] for index in range(most)]


def _distinct(rows: list[int], shapes: Shapes, blocked: list[int]) -> list[int]:
    """Keeps, in order, the letters unlike every blocked one and every one kept before."""
    if blocked:
        across = shapes.distances(np.array(rows), np.array(blocked)).min(axis=1)
        rows = [row for row, far in zip(rows, across, strict=True) if far >= ACROSS_SCRIPTS]
    within = shapes.distances(np.array(rows), np.array(rows))
    kept: list[int] = []
    for index in range(len(rows)):
        if not (within[index, kept] < WITHIN_SCRIPT).any():
            kept.append(index)
    return [rows[index] for index in kept]


def _sized(script: Script, letters: list[tuple[Letter, Skeleton]]) -> list[Chosen]:
    """Makes sizes relative to the script's middle letter, within a factor of 1.7."""
    usual = float(np.median([strokes.size for _, strokes in letters]))
    return [
        Chosen(
            letter,
            script,
            replace(strokes, size=float(np.clip(strokes.size / usual, 0.6, 1.7))),
        )
        for letter, strokes in letters
    ]


def select(fonts: Path) -> list[Chosen]:
    """Chooses the letters of all scripts, in the order of the table and of code points.

    Raises:
        ValueError: If a script of the table gives too few letters.
    """
    pools = [usable(script, fonts) for script in SCRIPTS]
    pool = [item for items in pools for item in items]
    shapes = Shapes([strokes for _, strokes in pool])
    chosen: list[Chosen] = []
    blocked: list[int] = []
    first = 0
    for script, items in zip(SCRIPTS, pools, strict=True):
        kept = _distinct(list(range(first, first + len(items))), shapes, blocked)
        first += len(items)
        taken = evenly(kept, CAP)
        if len(taken) < LEAST:
            raise ValueError(f"{script.name}: {len(taken)} usable letters, {LEAST} needed")
        blocked += kept if script.reserved else taken
        chosen += _sized(script, [pool[row] for row in taken])
    return chosen
