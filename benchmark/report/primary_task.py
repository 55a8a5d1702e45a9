"""The task on which a track's models are told apart: the one whose validation twin chooses."""

from __future__ import annotations

from benchmark.errors import OneshotError
from benchmark.report.leaderboard import Leaderboard, Ranking, Section


def main_sections(leaderboard: Leaderboard) -> list[Section]:
    """The sections with episodes of ranked tasks in their present version."""
    return [s for s in leaderboard.sections if s.kind == "ranked" and s.protocol == "episodes"]


def main_name(section: Section) -> str:
    """Name of the section's main task: the one whose twin chooses weights and recipes.

    Where no model has answered it, or the suite does not know the track, it is the first task in
    the catalogue's order.
    """
    columns = {column for ranking in section.rankings for column in ranking.columns}
    names = {column.task.name for column in columns}
    chooses = _chooses(section.track)
    if chooses in names:
        return chooses
    return min(columns, key=lambda c: (c.task.position, c.name)).task.name


def main_position(section: Section, ranking: Ranking) -> int | None:
    """Position of the main task among the ranking's columns; None where it is not there."""
    name = main_name(section)
    found = [n for n, column in enumerate(ranking.columns) if column.task.name == name]
    return found[0] if found else None


def _chooses(track: str) -> str:
    from benchmark.tasks.tracks import track as find_track

    try:
        return find_track(track).chooses
    except OneshotError:
        return ""
