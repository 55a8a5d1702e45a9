"""Rich's console, for text from anywhere: only Rich's own control sequences reach the terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich import console as rich_console
from rich.console import ConsoleOptions, RenderableType
from rich.segment import Segment

from benchmark.cli.terminal import harmless


class Console(rich_console.Console):
    """A console that shows control characters in what it prints as visible escapes."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """The segments of `renderable`; those of Rich itself, such as to move the cursor, stay."""
        for segment in super().render(renderable, options):
            if segment.control:
                yield segment
            else:
                yield Segment(harmless(segment.text), segment.style)
