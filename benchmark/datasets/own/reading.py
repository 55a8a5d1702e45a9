"""What was understood of somebody's data and what was left out, for `data add` and `data describe`.

Whatever the readers interpret is said here: columns and their meaning, the scale of values, what
was skipped and how to have it read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmark.datasets.own.bad import printable

SHOWN = 8  # names in a list, at most


@dataclass(frozen=True)
class LeftOut:
    """Something that was not read.

    Attributes:
        kind: "column", "line", "file" or "folder".
        name: which, or which of them.
        reason: why.
        count: how many.
        hint: how to have it read; "" where it should not be.
    """

    kind: str
    name: str
    reason: str
    count: int = 1
    hint: str = ""


@dataclass
class Reading:
    """How a source was interpreted.

    Attributes:
        understood: by topic, in the order in which it is printed; a list of names or a sentence.
        left_out: what was not read.
        remarks: what deserves a look: it was read, and may be a mistake.
        scale: of images of floats or of more than 8 bits, see `own.scale.StoredScale.as_json`; it
            becomes part of the data set's description, not of `as_json`.
    """

    understood: dict[str, str | list[str]] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    scale: dict[str, Any] | None = None

    def leave_out(self, kind: str, name: str, reason: str, count: int = 1, hint: str = "") -> None:
        """Notes something that is not read."""
        self.left_out.append(LeftOut(kind, name, reason, count, hint))

    def as_json(self) -> dict[str, Any]:
        """Plain values, as they are stored and printed by --json."""
        return {
            "understood": dict(self.understood),
            "left_out": [vars(each) for each in self.left_out],
            "remarks": list(self.remarks),
        }


def from_json(stored: Any) -> Reading:
    """The reading that `as_json` gave; an empty one for None.

    Raises:
        ValueError: it is something else.
    """
    if stored is None:
        return Reading()
    try:
        found = Reading(
            dict(stored["understood"]),
            [LeftOut(**each) for each in stored["left_out"]],
            list(stored["remarks"]),
        )
    except (TypeError, KeyError) as error:
        raise ValueError("not a reading") from error
    texts = [*found.understood, *found.remarks]
    texts += [
        text for each in found.left_out for text in (each.kind, each.name, each.reason, each.hint)
    ]
    for what in found.understood.values():
        texts += what if isinstance(what, list) else [what]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("a reading consists of texts")
    if not all(type(each.count) is int for each in found.left_out):
        raise ValueError("what was left out is counted")
    "".join(texts).encode()
    return found


def lines(reading: Reading) -> list[tuple[str, str, str]]:
    """(section, topic, text) of every line of the table that is printed; section on its first."""
    rows = []
    for topic, what in reading.understood.items():
        text = f"{len(what):,}: {listed(what)}" if isinstance(what, list) else what
        rows.append(("understood", topic, text))
    for each in reading.left_out:
        topic = f"{each.count:,} {each.kind}{'' if each.count == 1 else 's'}"
        hint = f"; {each.hint}" if each.hint else ""
        rows.append(("left out", topic, f"{each.name}: {each.reason}{hint}"))
    rows += [("look at", "", remark) for remark in reading.remarks]
    return rows


def listed(names: Sequence[str]) -> str:
    """Names in a line: those that count up as "f0 ... f5", and the first few of many others."""
    runs: list[list[str]] = []
    for name in names:
        if runs and _follows(runs[-1][-1], name):
            runs[-1].append(name)
        else:
            runs.append([name])
    words: list[str] = []
    for run in runs:
        words += [f"{run[0]} ... {run[-1]}"] if len(run) > 2 else run
    if len(words) > SHOWN + 1:
        words = [*words[: SHOWN - 1], "...", words[-1]]
    return printable(", ".join(words))


def _follows(before: str, name: str) -> bool:
    a, b = (re.fullmatch(r"(.*?)(\d{1,15})", each, re.DOTALL) for each in (before, name))
    return a is not None and b is not None and a[1] == b[1] and int(b[2]) == int(a[2]) + 1
