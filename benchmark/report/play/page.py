"""Lake's 20 runs as a page of its own, from the user's own Omniglot."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmark.records import claims
from benchmark.records.store import load
from benchmark.report.leaderboard import build
from benchmark.report.page import parts
from benchmark.report.play import beside
from benchmark.report.play.questions import LAKE, HumanTest, on_lake
from benchmark.tasks.loading import load_task

SCRIPTS = ("elements", "axes", "drawings", "play", "played", "theme", "alone")


@dataclass(frozen=True)
class Page:
    """The page as text, and how many models and published numbers stand beside the person."""

    text: str
    models: int
    published: int


def render(data: Path | None, results: Path) -> Page:
    """The page: equal data and records give equal bytes.

    Args:
        data: the data directory; None for the default.
        results: the folder whose records and published numbers stand beside the person's result;
            both may be missing.

    Raises:
        DataMissing: Omniglot is not there.
        OneshotError: a record or a claim is invalid, or the data are not the pinned ones.
    """
    return alone(on_lake(load_task(LAKE, data)), results)


def alone(test: HumanTest, results: Path) -> Page:
    """Any test as a page of its own."""
    told = beside.told(test, build(load(results, strict=False)), claims.load(results, strict=False))
    text = parts.page("play", SCRIPTS, {"play": told})
    return Page(text, len(told["models"]), len(told["published"]))
