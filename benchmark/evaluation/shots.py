"""Which training answers which tasks: methods that learn on episodes learn the shape of the task.

A network trained with one support of each class and scored with five loses several points, so tasks
of different shots are answered by different trainings. That is the rule on data sets of the user's
own and, with `--set support=match`, on any track; a number keeps one training for all tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmark.evaluation.job import RunContext, RunSpec
from benchmark.protocols.catalogue import BY_NAME
from benchmark.registry import ModelSpec
from benchmark.tasks.catalogue import task as find_task
from benchmark.tasks.spec import Track

MATCH = "match"
LEAST = "2"  # stands for MATCH where the task is not known yet; every setting that follows takes it


def trainings(
    spec_for: Callable[[Mapping[str, Any]], ModelSpec],
    settings: Mapping[str, Any],
    track: Track,
    budget: str,
    tasks: Sequence[str],
    context: RunContext,
    seed: int = 0,
) -> list[tuple[dict[str, Any], tuple[str, ...]]]:
    """Settings and tasks of each training that the tasks of a track need.

    A model declares `follows`: its settings that follow the task, each with the attribute of `Task`
    that it takes ("support": "n_shot"). Verification and retrieval take the model's default.

    Args:
        spec_for: the model with some settings laid over its own.
        settings: as the user gave them; the value "match" follows the task.
        track: of all tasks.
        budget: of the trainings.
        tasks: names.
        context: keeps the model that is built for the run.
        seed: of the first training.

    Raises:
        OneshotError: a setting that does not exist or has a bad value.
        Refused: the model does not fit the track.
    """
    matching = {name for name, value in settings.items() if value == MATCH}
    given = {name: value for name, value in settings.items() if name not in matching}
    together = [(dict(settings), tuple(tasks))]
    if track.size is None and not matching:
        return together
    spec = spec_for(given)
    if isinstance(spec.factory, type) and not hasattr(spec.factory, "follows"):
        return together  # without building it
    model, recipe = context.model(RunSpec(spec, track, seed, budget, ()))
    follows: Mapping[str, str] = getattr(model, "follows", {})
    if matching - set(follows):
        return together  # the model refuses it
    free = [name for name in follows if name not in given]
    found: dict[tuple[tuple[str, int], ...], list[str]] = {}
    for task in tasks:
        values = {name: _value(follows[name], task, track) for name in free}
        own = {name: v for name, v in values.items() if v is not None and v != recipe[name]}
        found.setdefault(tuple(own.items()), []).append(task)
    return [({**given, **dict(own)}, tuple(some)) for own, some in found.items()]


def unmatched(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with a number in place of "match", so that a model can be built."""
    return {name: LEAST if value == MATCH else value for name, value in settings.items()}


def _value(attribute: str, task: str, track: Track) -> int | None:
    """What a setting that follows the task is for it; None for the model's default."""
    asked = find_task(task)
    if not BY_NAME[asked.protocol].episodic:
        return None
    value = int(getattr(asked, attribute))
    if attribute == "n_shot" and track.size is not None:
        value = min(value, track.size.per_class - 1)  # one item of a class is the query
    return max(1, value)
