"""Shapes, number types and finite values of everything that a model gives."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from benchmark.errors import ModelFailed
from benchmark.evaluation.conformance.kind import Check, Finding, failed, passed
from benchmark.evaluation.conformance.repeatable import asked
from benchmark.evaluation.conformance.subject import Subject
from benchmark.models.model import resolved


def _shapes(subject: Subject) -> Finding:
    model, episode = subject.fresh(), subject.episode()
    told = []
    if resolved(model).embedder is not None:
        rows = subject.embed(model, episode.queries)
        wrong = _wrong_embedding(rows, len(episode.queries))
        if wrong:
            return failed(wrong)
        told.append(f"embed {list(rows.shape)}")
    try:
        given = subject.embedded(model, episode)
        scores = subject.scores(model, given)
        if subject.way in ("compare", "similarity"):
            pairs = subject.pairs(model, given.support, given.queries)
            told.append(f"{subject.way} {list(pairs.shape)}")
    except ModelFailed as failure:
        return failed(str(failure))
    if not scores.is_floating_point():
        return failed(f"{subject.way} gave scores of type {_type(scores)}; expected float32")
    return passed(", ".join([*told, f"scores {list(scores.shape)} {_type(scores)}"]))


def _wrong_embedding(rows: Any, count: int) -> str:
    if not isinstance(rows, Tensor):
        return f"embed gave {type(rows).__name__} for {count} items; expected one tensor"
    if rows.ndim != 2 or len(rows) != count or rows.shape[1] == 0:
        return f"embed gave shape {list(rows.shape)} for {count} items; expected [{count}, width]"
    if rows.dtype != torch.float32:
        return f"embed gave {_type(rows)}; expected float32"
    return ""


def _type(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _finite(subject: Subject) -> Finding:
    model, seen = subject.fresh(), 0
    if resolved(model).embedder is not None:
        # Among others: whether one alone can be embedded is another check's question.
        others = subject.items[:3]
        rows = subject.embed(model, torch.cat([torch.zeros_like(others[:1]), others]))
        if not torch.isfinite(rows[0]).all():
            return failed("the embedding of a blank item is not finite")
    for number in range(2):
        for name, values in asked(subject, model, subject.episode(number)).items():
            bad = int((~torch.isfinite(values)).sum())
            seen += values.numel()
            if bad:
                return failed(f"{bad} of {values.numel()} numbers in its {name} are not finite")
    return passed(f"all of {seen} numbers are finite")


SHAPES = Check(
    name="shapes",
    claim="Every output has the shape and the number type that its protocol states.",
    resembles=(
        "scores that broadcast or are flattened by accident, so that answers of one query are "
        "counted for another"
    ),
    mend=(
        "return what benchmark/protocols/interfaces.py states: one float32 row an item, one score "
        "a class"
    ),
    look=_shapes,
    gate=True,
    compares=False,
)
FINITE = Check(
    name="finite",
    claim="No embedding and no score is NaN or infinite, of a blank item neither.",
    resembles=(
        "NaN scores that argmax turns into an answer, always the same one, so that a broken "
        "training is reported as chance, or as perfect where the truth stands first"
    ),
    mend=(
        "keep divisions and roots away from zero (clamp norms and variances, log_softmax instead "
        "of log of softmax); a smaller learning rate if the weights themselves are NaN"
    ),
    look=_finite,
    gate=True,
)
