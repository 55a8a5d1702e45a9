"""Imitations (skilled forgeries): items that look like a class on purpose and are not of it.

They are no class of their own: a rival class would be learned from as if it were another writer,
and asked about as if it were a random one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from benchmark.datasets.own.options import regular

KIND = "kind"  # the group of genuine and forged items, as in the suite's signatures
GENUINE, FORGED = "genuine", "forged"
EDGES = " _-./"


class Imitations:
    """Which class each item imitates, by a regular expression.

    The class that is imitated is the first group of the expression, or a group `of`, or what stays
    of the imitation's class when the match is removed: `w001_forged` imitates `w001` by `_forged`.
    Where there is no class of exactly this name, the one class is meant whose name has one more
    word in front or behind: `forged/w001` imitates `genuine/w001`. A match in the path but not in
    the class means an imitation of the item's own class.
    """

    def __init__(self, pattern: str) -> None:
        self._pattern = regular(pattern, "imitations", "--imitations _forged")

    def of(self, label: str, place: str = "") -> str | None:
        """What an item says of the class that it imitates; None for a genuine item.

        Args:
            label: class of the item by its folder or table.
            place: path of its file below the root, if it has one.
        """
        for text in (label, place):
            match = self._pattern.search(text) if text else None
            if match is None:
                continue
            named = match.groupdict().get("of") or (match[1] if match.groups() else None)
            if named:
                return named.strip(EDGES)
            if text is place:
                return label
            return (label[: match.start()] + label[match.end() :]).strip(EDGES) or label
        return None

    @staticmethod
    def targets(keys: Iterable[str], genuine: Sequence[str]) -> dict[str, str | None]:
        """The genuine class that each key of `of` means; None where it is none or ambiguous."""
        exact = set(genuine)
        near: dict[str, set[str]] = defaultdict(set)
        for name in genuine:
            for edge in (r"[ _\-./]+[^ _\-./]+$", r"^[^ _\-./]+[ _\-./]+"):
                near[re.sub(edge, "", name).strip(EDGES)].add(name)
            for part in name.split("/"):
                near[part].add(name)
        found: dict[str, str | None] = {}
        for key in keys:
            several = near.get(key, set())
            found[key] = key if key in exact else (
                next(iter(several)) if len(several) == 1 else None
            )  # fmt: skip
        return found
