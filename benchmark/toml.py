"""TOML files from anywhere: bounded in size and depth, and each fault reported in one line."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from benchmark.errors import OneshotError
from benchmark.files import read_regular

MOST_BYTES = 1 << 20
DEEPEST = 32
# Possessive, bounded and begun at a key's first letter: the time grows with the length of the text
# alone. Keys of more than 300 letters are so few in 1 MiB that their dots take little memory.
KEY = r"""(?:[\w-]++|"(?:[^"\\\n]|\\.){0,300}+"|'[^'\n]{0,300}+')"""
DOTTED = re.compile(rf"(?<![\w-])(?:{KEY}[ \t]*+\.[ \t]*+){{{DEEPEST}}}")


def read(path: Path, what: str) -> dict[str, Any]:
    """The tables of a TOML file; `what` names it in messages.

    Raises:
        OneshotError: it cannot be read, is larger than 1 MiB, or is not valid TOML.
    """
    content = read_regular(path, MOST_BYTES)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise OneshotError(f"{what} is not valid TOML: it is not UTF-8.") from error
    return parse(text, what)


def parse(text: str, what: str) -> dict[str, Any]:
    """The tables of a TOML text; see `read`."""
    too_deep = OneshotError(f"{what} is nested more than {DEEPEST} levels deep.")
    if DOTTED.search(text):  # tomllib takes memory that grows with the square of the dots
        raise too_deep
    try:
        tables = tomllib.loads(text)
    except ValueError as error:  # of which tomllib's own is one; another tells of endless numbers
        raise OneshotError(f"{what} is not valid TOML: {error}.") from error
    except RecursionError:
        raise OneshotError(f"{what} is not valid TOML: it is nested too deeply.") from None
    level: list[Any] = [tables]
    for _ in range(DEEPEST):
        level = [below for value in level for below in _below(value)]
        if not level:
            return tables
    raise too_deep


def _below(value: Any) -> list[Any]:
    inside = value.values() if isinstance(value, dict) else value if type(value) is list else ()
    return [each for each in inside if isinstance(each, dict | list)]
