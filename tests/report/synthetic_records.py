"""Records that look like real ones, drawn with a fixed generator, for the tests of the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmark.records.canonical import digest
from benchmark.records.schema import (
    Cost,
    Counts,
    CurvePoint,
    ModelRef,
    Provenance,
    Record,
    TaskRef,
    Validation,
)
from benchmark.records.store import write
from benchmark.registry import budget_items
from benchmark.report.task_info import describe

PROVENANCE = Provenance(
    suite="0.1.0",
    python="3.11.9",
    torch="2.14.0",
    device="cpu",
    platform="linux-x86_64",
)
FIXED: dict[str, Any] = {"budget": "none"}
TRAINED = {"backbone": "conv4", "budget": "quick", "views": 1}
MODELS: dict[str, tuple[float, dict[str, Any]]] = {
    "chance": (0.0, FIXED),
    "pixels-euclidean": (0.22, FIXED | {"distance": "euclidean"}),
    "pixels-cosine": (0.25, FIXED | {"distance": "cosine"}),
    "modified-hausdorff": (0.62, FIXED | {"distance": "modified-hausdorff"}),
    "untrained-conv4": (0.35, FIXED | {"backbone": "conv4", "distance": "euclidean"}),
    "prototypical-conv4": (0.9, TRAINED | {"distance": "euclidean", "loss": "prototypical"}),
    "siamese-conv4-euclidean-contrastive": (0.78, TRAINED | {"loss": "contrastive"}),
    "siamese-conv4-cosine-triplet": (0.84, TRAINED | {"distance": "cosine", "loss": "triplet"}),
    "siamese-conv4-manhattan-triplet": (0.8, TRAINED | {"distance": "manhattan"}),
    "siamese-conv4-weighted-l1-bce": (0.74, TRAINED | {"distance": "weighted-l1", "loss": "bce"}),
    "siamese-conv4-cosine-contrastive": (0.79, TRAINED | {"distance": "cosine"}),
    "siamese-conv4-euclidean-triplet": (0.82, TRAINED | {"distance": "euclidean"}),
}
TASKS = {
    "glyphs-5w1s": (5, 75, 400),
    "glyphs-20w1s": (20, 300, 400),
    "glyphs-5w5s": (5, 75, 400),
    "omniglot-lake-20w1s": (20, 20, 20),
    "omniglot-within-20w1s": (20, 300, 400),
}


def record(
    model: str,
    task: str = "glyphs-5w1s",
    seed: int = 0,
    *,
    skill: float = 0.5,
    episodes: int | None = None,
    of: int | None = None,
    recipe: dict[str, Any] | None = None,
    version: int = 1,
    pool: str = "inductive",
    data: str = "data",
    drawn: str = "episodes",
    failed: str | None = None,
    settings: tuple[str, ...] = (),
) -> Record:
    """One record; `skill` 0 is chance and 1 is perfect, `data` and `drawn` make the digests."""
    n_way, queries, count = TASKS.get(task, (5, 75, 400))
    count, queries = episodes or count, of or queries
    # Keyed by all that a record is of, so that each stands alone and a prefix is a prefix.
    name = int(digest([model, recipe, task, seed])[:12], 16)
    random, shared = np.random.default_rng(name), np.random.default_rng(len(task))
    trained = bool(recipe and recipe.get("budget", "none") != "none")
    luck = random.normal(0, 0.012) if trained or "untrained" in model else 0.0
    hard = shared.normal(0, 0.09, size=count) * (skill > 0)
    level = 1 / n_way + (1 - 1 / n_way) * skill * (0.82 if n_way > 5 else 1.0)
    if not luck:
        random = np.random.default_rng(int(digest([model, task])[:12], 16))
    correct = random.binomial(queries, np.clip(level + luck + hard, 0.01, 0.995))
    # One training serves all tasks of a track.
    track = "omniglot-within" if task.startswith("omniglot") else "glyphs"
    learning = np.random.default_rng(int(digest([model, recipe, track, seed])[:12], 16))
    goal = 0.05 + 0.8 * skill + learning.normal(0, 0.012)
    curve = [
        CurvePoint(
            items=items,
            loss_millionths=int(2e6 * np.exp(-items / 60_000)),
            correct_per_10000=int(
                1e4 * (goal - (goal - 0.05) * np.exp(-items / 40_000)) + learning.normal(0, 60)
            ),
        )
        for items in range(10_000, 210_000, 10_000)
    ]
    checked = Counts(of=75, correct=[int(75 * min(1.0, max(0.0, level + luck + 0.02)))] * 100)
    return Record(
        task=TaskRef(
            name=task,
            version=version,
            data_digest=digest([task, version, data]),
            episode_digest=digest([task, version, drawn, count]),
            episodes=count,
        ),
        model=ModelRef.model_validate(
            {"key": model, "recipe": recipe or {}, "pool": pool, "seen": ["glyphs"]}
        ),
        seed=seed,
        status="failed" if failed else "ok",
        reason=failed,
        validation=Validation(
            task=f"{track}-20w1s@validation", episode_digest=digest("validation"), outcome=checked
        ),
        outcome=None if failed else Counts(of=queries, correct=correct.tolist()),
        curve=curve if trained else [],
        cost=Cost(
            training_items=items_of(recipe, task) if trained else 0,
            training_milliseconds=183_000 if trained else 0,
            parameters=111_936 if recipe and "backbone" in recipe else 0,
        ),
        provenance=PROVENANCE.model_copy(update={"settings": list(settings)}),
    )


def grid(models: dict[str, tuple[float, dict[str, Any]]] | None = None) -> list[Record]:
    """Every model on every task, three seeds where seeds matter."""
    return [
        record(model, task, seed, skill=skill, recipe=recipe)
        for model, (skill, recipe) in (models or MODELS).items()
        for task in TASKS
        for seed in (range(3) if "backbone" in recipe else range(1))
    ]


def save(results: Path, records: list[Record]) -> Path:
    """Writes the records below a results folder and returns it."""
    for item in records:
        write(results, item)
    return results


def items_of(recipe: dict[str, Any] | None, task: str) -> int:
    """Training items as the recipe's budget promises them for such data."""
    recipe = recipe or {}
    items = recipe.get("items")
    if isinstance(items, int):
        return items
    named = budget_items(recipe["budget"], describe(task).family or "character")
    return named[0] if named else 200_000
