"""Nothing of one episode reaches the next."""

from __future__ import annotations

from benchmark.evaluation.conformance.difference import between
from benchmark.evaluation.conformance.kind import Check, Finding, failed, passed
from benchmark.evaluation.conformance.modules import cause
from benchmark.evaluation.conformance.repeatable import asked
from benchmark.evaluation.conformance.subject import Subject


def _look(subject: Subject) -> Finding:
    model = subject.fresh()
    a, b = subject.episode(0), subject.episode(1)
    first = asked(subject, model, a)
    after = asked(subject, model, b)
    again = asked(subject, model, a)
    for name, expected in first.items():
        difference = between(expected, again[name])
        if not difference.same:
            return failed(
                f"{name} of an episode change once another was asked: {difference}.{cause(model)}"
            )
    if not subject.copies:
        return passed("an episode asked again after another is answered alike")
    alone = asked(subject, subject.fresh(), b)
    for name, expected in alone.items():
        difference = between(expected, after[name])
        if not difference.same:
            return failed(
                f"{name} of an episode differ when another was asked before: {difference}."
                f"{cause(model)}"
            )
    return passed("an episode is answered alike before, after and without another")


CHECK = Check(
    name="state",
    claim="An episode is answered alike whatever was asked before.",
    resembles=(
        "prototypes or features kept on the module from an earlier episode, and stale feature "
        "caches that are reported as another model's"
    ),
    mend=(
        "compute everything from the arguments of the call; what must be kept for speed is keyed "
        "by the items' content, and weights adapted to an episode are a copy"
    ),
    look=_look,
)
