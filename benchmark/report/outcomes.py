"""From a record's integers to what the statistics take, with labels from the pins."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.protocols.catalogue import BY_OUTCOME
from benchmark.records.schema import LogOdds, Outcome, Ranks, Record
from benchmark.statistics.calibrated import DOUBTS, UNFIT
from benchmark.statistics.retrieval import Search
from benchmark.statistics.verification import above_chance, measure
from benchmark.statistics.verification_scores import VerificationScores
from benchmark.tasks.labels import query_classes, trial_labels
from benchmark.tasks.trials import Labels


@cache
def _labels(task: str, trials: int, fold: int | None = None) -> Labels | None:
    return trial_labels(task, trials, fold)


@cache
def _classes(task: str, queries: int) -> NDArray[np.int64] | None:
    return query_classes(task, queries)


def labels_of(task: str, outcome: LogOdds, fold: int | None = None) -> Labels | None:
    """The labels of a record's trials: those it brings along, else the pinned ones, else None."""
    told = outcome.labels
    if told is None:
        return _labels(task, outcome.answered, fold)
    kinds = np.repeat(np.arange(len(told.kinds)), told.of_kind).astype(np.int8)
    subjects = np.stack([told.left, told.right], axis=1).astype(np.int32)
    return Labels(kinds == 0, kinds, tuple(told.kinds), subjects)


def network(
    task: str, outcome: LogOdds, seed: int = 0, fold: int | None = None
) -> VerificationScores | None:
    """One network's trials with their labels; None for a task whose trials nothing tells of."""
    labels = labels_of(task, outcome, fold)
    if labels is None:
        return None
    labels = _without_empty_kinds(labels)
    odds = np.asarray(outcome.thousandths, dtype=np.float64) / 1000
    return VerificationScores(
        odds, labels.same, labels.kinds, labels.kind_names, labels.subjects, seed, fold,
        outcome.calibrated, None if outcome.order is None else np.asarray(outcome.order),
        outcome.doubt,
    )  # fmt: skip


def _without_empty_kinds(labels: Labels) -> Labels:
    """The labels without the kinds of impostors that have no trial: there are no rates of them."""
    counts = np.bincount(labels.kinds, minlength=len(labels.kind_names))
    kept = [n for n, count in enumerate(counts.tolist()) if count or n == 0]
    if len(kept) == len(counts):
        return labels
    names = tuple(labels.kind_names[n] for n in kept)
    kinds = np.searchsorted(kept, labels.kinds).astype(np.int8)
    return Labels(labels.same, kinds, names, labels.subjects)


def search(task: str, outcome: Ranks, seed: int = 0) -> Search:
    """What one network's queries found, with their classes where these are pinned."""
    matches: Any = outcome.matches
    return Search(
        np.asarray(outcome.first),
        np.asarray(outcome.hits),
        np.asarray(outcome.precision) / 1e6,
        np.broadcast_to(np.asarray(matches), outcome.answered),
        _classes(task, outcome.answered),
        seed,
    )


def confidences(records: Iterable[Record]) -> tuple[list[int], list[int], list[int]] | None:
    """Answers, correct ones and sums of confidences in millionths by bin, added over records.

    None where no record has counted them, or they have unlike bins.
    """
    told = [record.calibration for record in records if record.calibration is not None]
    if len({len(each.answers) for each in told}) != 1:
        return None
    lists = (
        [each.answers for each in told],
        [each.correct for each in told],
        [each.confidence_millionths for each in told],
    )
    answers, correct, millionths = ([sum(n) for n in zip(*kind, strict=True)] for kind in lists)
    return (answers, correct, millionths) if sum(answers) else None


def headline(task: str, outcome: Outcome | None, fold: int | None = None) -> float | None:
    """The number by which the task ranks, in [0, 1]: accuracy, EER or mAP@R."""
    return None if outcome is None else BY_OUTCOME[outcome.kind].headline(task, outcome, fold)


def eer_by_kind(task: str, outcome: Outcome | None, fold: int | None = None) -> dict[str, float]:
    """A verification's EER in [0, 1] against each kind of impostor; empty for any other outcome."""
    found = network(task, outcome, fold=fold) if isinstance(outcome, LogOdds) else None
    if found is None:
        return {}
    return {kind: measure(found, kind).eer for kind in found.kind_names[1:]}


def remarks(record: Record) -> list[str]:
    """What a verification's record says beside its rates: of its calibration and its direction."""
    outcome = record.outcome
    found = None
    if isinstance(outcome, LogOdds):
        found = network(record.task.name, outcome, fold=record.fold)
    if found is None:
        return []
    lines = []
    if found.doubt is not None:
        how = "Cannot be calibrated" if found.doubt in UNFIT else "Its calibration is uncertain"
        lines.append(f"{how}: {DOUBTS[found.doubt]}")
    if found.has_both and above_chance(measure(found)):
        lines.append("Above 50 %: are the labels, or the sign of the similarity, reversed?")
    return lines


def decisions(
    task: str, outcome: Outcome, fold: int | None = None
) -> tuple[NDArray[np.int64], int]:
    """Right answers per question, and out of how many."""
    return BY_OUTCOME[outcome.kind].decisions(task, outcome, fold)
