"""Settings of models as they are typed: `--set KEY=VALUE`. The only parser and writer of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from benchmark.errors import OneshotError
from benchmark.files import parse_json


def parse(pairs: Iterable[str]) -> dict[str, str]:
    """Settings by name, each value as it was typed.

    Raises:
        OneshotError: for a word without "=" or without a name.
    """
    settings = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise OneshotError(
                f"--set {pair} is not KEY=VALUE.", "Type for example --set margin=0.5"
            )
        settings[name.strip().replace("-", "_")] = value
    return settings


def literal(value: Any) -> Any:
    """The value of a setting: text is read as JSON where it can be."""
    if not isinstance(value, str):
        return value
    try:
        return parse_json(value.lower() if value.lower() in ("true", "false") else value)
    except ValueError:
        return value


def as_text(settings: Mapping[str, Any]) -> dict[str, str]:
    """Settings with values as they are typed; `literal` reads them.

    Raises:
        TypeError: a value that JSON cannot express.
    """
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in settings.items()
    }


def as_typed(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Settings as "key=value"."""
    return tuple(f"{name}={value}" for name, value in settings.items())
