"""Streams that take any text: a terminal without a sign shows the nearest thing to it."""

from __future__ import annotations

import codecs
import io
import sys
import unicodedata

ERRORS = "oneshot-nearest"  # the name under which `nearest` is registered
NEAREST = {
    "\u00b1": "+-", "\u2013": "-", "\u2014": "-", "\u2212": "-", "\u2026": "...",
    "\u2192": "->", "\u2190": "<-", "\u00d7": "x", "\u2265": ">=", "\u2264": "<=",
    "\u2248": "~", "\u2016": "||", "\u2020": "+", "\u2021": "++", "\u00a7": "S",
    "\u00b6": "P", "\u201c": '"', "\u201d": '"', "\u2018": "'", "\u2019": "'",
    "\u00b7": ".", "\u2022": "*", "\u2588": "#",  # dots and blocks
    "\u2500": "-", "\u2501": "-", "\u2502": "|", "\u2503": "|",  # lines
}  # fmt: skip


def take_any_text() -> None:
    """Lets standard output and standard error print whatever their encoding is."""
    codecs.register_error(ERRORS, _replaced)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=ERRORS)


def nearest(character: str) -> str:
    """ASCII for one character: "+-" for a plus-minus sign, a letter without its accent, or "?"."""
    if character in NEAREST:
        return NEAREST[character]
    plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return plain if plain.isprintable() and plain else "?"


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(nearest, error.object[error.start : error.end])), error.end
