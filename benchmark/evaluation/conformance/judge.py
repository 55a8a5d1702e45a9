"""From a model to a report: builds it, trains it if asked to, and goes through the list."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmark.errors import OneshotError, Refused
from benchmark.evaluation.api import spec_of
from benchmark.evaluation.conformance import samples
from benchmark.evaluation.conformance.checks import CHECKS
from benchmark.evaluation.conformance.kind import Check, Finding, failed, skipped
from benchmark.evaluation.conformance.modules import cause
from benchmark.evaluation.conformance.report import Outcome, Report
from benchmark.evaluation.conformance.samples import Sample
from benchmark.evaluation.conformance.short_training import train as train_shortly
from benchmark.evaluation.conformance.subject import Subject
from benchmark.evaluation.inference_config import recorded
from benchmark.registry import ModelSpec

SEED, BUDGET = 0, "quick"


def check(
    model: str | Any,
    *,
    settings: Mapping[str, Any] | None = None,
    track: str = "glyphs",
    train: bool = False,
    data: Path | None = None,
) -> Report:
    """Goes through the list of checks; on the embedded data it takes seconds.

    Args:
        model: a catalogue key, "package.module:Name", "path/to/file.py:Name", an adapter such as
            "torchscript:PATH", a model class, or a model object (of which copies are asked).
        settings: settings of the model, such as {"margin": 0.5}.
        track: whose validation split is shown; a model that takes no such data is shown a made-up
            set of texts, photographs or vectors instead.
        train: check it after a short training instead of as it is built.
        data: data directory, for tracks that are not embedded.

    Returns:
        The report; `report.passed` says whether no check failed, `report["state"]` is one outcome.

    Raises:
        OneshotError: for unknown names, or a model that cannot be built or trained.
    """
    began = time.perf_counter()
    spec = spec_of(model, settings)
    sample, built = _built(spec, samples.of_track(track, data))
    way = recorded(spec.inference, built)
    is_object = not isinstance(model, str | type)
    subject = Subject(
        model=built,
        sample=sample,
        rebuild=None if is_object else lambda: spec.build(SEED, sample.info, BUDGET),
        shots=way.get("shots"),
        trained=train,
    )
    if train:
        if is_object:  # the caller's own stays as it is
            subject = replace(subject, model=_copied(subject))
        train_shortly(subject.model, sample, SEED)
    outcomes = judged(subject)
    return Report(spec.key, sample.shown.name, train, outcomes, time.perf_counter() - began)


def judged(subject: Subject) -> tuple[Outcome, ...]:
    """The outcomes of all checks."""
    outcomes: list[Outcome] = []
    broken = ""
    for each in CHECKS:
        finding = (
            skipped(f"mend `{broken}` first") if broken and each.compares else _asked(each, subject)
        )
        if each.gate and finding.state == "failed":
            broken = broken or each.name
        told = (each.resembles, each.mend) if finding.state == "failed" else ("", "")
        outcomes.append(Outcome(each.name, finding.state, finding.seen, *told))
    return tuple(outcomes)


def _asked(each: Check, subject: Subject) -> Finding:
    """What the check finds; a model that raises has failed it."""
    try:
        finding = each.look(subject)
        if finding.state == "passed" and each.compares and each.name in subject.at_scale:
            return failed(f"{subject.at_scale[each.name]}.{cause(subject.model)}")
        return finding
    except Exception as error:  # a user's model may raise anything
        text = f"{type(error).__name__}: {error}".splitlines()[0].rstrip(".")
        return failed(f"it raised {text}.{cause(subject.model)}")


def _built(spec: ModelSpec, sample: Sample) -> tuple[Sample, Any]:
    """The model, and the sample of a kind that it takes.

    Raises:
        OneshotError: it cannot be built, or takes none of the kinds.
    """
    try:
        return sample, spec.build(SEED, sample.info, BUDGET)
    except Refused as refusal:
        for family in samples.MADE_UP:
            other = samples.made_up(family)
            try:
                return other, spec.build(SEED, other.info, BUDGET)
            except Refused:
                continue
        raise refusal


def _copied(subject: Subject) -> Any:
    if not subject.copies:
        raise OneshotError("This model object cannot be copied to be trained.", "Give its class.")
    return subject.fresh()
