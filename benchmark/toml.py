"""TOML files from anywhere: bounded in size and depth, and every fault of theirs one clear line."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from benchmark.errors import OneshotError

MOST_BYTES = 4 << 20
DEEPEST = 32


def read(path: Path, what: str) -> dict[str, Any]:
    """The tables of a TOML file; `what` names it in messages.

    Raises:
        OneshotError: it cannot be read, is larger than 4 MiB, or is no TOML.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise OneshotError(f"Cannot read {what}: {error.strerror}.") from error
    if len(content) > MOST_BYTES:
        raise OneshotError(f"{what} is larger than {MOST_BYTES >> 20} MiB.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise OneshotError(f"{what} is no TOML: it is not UTF-8.") from error
    return parse(text, what)


def parse(text: str, what: str) -> dict[str, Any]:
    """The tables of a TOML text; see `read`."""
    try:
        tables = tomllib.loads(text)
    except ValueError as error:  # of which tomllib's own is one; another tells of endless numbers
        raise OneshotError(f"{what} is no TOML: {error}.") from error
    except RecursionError:
        raise OneshotError(f"{what} is no TOML: it is nested too deeply.") from None
    level: list[Any] = [tables]
    for _ in range(DEEPEST):
        level = [below for value in level for below in _below(value)]
        if not level:
            return tables
    raise OneshotError(f"{what} is nested more than {DEEPEST} levels deep.")


def _below(value: Any) -> list[Any]:
    inside = value.values() if isinstance(value, dict) else value if type(value) is list else ()
    return [each for each in inside if isinstance(each, dict | list)]
