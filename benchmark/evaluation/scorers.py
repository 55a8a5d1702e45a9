"""Scores of a block of episodes from embeddings, by index arithmetic alone.

Two ways lead to the same scores: gathering the embeddings of each episode, or looking inner
products up in one matrix over all items. Which is cheaper depends on shapes only, so a task is
always scored the same way. Episodes in which either cancels are scored again in float64
(`precision`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.evaluation import precision
from benchmark.evaluation.embedding_store import EmbeddingStore
from benchmark.evaluation.tensors import as_tensor
from benchmark.models.distances._distance import Distance
from benchmark.models.distances._distance import products as dot_product
from benchmark.models.distances._unit import EPSILON, unit
from benchmark.models.model import resolved
from benchmark.tasks.episodes import Episodes

BLOCK_VALUES = 1 << 22  # values gathered at once: bounds memory whatever the number of episodes
# Where they are only multiplied they had better stay in a processor's caches; a graphics processor
# wants more of them to be busy.
CACHED_VALUES, BUSY_VALUES = 1 << 21, 1 << 24
MATRIX_ITEMS = 6_000  # the matrix of inner products may take 144 MB
# Costs relative to one multiplication of a matrix product, measured on two cores.
GATHERED_VALUE, LOOKUP = 100, 1_000


@dataclass(frozen=True)
class Scorer:
    """Scores [b, q, n_way] from rows of support [b, n, k] and queries [b, q], `block` at once."""

    score: Callable[[Tensor, Tensor], Tensor]
    block: int


def embedding_scorer(
    model: object,
    vectors: Tensor,
    asked: Episodes,
    items: NDArray[np.int64],
    bank: EmbeddingStore,
    shots: str = "prototype",
) -> Scorer:
    """Nearest class under the model's declared distance; `shots` says what stands for a class.

    "prototype" is the mean embedding of its supports (Snell et al. 2017), "nearest" and
    "mean-similarity" compare with each support. Under the cosine, embeddings are brought to length
    one first.
    """
    raw, width = vectors, vectors.shape[1]
    measure = resolved(model).distance(width, str(vectors.device))
    distance = measure.geometry
    episodes, n_way, n_shot = asked.support.shape
    if n_shot == 1:
        shots = "prototype"  # one support is its own mean
    queries = asked.queries.shape[1]
    lookups = queries * n_way * n_shot
    gathered = (n_way * n_shot + queries) * width

    if not distance:  # a formula of which nothing is known: it is computed as it stands
        values = gathered + lookups * width  # it may take all differences of two sets at once
        return Scorer(_plain(vectors, measure, shots), max(1, BLOCK_VALUES // values))

    def exact(support: Tensor, asked_queries: Tensor) -> Tensor:
        return precision.exact_scores(
            distance, shots, gather(raw, support), gather(raw, asked_queries),
            lambda scores: over_shots(scores, shots),
        )  # fmt: skip

    if distance == "cosine":
        if precision.offset_ratio(unit(precision.sampled(vectors))) > precision.OFFSET:
            return Scorer(exact, _block(vectors, gathered + lookups))
    elif distance == "dot-product":
        vectors = precision.in_range(vectors)
    else:
        vectors = precision.in_range(precision.centred(vectors))
    by_matrix = len(vectors) ** 2 * width + episodes * lookups * LOOKUP
    linear = distance not in ("manhattan",)
    if linear and len(vectors) <= MATRIX_ITEMS and by_matrix < episodes * gathered * GATHERED_VALUE:
        vectors = unit(vectors) if distance == "cosine" else vectors
        inner = bank.inner_products(vectors, items, distance)
        fast, values = _lookup(inner, distance, shots, width), lookups
    else:
        fast = _gathered(vectors, distance, measure, shots)
        values = gathered if shots == "prototype" else gathered + lookups

    def score(support: Tensor, asked_queries: Tensor) -> Tensor:
        found = fast(support, asked_queries)
        again = precision.doubtful(found)
        if again is None:
            return found.scores
        scores = found.scores.double()
        scores[again] = exact(support[again], asked_queries[again])
        return scores

    return Scorer(score, _block(vectors, values))


FastScores = Callable[[Tensor, Tensor], precision.Fast]


def _plain(vectors: Tensor, measure: Distance, shots: str) -> Callable[[Tensor, Tensor], Tensor]:
    """Scores by a distance without a known geometry."""

    def score(support: Tensor, queries: Tensor) -> Tensor:
        b, n, k = support.shape
        others = (
            means(vectors, support) if shots == "prototype" else gather(vectors, support.flatten(1))
        )
        scores = measure.similarity(gather(vectors, queries), others)
        expected = [b, queries.shape[1], others.shape[1]]
        scores = as_tensor(scores, "distance", expected, vectors.device)
        if shots == "prototype":
            return scores
        return over_shots(scores.reshape(b, -1, n, k), shots)

    return score


def _gathered(vectors: Tensor, distance: str, measure: Distance, shots: str) -> FastScores:
    """Scores from the embeddings of each episode."""
    width = vectors.shape[1]
    order = 1 if distance == "manhattan" else 2
    divisors = precision.lengths_of(vectors) if distance == "cosine" else None
    if distance == "cosine" and divisors is None:
        vectors = unit(vectors)
    sizes = None if distance == "cosine" else torch.linalg.vector_norm(vectors, order, dim=1)
    longest = 0.0 if sizes is None else float(sizes.max())

    def score(support: Tensor, queries: Tensor) -> precision.Fast:
        n, k = support.shape[1:]
        asked = gather(vectors, queries, divisors)
        shortest = None
        if shots == "prototype" and distance == "cosine" and k > 1:
            classes = means(vectors, support, divisors)
            lengths = torch.linalg.vector_norm(classes, dim=2, keepdim=True)
            scores = products = dot_product(asked, classes / lengths.clamp_min(EPSILON))
            shortest = lengths.amin(dim=1)
        elif shots == "prototype":
            scores = products = measure.similarity(asked, means(vectors, support, divisors))
        else:
            products = measure.similarity(
                asked, gather(vectors, support.flatten(1), divisors)
            )  # (b, q, n * k)
            scores = over_shots(products.view(*products.shape[:2], n, k), shots)
        if sizes is None:
            return precision.fast_cosine(scores, width, shortest)
        if distance == "dot-product":
            return precision.fast_dot_product(scores, sizes.take(queries), longest, width)
        if distance == "manhattan":
            averaged = shots == "prototype" and k > 1
            return precision.fast_manhattan(scores, longest if averaged else None)
        if distance == "euclidean" and shots == "mean-similarity":
            return _mean_distances(products, asked.square().sum(dim=2), n, width)
        largest = longest**2 if k > 1 else None
        return precision.fast_euclidean(scores, sizes.take(queries).square(), width, largest)

    return score


def _mean_distances(products: Tensor, squares: Tensor, n_way: int, width: int) -> precision.Fast:
    """Mean distances below zero, of 2<q, s> - |s|^2 [b, q, n * k] and |q|^2 [b, q]."""
    apart = _as_distances(products, squares)
    apart = apart.view(*apart.shape[:2], n_way, -1)
    return precision.fast_mean_distance(products, squares, apart.mean(dim=3), width)


def gather(vectors: Tensor, rows: Tensor, divisors: Tensor | None = None) -> Tensor:
    """float32 [..., e]: the rows [...] of vectors [m, e]; twice as fast as indexing with them.

    Each is divided by its own of `divisors` [m], if any.
    """
    flat = rows.flatten()
    chosen = vectors.index_select(0, flat)
    if divisors is not None:
        chosen.div_(divisors.index_select(0, flat)[:, None])
    return chosen.view(*rows.shape, vectors.shape[1])


def means(vectors: Tensor, rows: Tensor, divisors: Tensor | None = None) -> Tensor:
    """float32 [b, n, e]: the means of the rows [b, n, k] of vectors [m, e]; see `gather`."""
    b, n, k = rows.shape
    if k == 1:
        return gather(vectors, rows[:, :, 0], divisors)
    if divisors is not None:
        vectors = gather(vectors, rows.flatten(), divisors)
        rows = torch.arange(b * n * k, device=rows.device)
    bags = rows.reshape(b * n, k)
    return torch.nn.functional.embedding_bag(bags, vectors, mode="mean").view(b, n, -1)


def _block(vectors: Tensor, values: int) -> int:
    """How many episodes are scored at once, each of which takes so many values."""
    return max(1, (CACHED_VALUES if vectors.device.type == "cpu" else BUSY_VALUES) // values)


def over_shots(scores: Tensor, shots: str) -> Tensor:
    """Similarities with each support [..., n, k] -> with each class [..., n]."""
    return scores.amax(dim=-1) if shots == "nearest" else scores.mean(dim=-1)


def _as_distances(scores: Tensor, squares: Tensor) -> Tensor:
    """2<q, s> - |s|^2 [b, q, m] and |q|^2 [b, q] -> -|q - s| [b, q, m].

    Order is the same but means are not: the mean of distances is not that of their squares.
    """
    return -(squares[:, :, None] - scores).clamp(min=0).sqrt()


def _lookup(inner: Tensor, distance: str, shots: str, width: int) -> FastScores:
    """Scores from inner products [k, k]; a prototype is a mean, so its products are means too."""
    flat, items = inner.view(-1), len(inner)
    squares = inner.diagonal().contiguous()
    longest = float(squares.max().clamp(min=0).sqrt())

    def score(support: Tensor, queries: Tensor) -> precision.Fast:
        b, n, k = support.shape
        pairs = queries[:, :, None] * items + support.view(b, 1, n * k)
        products = flat.take(pairs)  # (b, q, n * k)
        size = squares.take(queries)  # (b, q): |q|^2
        shortest = None
        if shots != "prototype":
            if distance in precision.EUCLIDEAN:
                products = 2 * products - squares[support.view(b, 1, n * k)]
                if distance == "euclidean" and shots == "mean-similarity":
                    return _mean_distances(products, size, n, width)
            scores = over_shots(products.view(b, -1, n, k), shots)
        else:
            scores = products.view(b, -1, n, k).mean(dim=3)  # (b, q, n): <q, p>
            if distance != "dot-product":
                own = support[:, :, :, None] * items + support[:, :, None, :]
                square = flat.take(own).mean(dim=(2, 3))[:, None]  # (b, 1, n): ||p||^2
                if distance == "cosine":
                    lengths = square.clamp(min=1e-24).sqrt()
                    scores = scores / lengths
                    shortest = lengths.amin(dim=2) if k > 1 else None
                else:
                    scores = 2 * scores - square
        if distance == "cosine":
            return precision.fast_cosine(scores, width, shortest)
        if distance == "dot-product":
            return precision.fast_dot_product(scores, size.sqrt(), longest, width)
        return precision.fast_euclidean(scores, size, width, longest**2 if k > 1 else None)

    return score


def module_scorer(
    model: object, way: str, vectors: Tensor, asked: Episodes, shots: str = "mean-similarity"
) -> Scorer:
    """By the model's own `classify` (episodes in batches) or `compare` (pairs of embeddings)."""
    _, n_way, n_shot = asked.support.shape
    queries = asked.queries.shape[1]
    labels = torch.arange(n_way, device=vectors.device).repeat_interleave(n_shot)

    def classify(support: Tensor, asked_queries: Tensor) -> Tensor:
        flat, asked_vectors = gather(vectors, support.flatten(1)), gather(vectors, asked_queries)
        scores = resolved(model).classify(flat, labels.repeat(len(flat), 1), asked_vectors)
        return as_tensor(scores, "classify", [len(flat), queries, n_way], vectors.device)

    def compare(support: Tensor, asked_queries: Tensor) -> Tensor:
        support_vectors, asked_vectors = gather(vectors, support), gather(vectors, asked_queries)
        return compare_pairs(model, support_vectors, asked_vectors, shots)

    if way == "classify":
        gathered = (n_way * n_shot + queries) * vectors.shape[1]
        return Scorer(classify, max(1, BLOCK_VALUES // gathered))
    gathered = 2 * n_way * n_shot * queries * vectors.shape[1]
    return Scorer(compare, _block(vectors, gathered))


def compare_pairs(
    model: object, support: Tensor, queries: Tensor, shots: str = "mean-similarity"
) -> Tensor:
    """The model's own similarity with each class: [b, n, k, e], [b, q, e] -> [b, q, n].

    Raises:
        ModelFailed: if `compare` gives another shape than one number a pair.
    """
    if shots == "prototype":
        support = support.mean(dim=2, keepdim=True)
    b, n, k, e = support.shape
    q = queries.shape[1]
    left = support[:, None].expand(b, q, n, k, e).reshape(-1, e)
    right = queries[:, :, None, None].expand(b, q, n, k, e).reshape(-1, e)
    scores = as_tensor(
        resolved(model).compare(left, right), "compare", [b * q * n * k], support.device
    )
    return over_shots(scores.reshape(b, q, n, k), shots)
