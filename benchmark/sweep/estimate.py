"""How long jobs will take on this machine, from one timed pass through each network.

An estimate, not a promise: trainings are taken to cost three passes an item (one forward, two
backward), validation and test one pass for each distinct item. Models that must see the images of
each episode or pair themselves are left out, and so are users' own networks.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from benchmark.evaluation.job import RunContext, RunSpec, build
from benchmark.sweep.plan import Plan
from benchmark.sweep.tuning import Search
from benchmark.tasks.spec import VALIDATION

PASSES = 3.0  # of a training step; see the module's docstring
BATCH = 64
PROBES, PROBE_SECONDS = 3, 0.3
SHAPE = ("backbone", "backbone_code", "width", "input_size", "channels")  # what a pass costs


class Estimator:
    """Seconds of jobs; networks of one shape are timed once.

    Args:
        context: where data lie and models compute.
    """

    def __init__(self, context: RunContext) -> None:
        self.context = context
        self._passes: dict[str, float] = {}
        self._asked: dict[str, tuple[str, int]] = {}

    def plan(self, plan: Plan) -> float:
        """Seconds of all that is missing, searches included."""
        left = [each for each in plan.planned if each.missing]
        # Ways of asking, and heads on the same embeddings, share their training.
        trained = {each.training: each for each in left}
        seconds = sum(self.training(each.job, each.recipe) for each in trained.values())
        seconds += sum(self.answering(each.job, each.recipe, each.missing) for each in left)
        return seconds + sum(self.search(search) for search in plan.searches)

    def search(self, search: Search) -> float:
        """Seconds of a search's trials."""
        trials = search.jobs()
        first = trials[0][1]
        recipe = build(first)[1]
        each = self.training(first, recipe) + self.answering(first, recipe, first.tasks)
        return len(trials) * each

    def training(self, job: RunSpec, recipe: Mapping[str, Any]) -> float:
        """Seconds of the job's training; 0 for a model that does not learn."""
        if "final_fit" not in recipe:  # the mark of a model that trains
            return 0.0
        items = float(recipe.get("items", 0))
        validated = self._items(job, (job.track.chooses + VALIDATION,))
        validations = int(recipe.get("validations", 1))
        fits = 2 if recipe["final_fit"] else 1
        return self._pass(job, recipe) * (fits * PASSES * items + validations * validated)

    def answering(self, job: RunSpec, recipe: Mapping[str, Any], tasks: Sequence[str]) -> float:
        """Seconds of embedding what the tasks and their validation twins ask about."""
        twins = [name + VALIDATION for name in tasks if not name.endswith(VALIDATION)]
        items = self._items(job, (*tasks, *twins))
        return self._pass(job, recipe) * items * int(recipe.get("views", 1))

    def _items(self, job: RunSpec, tasks: Sequence[str]) -> int:
        """Distinct items that the tasks ask about, split by split."""
        most: dict[str, int] = {}
        for name in tasks:
            if name not in self._asked:
                loaded = self.context.task(name, job.track)
                self._asked[name] = loaded.task.split, len(loaded.episodes.items())
            split, items = self._asked[name]
            most[split] = max(most.get(split, 0), items)
        return sum(most.values())

    def _pass(self, job: RunSpec, recipe: Mapping[str, Any]) -> float:
        """Seconds of one item through the network; 0 for models that do not embed."""
        shape = {name: recipe[name] for name in SHAPE if name in recipe}
        key = str(sorted(shape.items())) if "backbone" in shape else job.spec.key
        if key not in self._passes:
            # A user's network is not run here: it may do anything.
            self._passes[key] = 0.0 if job.spec.foreign else self._probe(build(job)[0])
        return self._passes[key]

    def _probe(self, model: Any) -> float:
        """Seconds an item, measured; 0 for a model that does not embed images of one size."""
        import torch

        side, channels = getattr(model, "input_size", None), getattr(model, "channels", None)
        if not callable(getattr(model, "embed", None)) or side is None or channels is None:
            return 0.0
        if hasattr(model, "to"):
            model.to(self.context.device)
        if hasattr(model, "eval"):
            model.eval()
        images = torch.zeros(BATCH, channels, side, side, device=self.context.device)
        with torch.inference_mode():
            model.embed(images[:2])
            began = time.perf_counter()
            times: list[float] = []
            while len(times) < PROBES or time.perf_counter() - began < PROBE_SECONDS:
                started = time.perf_counter()
                float(model.embed(images).sum())  # waits for a device that works ahead
                times.append(time.perf_counter() - started)
        return min(times) / BATCH  # the least disturbed by whatever else runs


def hours(seconds: float) -> str:
    """Seconds in words: "40 seconds", "12 minutes", "3.4 hours"."""
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    if seconds < 5400:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.1f} hours"
