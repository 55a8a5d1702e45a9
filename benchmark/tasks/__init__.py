"""Tracks, tasks and pinned episodes: what is asked, before anyone answers."""

from benchmark.tasks.catalogue import RANKED, task
from benchmark.tasks.loading import LoadedTask, episode_groups, load_task
from benchmark.tasks.tracks import TRACKS, track

__all__ = ["RANKED", "TRACKS", "LoadedTask", "episode_groups", "load_task", "task", "track"]
