"""What a check is: a question to a model, the published mistake it catches, and the remedy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.evaluation.conformance.report import State

if TYPE_CHECKING:
    from benchmark.evaluation.conformance.subject import Subject


@dataclass(frozen=True)
class Finding:
    """How a check went and what it saw (or why it does not apply)."""

    state: State
    seen: str


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        name: on the command line, in tables and in tests.
        claim: what holds of a model that passes.
        resembles: the kind of published mistake that fails it.
        mend: how to mend it.
        look: asks the model.
        gate: where it fails, the checks that compare answers have nothing to go by.
        compares: whether it compares answers, so that a failed gate makes it void.
    """

    name: str
    claim: str
    resembles: str
    mend: str
    look: Callable[[Subject], Finding]
    gate: bool = False
    compares: bool = True


def passed(seen: str) -> Finding:
    """The model is sound in this."""
    return Finding("passed", seen)


def failed(seen: str) -> Finding:
    """The model is not sound in this."""
    return Finding("failed", seen)


def skipped(reason: str) -> Finding:
    """The question makes no sense for this model."""
    return Finding("not applicable", reason)
