"""Streams that take any text, and show control characters instead of obeying them.

Names and reasons come from the files of strangers. A terminal obeys an escape sequence in them: it
could hide lines, or type commands. A terminal whose encoding lacks a sign shows the nearest one.
"""

from __future__ import annotations

import codecs
import io
import re
import sys
import unicodedata
from typing import Any, TextIO, cast

UNUSUAL = re.compile(r"[^\n\t -~]")
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
    """Lets standard output and standard error print any text, as what it is: text."""
    codecs.register_error(ERRORS, _replaced)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=ERRORS)
        if stream is not None and not isinstance(stream, _TextOnly):
            setattr(sys, name, cast(TextIO, _TextOnly(stream)))


def harmless(text: str) -> str:
    """The text with control and direction characters as visible escapes, but tabs and line breaks.

    See `benchmark.report.escape.printable` for text that must stay on one line.
    """
    if UNUSUAL.search(text) is None:
        return text
    return "".join(
        each
        if each.isprintable() or each in "\n\t" or unicodedata.category(each) == "Zs"
        else each.encode("unicode_escape").decode()
        for each in text
    )


class _TextOnly:
    """A text stream without control characters.

    It has no `buffer`, through which bytes would reach the terminal. Rich writes past it, to
    `rich_proxied_file`, with control sequences of its own; see `benchmark.cli.console`.
    """

    def __init__(self, stream: TextIO) -> None:
        self.rich_proxied_file = stream

    def write(self, text: str) -> int:
        """Writes all of the text."""
        self.rich_proxied_file.write(harmless(text))
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Writes all of the texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        if name == "buffer":
            raise AttributeError(name)
        return getattr(self.rich_proxied_file, name)


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
