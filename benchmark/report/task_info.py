"""What the report must know of a task by its name: its track, whether it is ranked, its chance.

The catalogue answers for the suite's own tasks; for a user's own tasks the name itself does.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmark.errors import OneshotError
from benchmark.protocols.catalogue import BY_NAME, PROTOCOLS

VALIDATION = "@validation"


@dataclass(frozen=True)
class TaskName:
    """A task as its name tells it.

    Attributes:
        name: the full name.
        track: name of the track; for a user's own task what stands before its shape.
        n_way: classes in an episode, None where the name does not say.
        ranked: False for a task of the suite outside its ranked list.
        version: the catalogue's version, None for a task that is not in it.
        pinned: number of pinned episodes, None for a task that is not in the catalogue.
        protocol: name of its protocol.
        data: name of the data set that it asks about, "" for a task that is not in the catalogue.
        family: kind of the data, such as "character"; "" for a task that is not in the catalogue.
        folds: how many records a seed has, one for each fold of the track.
        position: place in the catalogue's order of ranked tasks; others come after them.
    """

    name: str
    track: str
    n_way: int | None
    ranked: bool
    version: int | None
    pinned: int | None
    position: int
    data: str = ""
    protocol: str = "episodes"
    folds: int = 1
    family: str = ""

    @property
    def chance(self) -> float | None:
        """Accuracy in [0, 1] of guessing, where the number of classes is known."""
        return None if self.n_way is None else 1 / self.n_way

    @property
    def short(self) -> str:
        """The name without the track in front, for narrow columns."""
        for prefix in (f"{self.track}-", "omniglot-"):
            if self.name.startswith(prefix) and self.name != prefix:
                return self.name.removeprefix(prefix)
        return self.name


def is_validation(name: str) -> bool:
    """Whether this is a validation twin, which has no place in any table."""
    return name.endswith(VALIDATION)


def describe(name: str) -> TaskName:
    """What is known of the task of this name; never fails."""
    from benchmark.tasks.catalogue import RANKED
    from benchmark.tasks.catalogue import task as find_task
    from benchmark.tasks.tracks import track as find_track

    try:
        task = find_task(name)
    except OneshotError:
        found = next((p for p in PROTOCOLS if p.pattern.fullmatch(name)), None)
        shape = None if found is None else found.pattern.fullmatch(name)
        if found is None or shape is None:
            return TaskName(name, name, None, True, None, None, len(RANKED))
        n_way = int(shape.groupdict().get("way") or 0) or None
        return TaskName(
            name, shape["family"], n_way, True, None, None, len(RANKED), protocol=found.name
        )  # fmt: skip
    position = RANKED.index(name) if name in RANKED else len(RANKED)
    home = find_track(task.track)
    n_way = task.n_way if BY_NAME[task.protocol].episodic else None
    return TaskName(
        name, task.track, n_way, task.ranked, task.version, task.episodes, position,
        data=home.test_data or home.data, protocol=task.protocol,
        folds=task.folds, family=home.family,
    )  # fmt: skip
