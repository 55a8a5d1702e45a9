"""What is said of trainings whose defaults follow the data, before they begin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from benchmark.sweep.plan import PlannedRun
from benchmark.tasks.spec import Track


def defaults_of(planned: Iterable[PlannedRun]) -> list[str]:
    """One line for each training on data of the user's own: what its recipe makes of them."""
    lines: dict[str, None] = {}
    for each in planned:
        line = training_line(each.job.spec.key, each.job.track, each.recipe)
        if line is not None and each.learning:
            shots = each.recipe.get("support")
            tasks = f", for {', '.join(each.job.tasks)}" if shots and each.job.tasks else ""
            lines[line + tasks] = None
    return [f"{line}." for line in lines]


def training_line(key: str, track: Track, recipe: Mapping[str, Any]) -> str | None:
    """How a model is trained on a track whose recipes follow the data; None for any other track.

    Args:
        key: of the model.
        track: where it learns.
        recipe: its whole recipe.
    """
    held = track.size
    if held is None or "items" not in recipe:
        return None
    parts = [_input(track, int(recipe["input_size"]))] if "input_size" in recipe else []
    if track.family == "photograph" and recipe.get("augmentation") == "photograph":
        parts.append(f"crops of {100 * recipe['smallest_crop']:.0f} % or more of an image")
    if recipe.get("support"):
        shots = int(recipe["support"])
        queries = int(recipe["per_class"]) - shots
        ways = int(recipe["classes"])
        parts.append(f"episodes of {ways} classes with {shots} + {queries} items (support={shots})")
    elif "classes" in recipe and not track.labelled:
        parts.append(f"batches of {recipe['classes']} classes x {recipe['per_class']} items")
    parts += [f"{recipe['items']:,} items", f"learning rate {recipe['learning_rate']:g}"]
    known = f"{held.items:,} items in {held.classes:,} classes to learn from"
    return f"{key} on {track.name} ({known}): {', '.join(filter(None, parts))}"


def _input(track: Track, size: int) -> str:
    if track.family == "vector":
        return ""
    if track.family == "text":
        return f"{size} letters of a text (the longest has {track.side})"
    return f"images at {size} pixels (stored at {track.side})"
