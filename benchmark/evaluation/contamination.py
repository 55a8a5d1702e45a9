"""What a model has seen, and whether a test may still ask it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict

from benchmark.datasets.data_set import DataSet
from benchmark.errors import DataMissing, OneshotError, UnknownName
from benchmark.evaluation.job import RunContext
from benchmark.models.model import resolved
from benchmark.protocols import Seen
from benchmark.tasks.catalogue import task as find_task
from benchmark.tasks.loading import LoadedTask, data_name
from benchmark.tasks.overlap import overlap
from benchmark.tasks.spec import Split, Track
from benchmark.tasks.tracks import classes_of
from benchmark.tasks.tracks import track as find_track

SPLITS: tuple[Split, ...] = ("train", "validation", "test")
NAMED = 5  # classes that a refusal names


def learned(track: Track, whole: DataSet, splits: Iterable[Split]) -> tuple[Seen, ...]:
    """What a training on these splits of a track sees of its data set `whole`."""
    return tuple(
        Seen(
            f"{track.name}/{split}",
            whole.name,
            whole.digest,
            tuple(whole.class_names[c] for c in classes_of(whole, getattr(track, split))),
        )
        for split in splits
    )


def refusal(model: object, track: Track, task: LoadedTask, context: RunContext) -> str | None:
    """Why the model may not be asked about this test: the classes it has seen; else None.

    Networks trained on all of ImageNet are not refused on its parts: they stand in the pool
    "pretrained", marked in every table.
    """
    return _met(_seen_by(model, track, context), task.data.name, task.classes)


def refusal_when_planned(model: object, track: Track, task: str, context: RunContext) -> str | None:
    """`refusal` of a task that is not loaded: no episode is drawn.

    None where the data are not here, as on the machine that sends jobs to a cluster; the job then
    refuses by itself.
    """
    trains_elsewhere = resolved(model).trainable is not None and track.test_data not in (
        None,
        track.data,
    )
    if find_task(task).split != "test" or not (resolved(model).seen or trains_elsewhere):
        return None
    try:
        whole = context.data_set(data_name(track, "test"))
        seen = _seen_by(model, track, context)
        classes = classes_of(whole, track.test)
    except (OneshotError, ValueError):
        return None
    return _met(seen, whole.name, tuple(whole.class_names[c] for c in classes))


def _seen_by(model: object, track: Track, context: RunContext) -> list[Seen]:
    """What a model has seen, before and in its training on the track."""
    seen = [known for each in resolved(model).seen or () for known in _known(each, context)]
    if resolved(model).trainable is not None:
        seen += learned(track, context.data_set(track.data), ("train", "validation"))
    return seen


def _met(seen: Iterable[Seen], data: str, classes: tuple[str, ...]) -> str | None:
    for each in seen:
        met = overlap([each], data, classes)
        if met:
            names = ", ".join(met[:NAMED]) + (", ..." if len(met) > NAMED else "")
            return (
                f"it has seen {len(met)} of the {len(classes)} test classes in {each.name}: "
                f"{names}. An answer about them is no one-shot learning"
            )
    return None


def _known(seen: str | Seen, context: RunContext) -> tuple[Seen, ...]:
    """The classes behind a declaration, where it names a split of a track or brings them along."""
    if isinstance(seen, Seen):
        return (seen,)
    name, _, split = seen.partition("/")
    try:
        track = find_track(name)
        whole = context.data_set(track.data)
    except (UnknownName, DataMissing):
        return ()
    wanted = [each for each in SPLITS if split in ("", each)]
    if split in ("", "test") and track.test_data not in (None, track.data):
        wanted.remove("test")  # in another data set, whose own track has it
    return learned(track, whole, wanted)


def names(seen: Iterable[str | Seen]) -> list[str]:
    """What stands in a record."""
    return [each.name if isinstance(each, Seen) else str(each) for each in seen]


def encode(seen: Iterable[Seen]) -> str:
    """JSON that is kept with trained weights; `Seen(**each)` of its entries is what it was."""
    return json.dumps([asdict(each) for each in seen])
