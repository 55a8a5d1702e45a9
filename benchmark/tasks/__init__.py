"""Tracks, tasks and pinned episodes: what is asked, before anyone answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmark.tasks.catalogue import RANKED, task
    from benchmark.tasks.loading import LoadedTask, episode_groups, load_task
    from benchmark.tasks.tracks import TRACKS, track

_HOMES = {
    "RANKED": "catalogue",
    "TRACKS": "tracks",
    "LoadedTask": "loading",
    "episode_groups": "loading",
    "load_task": "loading",
    "task": "catalogue",
    "track": "tracks",
}
__all__ = ["RANKED", "TRACKS", "LoadedTask", "episode_groups", "load_task", "task", "track"]


def __getattr__(name: str) -> Any:
    # On first use: the folders of the protocols import modules of this package.
    if name not in _HOMES:
        raise AttributeError(f"module 'benchmark.tasks' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(f"benchmark.tasks.{_HOMES[name]}"), name)
