"""A model's scores of trials, for a record and while weights are selected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from benchmark.evaluation import platt
from benchmark.evaluation.embedding_store import EmbeddingStore
from benchmark.evaluation.model_selection import CHOOSING_TRIALS
from benchmark.evaluation.outcome import Answered
from benchmark.evaluation.platt import Platt
from benchmark.evaluation.verification import score_trials
from benchmark.protocols.verification.outcome import LogOdds, TrialLabels
from benchmark.records.packed import Integers
from benchmark.statistics.roc import equal_error_rate, roc
from benchmark.tasks.loading import LoadedTask, pins
from benchmark.tasks.trials import Trials


def answer_task(
    model: object,
    loaded: LoadedTask,
    *,
    device: str,
    report: Callable[[int, int], None] | None = None,
    bank: EmbeddingStore | None = None,
    shots: str | None = None,
    scaling: Platt | None = None,
    **_: Any,
) -> Answered:
    """Log-odds of every trial; see `benchmark.evaluation.outcome.ask`."""
    trials = score_trials(
        model, loaded, device=device, report=report, bank=bank, shots=shots
    )  # fmt: skip
    if scaling is None and loaded.task.split == "validation":
        scaling = platt.fit(trials.scores, trials.asked.labels.same)
    if scaling is None or not scaling.calibrated:
        scaling = platt.standardised(trials.scores, scaling.doubt if scaling else None)
    odds = LogOdds(
        thousandths=Integers(scaling.thousandths(trials.scores).tolist()),
        calibrated=scaling.calibrated,
        labels=None if loaded.task.pin in pins() else _labels(trials.asked),
        order=Integers(platt.order(trials.scores).tolist()),
        doubt=scaling.doubt,
    )
    seconds = trials.embedding_seconds, trials.scoring_seconds
    return Answered(odds, trials.asked, *seconds, scaling)


def selection_score(model: object, chooser: LoadedTask, device: str) -> float:
    """1 minus the equal error rate on the first trials of each kind."""
    asked = chooser.episodes
    assert isinstance(asked, Trials)
    each = [np.flatnonzero(asked.labels.kinds == n) for n in range(len(asked.of_kind))]
    kept = np.concatenate([trials[:CHOOSING_TRIALS] for trials in each])
    found = score_trials(model, replace(chooser, episodes=asked.take(kept)), device=device)
    return 1 - equal_error_rate(roc(found.scores, found.asked.labels.same))


def _labels(asked: Trials) -> TrialLabels:
    """The labels of trials that no pin holds."""
    labels = asked.labels
    left, right = labels.subjects.T.tolist()
    return TrialLabels(
        kinds=list(labels.kind_names), of_kind=Integers(list(asked.of_kind)), left=left, right=right
    )
