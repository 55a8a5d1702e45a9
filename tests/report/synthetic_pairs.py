"""Records of verification and retrieval that look like real ones, without any model."""

from __future__ import annotations

from typing import Any

import numpy as np
from synthetic_records import PROVENANCE, items_of

from benchmark.records.schema import Cost, LogOdds, ModelRef, Ranks, Record, TaskRef, Validation
from benchmark.tasks.labels import trial_labels
from benchmark.tasks.loading import pins


def odds(task: str, skill: float, seed: int = 0, fold: int | None = None) -> LogOdds:
    """Log-odds whose classes lie `skill` deviations apart; hard subjects are hard throughout."""
    trials = pins()[pin_of(task, fold)]["episodes"]
    labels = trial_labels(task, trials, fold)
    assert labels is not None
    random = np.random.default_rng([len(task), seed, int(1000 * skill), fold or 0])
    hard = np.random.default_rng(5).normal(0, 0.3, labels.subjects.max() + 1)
    score = random.normal(0, 1, trials) + skill * labels.same + hard[labels.subjects].mean(axis=1)
    score += 0.3 * (labels.kinds == 1)  # impostors of the own alphabet are more alike
    return LogOdds(thousandths=np.rint(1000 * skill * (score - skill / 2)).astype(int).tolist())


def pin_of(task: str, fold: int | None) -> str:
    """The name of the task's pin on that fold."""
    return task if fold is None else f"{task}/fold-{fold}"


def ranks(task: str, skill: float, seed: int = 0, fold: int | None = None) -> Ranks:
    """Ranks of queries with 19 matches each."""
    assert fold is None
    count = pins()[task]["episodes"]
    random = np.random.default_rng([len(task), seed, int(1000 * skill)])
    hits = random.binomial(19, min(0.25 * skill, 0.95), count)
    near = random.geometric(min(0.3 * skill, 0.95), count).clip(1, 19)
    precision = np.rint(1e6 * hits / 19 * 0.8).astype(int)
    return Ranks(
        first=np.where(hits > 0, near, 40).tolist(),
        hits=hits.tolist(),
        precision=precision.tolist(),
        matches=19,
    )


def pair_record(
    model: str,
    task: str,
    skill: float,
    seed: int = 0,
    recipe: dict[str, Any] | None = None,
    fold: int | None = None,
) -> Record:
    """A record that answers the pinned questions of the task."""
    make = odds if task.endswith("verification") else ranks
    pin, twin = pins()[pin_of(task, fold)], f"{task}@validation"
    asked = pins()[pin_of(twin, fold)]["episode_digest"]
    return Record(
        task=TaskRef(
            name=task,
            version=1,
            data_digest=pin["data_digest"],
            episode_digest=pin["episode_digest"],
            episodes=pin["episodes"],
        ),
        model=ModelRef.model_validate({"key": model, "recipe": recipe or {}, "seen": ["glyphs"]}),
        seed=seed,
        fold=fold,
        validation=Validation(
            task=twin, episode_digest=asked, outcome=make(twin, skill, fold=fold)
        ),
        outcome=make(task, skill, seed, fold),
        cost=Cost(training_items=items_of(recipe, task) if recipe and "backbone" in recipe else 0),
        provenance=PROVENANCE,
    )
