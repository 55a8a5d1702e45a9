"""How alike two items are to a model: what verification and retrieval ask, whatever the model."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from benchmark.errors import ModelFailed
from benchmark.evaluation import precision
from benchmark.evaluation.scorers import over_shots
from benchmark.evaluation.tensors import as_tensor
from benchmark.models.distances._unit import unit
from benchmark.models.model import resolved

SMALL_ANGLE = 2.0**-12  # 1 - cosine below which float32 holds fewer than four digits of it
PairSimilarity = Callable[[Tensor, Tensor], Tensor]


def pair_way(model: object) -> str | None:
    """The method that tells how alike two items are, or None if the model has none.

    A classifier of embeddings is asked by the distance between them: two items are no episode.
    """
    return resolved(model).pair_interface


def refusal(model: object) -> str | None:
    """Why the model cannot be asked about pairs, or None if it can."""
    if pair_way(model) is not None:
        return None
    return "it only classifies whole episodes and has no similarity of two items"


def pair_similarity(model: object, way: str, like: Tensor) -> PairSimilarity:
    """Embeddings [p, e] and [p, e] -> how alike, [p]; by `compare` or the declared distance.

    `like` gives the width of the embeddings, its last axis, and the device.
    """
    if way == "compare":
        return lambda a, b: compared(model, a, b)
    distance = resolved(model).distance(like.shape[-1], str(like.device))
    if distance.geometry:
        return distance.pair_similarity
    return lambda a, b: as_tensor(distance.pair_similarity(a, b), "pairs", [len(a)], a.device)


def compared(model: object, a: Tensor, b: Tensor) -> Tensor:
    """The model's own similarity of embeddings [p, e] and [p, e], its shape checked: [p].

    Raises:
        ModelFailed: if `compare` gives another shape than one number a pair.
    """
    return as_tensor(resolved(model).compare(a, b), "compare", [len(a)], a.device)


def with_references(
    similar: PairSimilarity, references: Tensor, probes: Tensor, shots: str, normalise: bool
) -> Tensor:
    """References [p, k, e] and probes [p, e] -> how alike, [p]; see `InferenceConfig.shots`.

    `normalise`: references are brought to length one before a prototype is taken (the cosine).
    """
    p, k, e = references.shape
    if shots == "prototype" or k == 1:
        vectors = unit(references) if normalise and k > 1 else references
        return similar(vectors.mean(dim=1), probes)
    flat = probes[:, None].expand(p, k, e).reshape(-1, e)
    return over_shots(similar(references.reshape(-1, e), flat).view(p, k), shots)


def cancelled(distance: str, references: Tensor, probes: Tensor, scores: Tensor) -> Tensor:
    """Bool [p]: which float32 similarities lost digits that float64 has.

    Distances of two embeddings are sums of differences, which do not cancel; their means do, and so
    do angles near 0.

    Args:
        distance: its geometry, see `Distance`; not "".
        references: float32 [p, k, e].
        probes: float32 [p, e].
        scores: float32 [p], as `with_references` gave them.
    """
    if distance == "cosine":
        lost: Tensor = scores > 1 - SMALL_ANGLE
        if references.shape[1] == 1:
            return lost
        shortest = unit(references).mean(dim=1).norm(dim=1)
        lost |= shortest < precision.NEAR
        return lost
    if references.shape[1] == 1 or distance == "dot-product":
        return torch.zeros_like(scores, dtype=torch.bool)
    order = 1 if distance == "manhattan" else 2
    longest = torch.linalg.vector_norm(references, order, dim=2).amax(dim=1)
    apart = -scores if distance != "squared-euclidean" else (-scores).sqrt()
    cancels: Tensor = apart < longest * precision.NEAR**0.5
    return cancels


def finite(scores: Tensor) -> Tensor:
    """The scores, if all are numbers.

    Raises:
        ModelFailed: otherwise.
    """
    if not torch.isfinite(scores).all():
        raise ModelFailed("Some similarities are not finite, so nothing can be read from them.")
    return scores
