"""Measures a committed record anew and says how near the answers come."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from benchmark.errors import OneshotError
from benchmark.evaluation.job import RunContext, RunSpec, build
from benchmark.evaluation.measure import answer_with
from benchmark.evaluation.run import run
from benchmark.evaluation.weights import committed
from benchmark.records.schema import LogOdds, Outcome, Record
from benchmark.registry import resolve_recorded
from benchmark.report.outcomes import decisions
from benchmark.settings import parse
from benchmark.tasks.catalogue import task as find_task
from benchmark.tasks.tracks import of_fold
from benchmark.tasks.tracks import track as find_track

SAME = 0.005  # half a point of accuracy
FEW = 0.01  # of the decisions: other processors round otherwise; bfloat16 changes two in 1,000
Verdict = Literal["identical", "decisions differ", "statistically the same", "different"]


@dataclass(frozen=True)
class Recomputed:
    """A record and its second measurement.

    Attributes:
        verdict: "identical": the same answers; "decisions differ": a model without a training, or
            with the same weights, answers up to one query in a hundred otherwise, as often right
            as wrong, on another kind of machine; on a like one it is "different". "statistically
            the same": another training of the recipe, within half a point or within what these
            episodes can tell apart; "different": none of these.
        differing: at least so many decisions differ: counts are compared episode by episode.
        of: decisions in all.
        before, now: shares of right decisions in [0, 1]: accuracies; of a verification at its
            validation threshold; of a retrieval Recall@1.
    """

    verdict: Verdict
    differing: int
    of: int
    before: float
    now: float


def recompute(
    record: Record,
    context: RunContext,
    results: Path | None = None,
    trust_code: bool = False,
) -> Recomputed:
    """Answers once more, with the committed weights or those of a new training, and compares.

    Args:
        record: what is measured again.
        context: data, device, and the folder of kept weights.
        results: where weights may be committed; None to train again in any case.
        trust_code: also build models that are not of the catalogue, see `resolve_recorded`.

    Raises:
        OneshotError: the model is not of the catalogue, or the recipe cannot be built again.
    """
    job = job_of(record, trust_code)
    weights = None if results is None else committed(results, record.provenance.weights)
    log_odds = record.outcome is not None and record.outcome.kind == "log-odds"
    if weights is not None and not (log_odds and job.spec.inference.final_fit):
        again = answer_with(weights, job, context)
    else:
        (again,) = list(run(job, replace(context, existing="redo")))
    return compared(record, again)


def job_of(record: Record, trust_code: bool = False) -> RunSpec:
    """The job that made the record.

    Args:
        record: its model is looked up in the catalogue alone.
        trust_code: also build models that are not of the catalogue, see `resolve_recorded`.

    Raises:
        OneshotError: the model is not of the catalogue, or the suite cannot build it with that
            recipe.
    """
    typed = tuple(record.provenance.settings)
    settings = _settings(record)
    budget = str(record.model.recipe.get("budget", "quick"))
    budget = budget if budget in ("standard", "full") else "quick"
    spec = resolve_recorded(record.model.key, settings, trust_code)
    track = of_fold(find_track(find_task(record.task.name).track), record.fold or 0)
    task = record.task
    job = RunSpec(spec, track, record.seed, budget, (task.name,), typed, task.episodes)
    _, recipe = build(job)
    if recipe != record.model.recipe:
        changed = sorted(
            name
            for name in {*recipe, *record.model.recipe}
            if recipe.get(name) != record.model.recipe.get(name)
        )
        raise OneshotError(f"{record.model.key} has another recipe now: {', '.join(changed)}.")
    return job


def _settings(record: Record) -> dict[str, str]:
    """The settings in a record's provenance, by name."""
    pairs = record.provenance.settings
    settings = parse(pair for pair in pairs if "=" in pair)
    if len(settings) < len(pairs) or not all(name.isidentifier() for name in settings):
        raise OneshotError(
            f"The record of {record.model.key} on {record.task.name}, seed {record.seed}, has "
            f"settings that are not KEY=VALUE: {', '.join(pairs)}."
        )
    return settings


def compared(before: Record, now: Record) -> Recomputed:
    """The verdict on two records of one job."""
    if before.outcome is None or now.outcome is None:
        same = before.outcome is now.outcome and before.reason == now.reason
        return Recomputed("identical" if same else "different", 0, 0, 0.0, 0.0)
    if before.outcome.kind != now.outcome.kind or before.outcome.answered != now.outcome.answered:
        return Recomputed("different", 0, 0, 0.0, 0.0)
    name = before.task.name
    (old, of), (new, _) = (
        decisions(name, outcome, before.fold) for outcome in (before.outcome, now.outcome)
    )
    every = of * len(old)
    differing = int(np.abs(old - new).sum())
    right = float(old.sum() / every), float(new.sum() / every)
    return Recomputed(_verdict(before, now, old, new, of), differing, every, *right)


def _as_kept(outcome: Outcome | None, like: Outcome | None) -> Outcome | None:
    """The outcome without what a record from before did not keep."""
    if not isinstance(outcome, LogOdds) or not isinstance(like, LogOdds) or like.order is not None:
        return outcome
    return outcome.model_copy(update={"order": None, "doubt": None})


def _alike(before: Record, now: Record) -> bool:
    """Whether both were measured on like hardware; records without a processor cannot say."""
    a, b = before.provenance, now.provenance
    if (a.device, a.platform, a.torch) != (b.device, b.platform, b.torch):
        return False
    return a.device.startswith("cuda") or (a.processor is not None and a.processor == b.processor)


def _leans(difference: NDArray[np.int64]) -> bool:
    """Whether differences go one way more often than chance lets them: an exact sign test.

    Rounding helps as often as it harms. It is two-sided, at 5 %, over decisions.
    """
    better = int(difference[difference > 0].sum())
    every = int(np.abs(difference).sum())
    return every > 0 and bool(binomtest(better, every).pvalue < 0.05)


def _verdict(
    before: Record, now: Record, old: NDArray[np.int64], new: NDArray[np.int64], of: int
) -> Verdict:
    if before.outcome == _as_kept(now.outcome, before.outcome):
        return "identical"
    differing = int(np.abs(old - new).sum())
    if before.provenance.weights == now.provenance.weights:
        if _alike(before, now) or differing > FEW * of * len(old) or _leans(new - old):
            return "different"
        return "decisions differ"
    difference = (new - old) / of  # question by question
    # Twenty episodes cannot tell half a point: what their own spread explains is no difference.
    noise = 1.96 * float(difference.std(ddof=1)) / len(old) ** 0.5 if len(old) > 1 else 0.0
    near = abs(float(difference.mean())) <= max(SAME, noise)
    return "statistically the same" if near else "different"
