"""Makes foreign text harmless where it is printed: a model may be called `<script>|`."""

from __future__ import annotations

import re


def printable(text: str) -> str:
    """Control and direction characters, line breaks among them, as visible escapes."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def markdown(text: str) -> str:
    """Text that Markdown shows as it is: no markup, HTML, links, mentions or table borders."""
    text = re.sub(r"([\\`*_{}\[\]#|~!])", r"\\\1", printable(text))
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # GitHub makes links of bare addresses and of names after an at sign.
    text = text.replace("://", "&#58;//").replace("@", "&#64;")
    return re.sub(r"(?i)\bwww\.", lambda match: match[0][:-1] + "&#46;", text)


def cell(text: str) -> str:
    """A cell of a CSV file that no spreadsheet takes for a formula; numbers stay what they are."""
    if not text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")):
        return text
    try:
        float(text)
    except ValueError:
        return "'" + text
    return text


def fenced(lines: list[str], language: str = "") -> list[str]:
    """A code block whose fence is longer than any run of backticks inside."""
    lines = [printable(line) for line in lines]
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [fence + language, *lines, fence]
