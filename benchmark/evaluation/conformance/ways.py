"""Other numbers of classes and shots than the usual ones."""

from __future__ import annotations

import torch

from benchmark.evaluation.conformance.kind import Check, Finding, failed, passed, skipped
from benchmark.evaluation.conformance.subject import Subject

SHAPES = ((2, 1), (3, 3), (7, 1))  # ways and shots


def _look(subject: Subject) -> Finding:
    fixed = getattr(subject.model, "trained_for", None)
    if fixed is not None:
        return skipped(f"it declares `trained_for`: {fixed[0]}-way {fixed[1]}-shot only")
    if subject.way == "embed":
        return skipped("the harness compares its embeddings itself, at any shape")
    model = subject.fresh()
    for n_way, n_shot in SHAPES:
        episode = subject.episode(0, (n_way, n_shot), 1)
        try:
            scores = subject.scores(model, subject.embedded(model, episode))
        except Exception as error:  # whatever a fixed head raises
            text = f"{type(error).__name__}: {error}".splitlines()[0]
            return failed(f"{n_way}-way {n_shot}-shot is not answered: {text}")
        if not torch.isfinite(scores).all():
            return failed(f"{n_way}-way {n_shot}-shot scores are not finite")
    names = ", ".join(f"{n_way}-way {n_shot}-shot" for n_way, n_shot in SHAPES)
    return passed(f"{names} are answered")


CHECK = Check(
    name="other-shapes",
    claim="Any number of classes and shots is answered, unless `trained_for` is declared.",
    resembles=(
        "results of 5-way heads quoted for other shapes, and shapes typed into the code, which "
        "answer wrongly instead of refusing"
    ),
    mend=(
        "read n_way from labels.max() + 1; a head of a fixed size declares "
        "`trained_for = (n_way, n_shot)`, and other tasks are refused"
    ),
    look=_look,
)
