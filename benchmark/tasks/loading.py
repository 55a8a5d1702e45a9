"""From a task's name to its data and pinned episodes, both checked against their digests."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets import catalogue as datasets
from benchmark.datasets.copies import later_copies
from benchmark.datasets.data_set import DataSet, Groups
from benchmark.datasets.split import SPLITS
from benchmark.errors import OneshotError
from benchmark.protocols.catalogue import BY_NAME
from benchmark.tasks.catalogue import task as find_task
from benchmark.tasks.draw import below, heads
from benchmark.tasks.episodes import Episodes
from benchmark.tasks.own import looking_in
from benchmark.tasks.queries import Queries
from benchmark.tasks.spec import Split, Task, Track
from benchmark.tasks.tracks import classes_of, of_fold
from benchmark.tasks.tracks import track as find_track
from benchmark.tasks.trials import FORGED, Trials

Questions = Episodes | Trials | Queries


@dataclass(frozen=True, eq=False)
class LoadedTask:
    """A task with what it asks about.

    Attributes:
        task: the statement of it.
        data: the data set that the questions' item numbers point into.
        episodes: the pinned questions, of the task's protocol.
        classes: names of the classes on this split, any of which an episode may ask about.
    """

    task: Task
    data: DataSet
    episodes: Questions
    classes: tuple[str, ...]


@cache
def pins() -> dict[str, dict[str, Any]]:
    """Per ranked task and validation twin: version, data and episode digest, group names.

    Verification and retrieval tasks also have the sizes of their groups or classes (`labels`).
    """
    text = resources.files("benchmark.tasks").joinpath("pinned.json").read_text("utf-8")
    pinned: dict[str, dict[str, Any]] = json.loads(text)
    return pinned


def data_name(track: Track, split: Split) -> str:
    """The data set that holds this split of the track."""
    return (track.test_data or track.data) if split == "test" else track.data


def split_of(track: Track, splits: tuple[Split, ...], data: DataSet) -> DataSet:
    """The items of these splits with labels 0..c-1; turned classes where the track has them.

    `data` is the whole data set as stored. Imitations of a class are a class of their own, named
    "CLASS/forged", in one group with it.
    """
    classes = [c for split in splits for c in classes_of(data, getattr(track, split))]
    chosen = data.of_classes(np.asarray(classes))
    if track.listed is not None and chosen.pairs is not None:
        known = track.listed in chosen.pairs.names
        chosen = replace(chosen, pairs=chosen.pairs.of(track.listed) if known else None)
    if track.imitations is not None:
        return _apart(chosen, track.imitations)
    return chosen.with_turns() if track.turns else chosen


def _apart(data: DataSet, imitations: str) -> DataSet:
    group = data.groups[imitations]
    forged = group.codes == group.names.index(FORGED)
    every = 2 * data.labels + forged
    held, labels = np.unique(every, return_inverse=True)
    names = tuple(data.class_names[n // 2] + f"/{FORGED}" * int(n % 2) for n in held)
    # That group alone, so that batches that come group by group show both of each.
    groups = {"imitated": Groups(data.labels.astype(np.int32), data.class_names)}
    return replace(data, labels=labels.astype(np.int64), class_names=names, groups=groups)


def load_task(name: str, data: Path | None = None, fold: int = 0) -> LoadedTask:
    """The task of this name with its data and episodes.

    Args:
        name: a task's name; "@validation" at its end names the twin on the validation split.
        data: the data directory; default ONESHOT_DATA or the user's cache directory.
        fold: which fold of the track, for a track that has several.

    Raises:
        UnknownName: if there is no such task.
        DataMissing: if its data set is not there.
        OneshotError: if the data or the drawn episodes are not the pinned ones.
    """
    with looking_in(data):
        task = find_task(name)
        track = of_fold(find_track(task.track), fold)
    return bind(task, track, datasets.load(data_name(track, task.split), data))


def bind(task: Task, track: Track, whole: DataSet) -> LoadedTask:
    """The task on data that are already loaded; see `load_task` for what it raises.

    On a fold of its track a task asks about that fold's classes.
    """
    task = task.on(track)
    classes = classes_of(whole, getattr(track, task.split))
    names = tuple(whole.class_names[c] for c in classes)
    data = whole
    if track.turns:
        data, classes = whole.with_turns(), [4 * c + t for c in classes for t in range(4)]
    try:
        episodes = BY_NAME[task.protocol].draw(task, track, data, classes)
    except ValueError as error:
        why, hint = _too_small(task, track, data, classes)
        raise OneshotError(
            f"{task.name} cannot be drawn from {data.name}: {why or error}.", hint
        ) from error
    check_pin(task, data, episodes)
    return LoadedTask(task, data, episodes, names)


_FOUND: dict[str, NDArray[np.bool_]] = {}  # by the data's digest: a pure function of the content


def copies(track: Track, data: DataSet) -> NDArray[np.bool_] | None:
    """Items of a user's own data that are the same as others, which no episode may hold.

    Of equal items the one in the earliest split stays: what was trained on is not tested. The
    suite's own data are pinned as they are; a test holds that no episode shows an image twice.
    """
    if data.name in datasets.KNOWN:
        return None
    if data.digest not in _FOUND:
        split = np.full(len(data.class_names), len(SPLITS))
        for number, name in enumerate(SPLITS):
            split[classes_of(data, getattr(track, name))] = number
        order = np.argsort(split[data.labels], kind="stable")
        found = np.zeros(len(data), dtype=bool)
        found[order] = later_copies(data.take(order))
        _FOUND.clear()
        _FOUND[data.digest] = found
    return _FOUND[data.digest]


def without_imitations(
    track: Track, data: DataSet, left_out: NDArray[np.bool_] | None
) -> NDArray[np.bool_] | None:
    """Imitations of a class are not of it; in a user's own data no episode shows them."""
    if left_out is None or track.imitations is None:
        return left_out
    group = data.groups[track.imitations]
    return np.asarray(left_out | (group.codes == group.names.index(FORGED)))


def _too_small(task: Task, track: Track, data: DataSet, classes: list[int]) -> tuple[str, str]:
    """Which class has too few items without copies, and what to do; ("", "") where none has."""
    left_out = without_imitations(track, data, copies(track, data))
    needed = BY_NAME[task.protocol].least_items(task)
    if left_out is None or not needed:
        return "", ""
    every = np.bincount(data.labels, minlength=len(data.class_names))
    left = np.bincount(data.labels[~left_out], minlength=len(data.class_names))
    small = [c for c in classes if left[c] < needed]
    if not small:
        return "", ""
    first = small[0]
    more = f", and {len(small) - 1:,} more classes like it" if len(small) > 1 else ""
    why = (
        f"class '{data.class_names[first]}' has {left[first]} of {every[first]} items that are "
        f"not copies of another, and {needed} are needed{more}"
    )
    return why, f"Type: oneshot data add {data.name} PATH --kind KIND --on-bad skip"


def check_pin(task: Task, data: DataSet, episodes: Questions) -> None:
    """Refuses data or episodes that differ from the pinned ones.

    Raises:
        OneshotError: naming what differs.
    """
    pin = pins().get(task.pin)
    if pin is None or pin["version"] != task.version:
        return
    if pin["data_digest"] != data.digest:
        raise OneshotError(
            f"{task.name} is pinned to another {data.name}: digest {data.digest[:12]} instead of "
            f"{pin['data_digest'][:12]}.",
            f"Type: oneshot data verify {data.name}",
        )
    if pin["episode_digest"] != episodes.digest():
        raise OneshotError(
            f"The episodes of {task.name} came out differently from the pinned ones. This is an "
            "error of the suite or of the NumPy in use; no result would be comparable.",
            "Please report it with the output of: oneshot env",
        )


def episode_groups(name: str, episodes: int) -> NDArray[np.int64] | None:
    """int64 [episodes]: the group (alphabet) that each episode stays inside; needs no data.

    None for tasks whose episodes mix groups, for those that are not pinned, and for those that ask
    no episodes (whose units `benchmark.tasks.labels` tells).
    """
    task = find_task(name)
    if task.runs == "lake":
        from benchmark.tasks.lake_runs import LAKE_RUNS

        alphabets = sorted({run.alphabet for run in LAKE_RUNS})
        return np.array([alphabets.index(run.alphabet) for run in LAKE_RUNS])[:episodes]
    pin = pins().get(name)
    if not BY_NAME[task.protocol].episodic or task.within is None or pin is None:
        return None
    return below(heads(task.key, episodes, task.width, 1)[:, 0], len(pin["groups"]))
