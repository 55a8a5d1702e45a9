"""Where float32 is not enough: detects scores that cancel, and computes them again in float64.

Fast scores come from inner products of float32 embeddings. Their rounding error is relative to the
length of the embeddings, not to the distance between them: it matters where embeddings share a
large offset or where several candidates are much closer to a query than the query is long. The
detection is conservative in one direction only. Well-conditioned scores stay as they are, bit by
bit; others are replaced wherever rounding could change the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from benchmark.models.distances._unit import EPSILON, SAFE, rescaled, unit

# |mean|^2 over the mean |v - mean|^2, from which on the mean is subtracted first. Float32 leaves a
# relative error of about 1e-4 in the squared distances of embeddings just below it.
OFFSET = 256.0
NEAR = 2.0**-8  # a squared distance below this share of the squared length counts as cancelled
ROUNDING = 2.0**-22  # error of an inner product of float32 vectors, times the root of their width
SAMPLE, LEAST = 2_048, 64  # embeddings, at most and at least from which the offset is estimated
FEW = 16  # classes: reductions over a short last axis are slow, so that it is moved to the front
BLOCK_VALUES = 1 << 21  # values converted to float64 at once: bounds memory
LARGE = 1 << 26  # values of embeddings of which no second copy of length one is made: 256 MB
EUCLIDEAN = ("euclidean", "squared-euclidean")


def offset_ratio(vectors: Tensor) -> float:
    """How far the mean of vectors [n, e] lies from the origin, squared, relative to their spread.

    Estimated from at most 2,048 evenly spaced rows.
    """
    mean, spread = _moments(vectors)
    far = float(mean.square().sum())
    return far / spread if spread > 0 else (float("inf") if far > 0 else 0.0)


def centred(vectors: Tensor) -> Tensor:
    """Vectors [n, e] minus their mean where they share a large offset, else the same tensor.

    The mean is rounded to float32, which makes the subtraction exact for coordinates whose offset
    dominates: equal distances stay equal.
    """
    if offset_ratio(vectors) <= OFFSET:
        return vectors
    return vectors - _moments(vectors)[0].to(vectors.dtype)


def is_in_range(vectors: Tensor) -> bool:
    """Whether float32 can square the values of the vectors."""
    largest = _largest(vectors)
    return largest == 0 or SAFE[0] <= largest <= SAFE[1]


def in_range(vectors: Tensor) -> Tensor:
    """Vectors times a power of two where their squares could leave float32, else the same tensor.

    No comparison of distances or inner products changes.
    """
    if is_in_range(vectors):
        return vectors
    return rescaled(vectors, torch.tensor(_largest(vectors), device=vectors.device))


def _largest(vectors: Tensor) -> float:
    """The largest magnitude, without a copy."""
    if not vectors.numel():
        return 0.0
    least, most = torch.aminmax(vectors)
    return max(-float(least), float(most))


def centred_unit(vectors: Tensor) -> Tensor | None:
    """Unit vectors [n, e] minus their mean, from float64; None where float32 resolves the angles.

    The order of their distances is that of the angles.
    """
    sample = unit(sampled(vectors).double())
    if offset_ratio(sample) <= OFFSET:
        return None
    mean = sample.mean(dim=0)
    out: Tensor = torch.empty_like(vectors)
    block = rows_at_once(vectors)
    for start in range(0, len(vectors), block):
        out[start : start + block] = unit(vectors[start : start + block].double()) - mean
    return out


def lengths_of(vectors: Tensor) -> Tensor | None:
    """[n]: by what vectors [n, e] are divided to have length one, block by block.

    None where a copy of length one is small enough to be made, or some length is extreme.
    """
    if vectors.numel() <= LARGE:
        return None
    lengths: Tensor = torch.linalg.vector_norm(vectors, dim=1)
    if bool(((lengths < SAFE[0]) | (lengths > SAFE[1])).any()):
        return None
    return lengths.clamp_min(EPSILON)


def sampled(vectors: Tensor) -> Tensor:
    """Evenly spaced rows of vectors [n, e] from which an offset is estimated."""
    return vectors[:: _step(vectors)]


def rows_at_once(vectors: Tensor) -> int:
    """How many rows of vectors [n, e] are converted to float64 at once."""
    return max(1, BLOCK_VALUES // max(1, vectors.shape[1]))


def _step(vectors: Tensor) -> int:
    rows = max(LEAST, min(SAMPLE, rows_at_once(vectors)))
    return max(1, len(vectors) // rows)


def _moments(vectors: Tensor) -> tuple[Tensor, float]:
    sample = sampled(vectors).double()
    mean = sample.mean(dim=0)
    return mean, float((sample - mean).square().sum(dim=1).mean())


class Fast(NamedTuple):
    """Scores from float32, and what decides whether they can be trusted.

    Attributes:
        scores: float32 [b, q, n]; the best class wins.
        near: [b, q] or broadcastable; a score above it belongs to a cancelled distance.
        spread: likewise; classes whose scores differ by less have cancelled as a whole.
        error: likewise; rounding can exchange scores that differ by less.
    """

    scores: Tensor
    near: Tensor | float
    spread: Tensor | float
    error: Tensor | float


def doubtful(fast: Fast) -> Tensor | None:
    """Bool [b]: the episodes in which cancellation could have changed an answer; None for none."""
    scores = fast.scores
    if scores.shape[2] < 2:
        return None
    by_class = torch.stack(scores.unbind(2)) if scores.shape[2] <= FEW else scores.movedim(2, 0)
    best, worst = by_class.amax(dim=0), by_class.amin(dim=0)
    possible = (best > fast.near) | (best - worst < fast.spread)
    if not bool(possible.any()):
        return None
    first, second = scores[possible].topk(2, dim=1).values.unbind(dim=1)
    near, spread, error = (_of(limit, possible) for limit in fast[1:])
    cancelled = (second > near) | (first - worst[possible] < spread)
    possible[possible.clone()] = cancelled & (first - second < error)
    again = possible.any(dim=1)
    return again if bool(again.any()) else None


def _of(limit: Tensor | float, rows: Tensor) -> Tensor | float:
    return limit.expand(rows.shape)[rows] if isinstance(limit, Tensor) else limit


def fast_euclidean(
    scores: Tensor, squares: Tensor, width: int, longest: float | None = None
) -> Fast:
    """Scores |q|^2 - d^2 [b, q, n] of queries of squared lengths [b, q].

    `longest` bounds the squared length of the embeddings in a mean.
    """
    size = 2 * squares - scores[:, :, 0]  # |q|^2 + d^2 of some class
    near = squares
    if longest is not None:
        size, near = size + longest, squares.clamp(min=longest)
    return Fast(scores, squares - NEAR * near, NEAR * size, ROUNDING * width**0.5 * size)


def fast_mean_distance(products: Tensor, squares: Tensor, scores: Tensor, width: int) -> Fast:
    """Mean distances `scores` below zero [b, q, n], made of |q|^2 - d^2 with each support."""
    nearest = (squares - products.amax(dim=2)).clamp(min=0)
    error = ROUNDING * width**0.5 * (squares + nearest)
    # The root enlarges the error of a small square.
    error = error / torch.maximum(nearest, error).sqrt().clamp(min=torch.finfo(error.dtype).tiny)
    size = (squares + nearest).sqrt()
    return Fast(scores, -(NEAR * squares).sqrt(), NEAR * size, error)


def fast_cosine(scores: Tensor, width: int, shortest: Tensor | None = None) -> Fast:
    """Cosines [b, q, n]; `shortest` [b, 1] is the length of the shortest mean of unit vectors."""
    near, spread, error = 1 - NEAR, NEAR, ROUNDING * width**0.5
    if shortest is None:
        return Fast(scores, near, spread, error)
    cancelled = torch.where(shortest < NEAR**0.5, float("-inf"), near)
    return Fast(scores, cancelled, spread, error / shortest.clamp(min=EPSILON))


def fast_dot_product(scores: Tensor, lengths: Tensor, longest: float, width: int) -> Fast:
    """Inner products [b, q, n] of queries of lengths [b, q] with vectors of at most `longest`."""
    size = lengths * longest
    return Fast(scores, float("inf"), NEAR * size, ROUNDING * width**0.5 * size)


def fast_manhattan(scores: Tensor, longest: float | None) -> Fast:
    """Distances below zero [b, q, n] from means of embeddings of at most `longest`, or from none.

    Only the means are rounded: the differences of float32 numbers are as good as they are.
    """
    if longest is None:
        return Fast(scores, float("inf"), 0.0, 0.0)
    return Fast(scores, -NEAR * longest, NEAR * longest, ROUNDING * longest)


def exact_scores(
    distance: str, shots: str, support: Tensor, queries: Tensor, over: Callable[[Tensor], Tensor]
) -> Tensor:
    """float64 [b, q, n]: similarities of queries [b, q, e] and classes [b, n, k, e].

    Differences are taken before they are squared. Scores of a query are right up to one constant:
    cosines are lower by 1.

    Args:
        distance: its geometry, see `Distance`.
        shots: see `InferenceConfig`.
        support: float32 embeddings as the model gave them.
        queries: likewise.
        over: reduces [b, q, n, k] over the supports of a class.
    """
    support, queries = support.double(), queries.double()
    if distance == "cosine":
        support, queries = unit(support), unit(queries)
    if shots == "prototype":
        support = support.mean(dim=2, keepdim=True)
        support = unit(support) if distance == "cosine" else support
    b, n, k, e = support.shape
    scores = exact_rows(distance, queries, support.reshape(b, n * k, e))
    if distance == "euclidean" and shots == "mean-similarity":
        scores = -(-scores).sqrt()
    return over(scores.view(b, -1, n, k))


def exact_rows(distance: str, queries: Tensor, others: Tensor) -> Tensor:
    """float64 [..., q, m]: similarities of all pairs of float64 [..., q, e] and [..., m, e].

    Squared for both Euclidean distances. Vectors are of length one already for the cosine, whose
    values are lower by 1.
    """
    if distance == "dot-product":
        return queries @ others.transpose(-1, -2)
    if distance == "manhattan":
        return -torch.cdist(queries, others, p=1)
    direct = torch.cdist(queries, others, compute_mode="donot_use_mm_for_euclid_dist")
    squares = -direct.square()
    return squares / 2 if distance == "cosine" else squares
