"""What the probes of a run found: a verdict for the record, or a refusal with its reason."""

from __future__ import annotations

from benchmark.evaluation.conformance.checks import CHECKS
from benchmark.evaluation.integrity import IntegrityFailed, Mismatch, Probe
from benchmark.records.schema import Integrity


def probed(probe: Probe) -> Integrity:
    """The verdict on a task that was answered.

    Raises:
        IntegrityFailed: an answer changed when it was asked for again.
    """
    found = probe.ask_again()
    if found is not None:
        raise IntegrityFailed(refusal(found), "Type: oneshot check MODEL")
    return Integrity(items=probe.items, questions=probe.questions, exempt=list(probe.exempt))


def refusal(found: Mismatch) -> str:
    """What was seen, which published mistake it resembles, and what to do."""
    check = next(each for each in CHECKS if each.name == found.check)
    return (
        f"The integrity probe '{check.name}' failed, so the model is not measured: {found.seen}. "
        f"It resembles {check.resembles}. What to do: {check.mend}."
    )
