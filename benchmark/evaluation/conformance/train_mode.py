"""Batch norm and dropout that were never switched to evaluation."""

from __future__ import annotations

from benchmark.evaluation.conformance.kind import Check, Finding, failed, passed, skipped
from benchmark.evaluation.conformance.modules import modules_of, unsettled
from benchmark.evaluation.conformance.subject import Subject


def _look(subject: Subject) -> Finding:
    model = subject.fresh()
    if not hasattr(model, "training_mode") and not any(True for _ in modules_of(model)):
        return skipped("it holds no torch module that the check can see")
    before = _names(subject, model)
    episode = subject.episode()
    try:
        subject.scores(model, subject.embedded(model, episode))
    except Exception:  # other checks tell of it; this one is about modes
        return _told(before, "after eval()")
    return _told(before, "after eval()") if before else _told(_names(subject, model), "once asked")


def _names(subject: Subject, model: object) -> list[str]:
    names = unsettled(model)
    if subject.declares("transductive") and not subject.embeds:
        # Queries may normalise each other where a model says so; nothing may be dropped even then.
        names = [name for name in names if "BatchNorm" not in name]
    return names


def _told(names: list[str], when: str) -> Finding:
    if not names:
        return passed("batch norm and dropout are in evaluation mode")
    more = f" and {len(names) - 6} more" if len(names) > 6 else ""
    return failed(f"{when}: {', '.join(names[:6])}{more}")


CHECK = Check(
    name="train-mode",
    claim="When it is asked, no batch norm normalises by the batch and no dropout drops.",
    resembles=(
        "batch norm left in training mode on the query batch, so that queries see each other: "
        "hidden transduction, common in code of relation networks and MAML; a TorchScript or ONNX "
        "file exported before eval()"
    ),
    mend=(
        "derive from torch.nn.Module, or give the class a method eval() that calls eval() on every "
        "network it holds, and never call train() while answering; call model.eval() before an "
        "export"
    ),
    look=_look,
    compares=False,
)
