"""Reads letters from the fonts: which code points a font can draw, and their outlines as large
one-bit images. A code point that the font's character map lacks is never rendered (no tofu)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from fontTools import unicodedata as script_data
from fontTools.ttLib import TTFont
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scripts import Script

EM_PIXELS = 360
MARGIN = 12


@dataclass(frozen=True)
class Letter:
    """One candidate: a code point of a script, and the Unicode name that identifies it."""

    script: str
    code_point: int
    name: str


@cache
def character_map(font: Path) -> dict[int, str]:
    """Returns the font's best Unicode map, from code point to glyph name."""
    with TTFont(font, lazy=True) as opened:
        return dict(opened.getBestCmap())


def candidates(script: Script, fonts: Path) -> list[Letter]:
    """Lists a script's letters that its font draws, in code point order.

    A letter is a named code point of category Lo, Ll or Lu (modifier letters, Lm, are small copies
    of others) whose Unicode Script property is the script's and that has no decomposition (so no
    accented letters or presentation forms), up to the script's last code point.
    """
    found = []
    mapped = character_map(fonts / script.font)
    for code_point in sorted(mapped):
        character = chr(code_point)
        if (
            mapped[code_point] != ".notdef"
            and code_point <= script.last
            and unicodedata.category(character) in ("Lo", "Ll", "Lu")
            and script_data.script(character) == script.code
            and not unicodedata.decomposition(character)
            and unicodedata.name(character, "")
        ):
            found.append(Letter(script.name, code_point, unicodedata.name(character)))
    return found


@cache
def _face(font: Path) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(font), EM_PIXELS, layout_engine=ImageFont.Layout.BASIC)


def outline(letter: Letter, font: Path) -> NDArray[np.bool_] | None:
    """Renders a letter large and cropped.

    Returns:
        Image [height, width], ink True, with a paper margin; None if the glyph has no ink.
    """
    face = _face(font)
    text = chr(letter.code_point)
    left, top, right, bottom = face.getbbox(text)
    if right - left < 4 or bottom - top < 4:
        return None
    size = (int(right - left) + 2 * MARGIN, int(bottom - top) + 2 * MARGIN)
    canvas = Image.new("L", size, 0)
    ImageDraw.Draw(canvas).text((MARGIN - left, MARGIN - top), text, fill=255, font=face)
    ink = np.asarray(canvas) >= 128
    return ink if ink.sum() > 16 else None
