"""A finished figure. Nothing here draws: who only writes figures down needs no plotting library."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Picture:
    """To which section a figure belongs, its caption, and its files by name."""

    section: str
    stem: str
    caption: str
    files: dict[str, bytes]

    @property
    def shown(self) -> str:
        """Name of the file that a page shows."""
        return f"{self.stem}.svg"
