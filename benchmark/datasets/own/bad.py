"""Bad items, collected first and reported together, so that one round of fixes is enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.errors import OneshotError

if TYPE_CHECKING:
    from benchmark.datasets.own.options import OnBad

TOLD = 50  # named in an error; with --on-bad skip all are named


class Bad:
    """Names of bad items with the reasons; `settle` raises or reports them."""

    def __init__(self) -> None:
        self.items: list[tuple[str, str]] = []

    def add(self, name: str, reason: str) -> None:
        """Notes one bad item; a name that no terminal could print is escaped."""
        self.items.append((printable(name), reason))

    def settle(self, on_bad: OnBad) -> tuple[str, ...]:
        """One line for each bad item, to be printed.

        Raises:
            OneshotError: if there are any and `on_bad` is "fail".
        """
        if self.items and on_bad == "fail":
            told = "; ".join(f"{name}: {reason}" for name, reason in self.items[:TOLD])
            more = len(self.items) - TOLD
            rest = f"; and {more:,} more" if more > 0 else ""
            count = f"{len(self.items):,} bad item{'' if len(self.items) == 1 else 's'}"
            raise OneshotError(
                f"{count}: {told}{rest}.",
                "Fix them, or leave them out with --on-bad skip.",
            )
        return tuple(f"left out {name}: {reason}" for name, reason in self.items)


def printable(name: str) -> str:
    """The name with what cannot be printed or encoded as escapes."""
    escaped = name.encode("utf-8", "backslashreplace").decode()
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in escaped)
