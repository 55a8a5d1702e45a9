"""What jobs cost in multiply-adds: a static measure, the same on every machine at any moment.

It orders jobs (longest first) and deals them out to shards; hours come from `estimate`. Counted are
the operations of one item through the network, times the items that it trains on, validates on and
answers with. What a method does around its network is not counted.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from benchmark.evaluation.episodes import PREFIX, way_of
from benchmark.evaluation.job import RunSpec

PASSES = 3.0  # of a training step: one forward, two backward
ASKED = 5_000  # items that a task and its validation twin ask about, in round numbers
EPISODE = 100  # items of an episode, in round numbers, where each episode is a pass of its own
OVERHEAD = 1e9  # of any job: reading data, drawing episodes, writing
UNCOUNTED = 1e6  # an item of a model that is no network: slower than its arithmetic
SHAPE = ("backbone", "backbone_code", "width", "input_size", "channels", "drop")

_passes: dict[str, float] = {}


def cost(job: RunSpec, model: Any, recipe: Mapping[str, Any]) -> tuple[float, float]:
    """Multiply-adds of (the job's training, its answers to one task); the former 0 without one.

    Args:
        job: what is asked.
        model: built for it, untrained.
        recipe: its whole recipe.
    """
    once = _pass(job, model, recipe)
    way = way_of(model)
    asked = PREFIX[way] * EPISODE if way in PREFIX else ASKED
    answers = once * asked * int(recipe.get("views", 1))
    if not hasattr(model, "fit"):
        return 0.0, answers + OVERHEAD
    fits = 2 if recipe.get("final_fit") else 1
    learning = fits * PASSES * float(recipe.get("items", 0)) * once
    return learning + int(recipe.get("validations", 1)) * answers, answers + OVERHEAD


def _pass(job: RunSpec, model: Any, recipe: Mapping[str, Any]) -> float:
    """Multiply-adds of one item; networks of one shape are counted once."""
    shape = {name: recipe[name] for name in SHAPE if name in recipe}
    key = str(sorted(shape.items())) if "backbone" in shape else f"{job.spec.key} {recipe}"
    key = f"{job.track.family} {job.track.channels} {job.track.side} {way_of(model)} {key}"
    if key not in _passes:
        _passes[key] = _counted(job, model)
    return _passes[key]


def _counted(job: RunSpec, model: Any) -> float:
    import torch

    if not isinstance(model, torch.nn.Module):
        return UNCOUNTED
    parameters = float(sum(p.numel() for p in model.parameters()))
    side = int(getattr(model, "input_size", None) or job.track.side)
    images = job.track.family in ("character", "photograph")
    # A user's network is not run here: it may do anything, and its job has a process of its own.
    if job.spec.foreign or not images or not callable(getattr(model, "embed", None)):
        return max(UNCOUNTED, parameters * side**2 / 16)  # as after four halvings, half way
    channels = int(getattr(model, "channels", None) or job.track.channels)
    counted = 0.0

    def count(module: Any, inputs: Any, output: Any) -> None:
        nonlocal counted
        weight = getattr(module, "weight", None)
        if (
            isinstance(weight, torch.Tensor)
            and isinstance(output, torch.Tensor)
            and weight.ndim > 1
        ):
            # Each weight is used once at each place of the output: (h, w) of a map, one of a row.
            counted += float(weight.numel() * output[0].numel() / output.shape[1])

    try:
        # On a copy, since the run will use the model: neither modes nor lazy weights may change.
        model = copy.deepcopy(model)
        for module in model.modules():
            module.register_forward_hook(count)
        with torch.no_grad():
            model.eval().embed(torch.zeros(1, channels, side, side))
    except Exception:  # a model that cannot embed says so when its job runs, with its reason
        return max(UNCOUNTED, parameters)
    return max(UNCOUNTED, counted)
