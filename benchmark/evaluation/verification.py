"""Scores of verification trials: each item embedded once, then pairs by index arithmetic."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.errors import Refused
from benchmark.evaluation import precision
from benchmark.evaluation.embedding_store import EmbeddingStore
from benchmark.evaluation.embeddings import pixels_for, to_input
from benchmark.evaluation.order import permutation
from benchmark.evaluation.pairs import (
    cancelled,
    finite,
    pair_similarity,
    pair_way,
    refusal,
    with_references,
)
from benchmark.evaluation.scorers import BLOCK_VALUES, over_shots
from benchmark.evaluation.tensors import as_tensor
from benchmark.models.model import resolved
from benchmark.tasks.loading import LoadedTask
from benchmark.tasks.trials import Trials

# Trials that a model answers which must see the items of each pair; a share of every kind.
PREFIX_TRIALS = {"test": 6_000, "validation": 1_500}

Report = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Scores:
    """How alike the two sides of each trial are.

    Attributes:
        scores: float64 [t], on the model's own scale; higher is more alike.
        asked: the trials that were answered.
        embedding_seconds, scoring_seconds: wall-clock time of the two halves.
    """

    scores: NDArray[np.float64]
    asked: Trials
    embedding_seconds: float
    scoring_seconds: float


def score_trials(
    model: object,
    loaded: LoadedTask,
    *,
    device: str = "cpu",
    report: Report | None = None,
    bank: EmbeddingStore | None = None,
    shots: str | None = None,
) -> Scores:
    """Scores the task's pinned trials.

    Args:
        model: on `device`, in evaluation mode.
        loaded: a verification task.
        device: where the model computes.
        report: called with (trials done, trials in all).
        bank: embeddings of this very model from earlier tasks, to be used and added to.
        shots: what stands for several references, see `InferenceConfig`; None for what is usual.

    Raises:
        Refused: the model has no similarity of two items.
        ModelFailed: if a score is not finite or has the wrong shape.
    """
    way = pair_way(model)
    if way is None:
        raise Refused(f"The model cannot verify: {refusal(model)}.")
    report = report or (lambda done, total: None)
    asked = loaded.episodes
    assert isinstance(asked, Trials)
    started = time.perf_counter()
    shots = shots or ("prototype" if way == "embed" else "mean-similarity")
    if way == "similarity":
        asked = asked.first(min(PREFIX_TRIALS[loaded.task.split], len(asked)))
        scores = _one_by_one(model, loaded, asked, device, report, shots)
        return Scores(scores, asked, 0.0, time.perf_counter() - started)
    items = asked.items()
    vectors = (bank or EmbeddingStore(model, device)).vectors(loaded.data, loaded.task.split, items)
    embedded = time.perf_counter()
    row = np.zeros(len(loaded.data), dtype=np.int64)
    row[items] = np.arange(len(items))
    scores = score_pairs(
        model, way, vectors, row[asked.references], row[asked.probes], shots=shots, report=report
    )
    return Scores(scores, asked, embedded - started, time.perf_counter() - embedded)


def score_pairs(
    model: object,
    way: str,
    vectors: Tensor,
    references: NDArray[np.int64],
    probes: NDArray[np.int64],
    *,
    shots: str = "prototype",
    report: Report | None = None,
) -> NDArray[np.float64]:
    """float64 [t]: how alike embeddings are, higher is more alike.

    Args:
        model: in evaluation mode.
        way: "embed" or "compare", see `pair_way`.
        vectors: float32 [n, e], embeddings on the model's device.
        references: int64 [t, k], rows of `vectors` on the left side of each pair.
        probes: int64 [t], rows on the right side.
        shots: what stands for several references, see `InferenceConfig`.
        report: called with (pairs done, pairs in all).

    Raises:
        ModelFailed: if a score is not finite or has the wrong shape.
    """
    similar = pair_similarity(model, way, vectors)
    order = permutation(len(probes), "pairs")  # trials come kind after kind: genuine ones first
    distance = (resolved(model).geometry or None) if way == "embed" else None
    unit = distance == "cosine"
    double = distance is not None and (
        not precision.is_in_range(vectors)
        or (distance == "dot-product" and precision.offset_ratio(vectors) > precision.OFFSET)
    )
    out = np.empty(len(probes))
    block = max(1, BLOCK_VALUES // (2 * (references.shape[1] + 1) * vectors.shape[1]))
    with torch.inference_mode():
        for start in range(0, len(probes), block):
            part = order[start : start + block]
            left = vectors[torch.from_numpy(references[part]).to(vectors.device)]  # (p, k, e)
            right = vectors[torch.from_numpy(probes[part]).to(vectors.device)]  # (p, e)
            if double:
                left, right = left.double(), right.double()
            found = with_references(similar, left, right, shots, unit)
            if distance is not None and not double:
                again = cancelled(distance, left, right, found)
                if bool(again.any()):
                    found = found.double()
                    exact = left[again].double(), right[again].double()
                    found[again] = with_references(similar, *exact, shots, unit)
            out[part] = finite(found).double().cpu().numpy()
            if report:
                report(min(start + block, len(probes)), len(probes))
    return out


def _one_by_one(
    model: object, loaded: LoadedTask, asked: Trials, device: str, report: Report, shots: str
) -> NDArray[np.float64]:
    """Scores of a model that must see both items of each pair."""
    items = asked.items()
    pixels = pixels_for(model, loaded.data.take(items))
    row = np.zeros(len(loaded.data), dtype=np.int64)
    row[items] = np.arange(len(items))
    # There is no embedding whose mean could stand for several references.
    shots = "mean-similarity" if shots == "prototype" else shots
    out = np.empty(len(asked))
    order = permutation(len(asked), "trials")
    with torch.inference_mode():
        for done, t in enumerate(order.tolist(), start=1):
            references = to_input(pixels[row[asked.references[t]]], model, device)
            probe = to_input(pixels[row[asked.probes[t : t + 1]]], model, device)
            found = resolved(model).similarity(references, probe)
            pairs = finite(as_tensor(found, "similarity", [1, len(references)], device))
            out[t] = float(over_shots(pairs.double(), shots)[0])
            if done % 100 == 0:
                report(done, len(asked))
    return out
