"""Records as a tidy data frame, one row a record: the door for anyone's own analysis.

from benchmark.report.frame import load_records
frame = load_records("results")
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.protocols.catalogue import BY_NAME
from benchmark.records.schema import Counts, Outcome, Record
from benchmark.records.store import load
from benchmark.report import recipes
from benchmark.report.outcomes import headline
from benchmark.report.task_info import describe, is_validation

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "track", "task", "version", "twin", "model", "recipe8", "seed", "fold", "pool", "budget",
    "views", "backbone", "distance", "loss", "seen", "status", "reason", "accuracy", "measure",
    "value", "episodes", "queries", "validation", "training_items", "training_seconds",
    "embedding_seconds", "scoring_seconds", "parameters", "data_digest", "episode_digest",
    "suite", "device", "id",
)  # fmt: skip


def load_records(results: Path | str) -> pd.DataFrame:
    """All records below a results folder as a data frame; see `to_frame`.

    Raises:
        OneshotError: for a file that is no valid record.
    """
    return to_frame(load(Path(results)))


def to_frame(records: Iterable[Record]) -> pd.DataFrame:
    """One row per record with the columns `COLUMNS`, in the order given.

    Accuracies lie in [0, 1]; `measure` names what the task ranks by ("accuracy", "EER", "mAP@R"),
    and `value` is that number in [0, 1], as `validation` is on the validation twin. Times are
    seconds, `queries` is the number in each episode and `twin` tells validation twins. What a
    record or its recipe does not say is missing (NaN or None).
    """
    import pandas as pd

    records = list(records)
    budgets = recipes.budgets_of(records)
    return pd.DataFrame([_row(record, budgets) for record in records], columns=list(COLUMNS))


def accuracy(outcome: Outcome | None) -> float | None:
    """Mean accuracy in [0, 1] of answers to episodes, None for any other."""
    if not isinstance(outcome, Counts):
        return None
    return sum(outcome.correct) / (outcome.of * len(outcome.correct))


def _row(
    record: Record, budgets: Mapping[tuple[str, str, str], str | None]
) -> dict[str, Any]:  # fmt: skip
    task, model, cost = record.task, record.model, record.cost
    return {
        "track": describe(task.name).track,
        "task": task.name,
        "version": task.version,
        "twin": is_validation(task.name),
        "model": model.key,
        "recipe8": model.recipe8,
        "seed": record.seed,
        "fold": record.fold,
        "pool": model.pool,
        "budget": budgets[recipes.training_of(record)],
        "views": recipes.views_of(model.recipe),
        **{
            name: recipes.part(model.recipe, name) or None
            for name in ("backbone", "distance", "loss")
        },
        "seen": None if model.seen is None else ", ".join(model.seen),
        "status": record.status,
        "reason": record.reason,
        "accuracy": accuracy(record.outcome),
        "measure": BY_NAME[describe(task.name).protocol].measure,
        "value": headline(task.name, record.outcome, record.fold),
        "episodes": task.episodes,
        "queries": getattr(record.outcome, "of", None),
        "validation": headline(record.validation.task, record.validation.outcome, record.fold)
        if record.validation
        else None,
        "training_items": cost.training_items,
        "training_seconds": cost.training_milliseconds / 1000,
        "embedding_seconds": cost.embedding_milliseconds / 1000,
        "scoring_seconds": cost.scoring_milliseconds / 1000,
        "parameters": cost.parameters,
        "data_digest": task.data_digest,
        "episode_digest": task.episode_digest,
        "suite": record.provenance.suite,
        "device": record.provenance.device,
        "id": record.id,
    }
