"""Texts as outlines and paths as SVG writes them, in whole numbers."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.path import Path
from matplotlib.textpath import text_to_path
from numpy.typing import NDArray

EM = 640  # units of a glyph's outline to the size of its font
Word = tuple[tuple[str, int, int], ...]  # (glyph, x, y) of each letter that shows, y downwards
_SCALE = EM / text_to_path.FONT_SCALE  # of outlines and places as matplotlib gives them
_POINTS: dict[Any, int] = {Path.MOVETO: 1, Path.LINETO: 1, Path.CURVE3: 2, Path.CURVE4: 3}
_LETTERS: dict[Any, str] = {Path.LINETO: "l", Path.CURVE3: "q", Path.CURVE4: "c"}
_glyphs: dict[str, str] = {}


def glyph(key: str) -> str:
    """The outline of a glyph that `words` has named, as path data."""
    return _glyphs[key]


@lru_cache(maxsize=4096)
def unhinted(text: str, prop: Any) -> float:
    """Width of a text without hints, for each point of its font's size, in points."""
    across: float = text_to_path.get_text_width_height_descent(text, prop, False)[0]
    return across / float(prop.get_size_in_points())


@lru_cache(maxsize=4096)
def words(text: str, prop: Any) -> tuple[Word, ...]:
    """The glyphs of a text by word, placed in units of `EM`; a dash ends a word.

    Names of models share their parts, and what is the same word is drawn from one definition.
    """
    outlines: dict[str, Any] = {}
    outliner: Any = text_to_path  # Any: the types lack a method that every SVG is made by
    font = outliner._get_font(prop)
    placed, _, _ = outliner.get_glyphs_with_font(font, text, glyph_map=outlines)
    for key, (vertices, codes) in outlines.items():
        if key not in _glyphs:
            points = np.asarray(vertices, dtype=np.float64).reshape(-1, 2) * (_SCALE, -_SCALE)
            shapes = path_data(points, None if codes is None else np.asarray(codes))
            _glyphs[key] = "".join(f"M{x} {y}{d}" for x, y, d in shapes)
    letters = [(key, round(_SCALE * x), round(-_SCALE * y)) for key, x, y, _ in placed]
    if len(letters) != len(text):  # shaped: its letters cannot be told from its glyphs
        parts = [range(len(letters))]
    else:
        parts = [range(*match.span()) for match in re.finditer(r"[\w.]+-?|[^\w.]", text)]
    found = (tuple(letters[n] for n in part if _glyphs[letters[n][0]]) for part in parts)
    return tuple(word for word in found if word)


def path_data(
    points: NDArray[np.float64], codes: NDArray[Any] | None
) -> list[tuple[int, int, str]]:
    """(x, y, the rest as relative path data) of each subpath, in whole numbers.

    Each subpath is rounded from its own start, so that equal shapes have equal data wherever they
    stand.

    Args:
        points: float [n, 2].
        codes: matplotlib's path codes, [n]; None for a line through all points.
    """
    if codes is None:
        codes = np.full(len(points), Path.LINETO)
    codes = np.where(np.arange(len(codes)) == 0, Path.MOVETO, codes)
    starts = [*np.flatnonzero(codes == Path.MOVETO), len(codes)]
    made = []
    for first, after in pairwise(starts):
        d = _relative(points[first:after], codes[first:after])
        if d:
            x, y = np.rint(points[first]).astype(int)
            made.append((int(x), int(y), d))
    return made


def _relative(points: NDArray[np.float64], codes: NDArray[Any]) -> str:
    """A subpath without its start; empty where it has nothing but that."""
    # A trifle more, so that the noise of a sum never decides how a half is rounded.
    away = np.rint(points - points[0] + 1e-4).astype(int)
    kinds = [int(code) for code in codes]
    if len(kinds) > 1 and all(kind == Path.LINETO for kind in kinds[1:]):
        return _lines(np.diff(away, axis=0))
    said, at, here, last = [], 1, away[0], ""
    while at < len(kinds) and kinds[at] != Path.STOP:
        kind = kinds[at]
        if kind == Path.CLOSEPOLY:
            said.append("z")
            at, here, last = at + 1, away[0], "z"
            continue
        count = _POINTS[kind]
        steps = (away[at : at + count] - here).ravel()
        if steps.any():
            letter = _LETTERS[kind]
            numbers = _joined(steps.tolist())
            glue = letter if letter != last else "" if numbers[0] == "-" else " "
            said.append(glue + numbers)
            here, last = away[at + count - 1], letter
        at += count
    return "".join(said) if any(part != "z" for part in said) else ""


def _lines(steps: NDArray[np.int64]) -> str:
    """Straight lines; a step of no length only where there is no other, which shows as a dot."""
    moved = steps[steps.any(axis=1)]
    return "l" + _joined((moved if len(moved) else steps[:1]).ravel().tolist())


def _joined(numbers: list[int]) -> str:
    text = " ".join(map(str, numbers))
    return text.replace(" -", "-")
