"""What both pages are put together from: texts of `templates`, script, style and embedded data."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any

STYLES = ("page.css", "play.css")


def embedded(value: Any) -> str:
    """JSON that can stand inside a script element: no character in it ends or opens one."""
    text = json.dumps(value, separators=(",", ":"), sort_keys=True, allow_nan=False)
    # Plain ASCII; a lone surrogate from a name stays the escape that it is in JSON.
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def page(template: str, scripts: Sequence[str], data: Any, **values: Any) -> str:
    """The template `template`.html with style, script and data in it, one file in itself.

    Args:
        template: its name.
        scripts: the parts of the script, in order.
        data: what the script reads, ready for JSON.
        values: what the template shows.
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    css, script = "\n".join(map(_text, STYLES)), _script(scripts)
    return environment.from_string(_text(f"{template}.html")).render(
        css=css,
        script=script,
        hashes={"css": _hash(css), "script": _hash(script)},
        data=embedded(data),
        **values,
    )


def _script(names: Sequence[str]) -> str:
    """All parts of the script in one function, so that nothing of it is global."""
    parts = "\n".join(_text(f"script/{name}.js") for name in names)
    return f'(() => {{\n"use strict";\n\n{parts}}})();\n'


def _hash(text: str) -> str:
    """What the page's security policy knows a script or style by (CSP Level 2, section 4.2)."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return "sha256-" + base64.b64encode(digest).decode("ascii")


@cache
def _text(name: str) -> str:
    found = resources.files("benchmark.report").joinpath("templates").joinpath(*name.split("/"))
    return found.read_text("utf-8")
