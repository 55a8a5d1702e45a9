"""Every item queries all others: ranks of its matches, in blocks of bounded memory.

A match has rank 1 + the number of items that are more alike or as alike: ties with items of another
class count against it, so the order of the gallery never helps and a constant scorer finds nothing.
Only counts of non-matches above each match are needed; no full sort is made.
"""

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
from benchmark.evaluation.pairs import compared, finite, pair_way, refusal
from benchmark.evaluation.scorers import BLOCK_VALUES, gather
from benchmark.evaluation.tensors import as_tensor
from benchmark.models.distances._distance import Distance, minus_squares, products
from benchmark.models.distances._unit import unit
from benchmark.models.model import resolved
from benchmark.tasks.loading import LoadedTask
from benchmark.tasks.queries import Queries

SCORES = 1 << 22  # similarities at once: 16 MB, and a few times that to rank them
EXACT_SCORES = 1 << 20  # the same in float64
# Queries that a model answers whose every pair costs a pass of its own, through a head or whole.
PREFIX_QUERIES = {"compare": 1_000, "similarity": 20}

Report = Callable[[int, int], None]
Rows = Callable[[Tensor], Tensor]  # rows int64 [b] of the gallery -> how alike to all, [b, n]


@dataclass(frozen=True, eq=False)
class ByDistance:
    """Similarities of embeddings: a fast form, and an exact one for queries in which it cancels.

    Attributes:
        rows: float32 similarities.
        exact: float64 similarities.
        near: float [n]; where a match and an item of another class are both more alike to an item
            than this, their order needs the exact form.
    """

    rows: Rows
    exact: Rows
    near: Tensor


@dataclass(frozen=True, eq=False)
class Found:
    """What each query found; see `benchmark.records.schema.Ranks`.

    Attributes:
        first, hits, matches: int64 [q].
        precision: float64 [q] in [0, 1].
    """

    first: NDArray[np.int64]
    hits: NDArray[np.int64]
    matches: NDArray[np.int64]
    precision: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Retrieved:
    """Answers to a retrieval task, the queries that were asked, and the seconds of both halves."""

    found: Found
    asked: Queries
    embedding_seconds: float
    scoring_seconds: float


def retrieve(
    model: object,
    loaded: LoadedTask,
    *,
    device: str = "cpu",
    report: Report | None = None,
    bank: EmbeddingStore | None = None,
) -> Retrieved:
    """Answers the task's pinned queries.

    Args:
        model: on `device`, in evaluation mode.
        loaded: a retrieval task.
        device: where the model computes.
        report: called with (queries done, queries in all).
        bank: embeddings of this very model from earlier tasks, to be used and added to.

    Raises:
        Refused: the model has no similarity of two items.
        ModelFailed: if a similarity is not finite or has the wrong shape.
    """
    way = pair_way(model)
    if way is None:
        raise Refused(f"The model cannot search: {refusal(model)}.")
    asked = loaded.episodes
    assert isinstance(asked, Queries)
    if way in PREFIX_QUERIES:
        asked = asked.first(PREFIX_QUERIES[way])
    started = time.perf_counter()
    gallery = asked.gallery.astype(np.int64)
    if way == "similarity":
        rows: Rows | ByDistance = _by_items(model, loaded, gallery, device)
        embedded = started
    else:
        items = asked.items()
        vectors = (bank or EmbeddingStore(model, device)).vectors(
            loaded.data, loaded.task.split, items
        )
        place = np.searchsorted(items, gallery)
        if not np.array_equal(place, np.arange(len(items))):  # else without a copy
            vectors = vectors[torch.from_numpy(place).to(device)]
        embedded = time.perf_counter()
        rows = _by_compare(model, vectors) if way == "compare" else by_distance(model, vectors)
    with torch.inference_mode():
        found = search(rows, asked, device, report or (lambda done, total: None))
    return Retrieved(found, asked, embedded - started, time.perf_counter() - embedded)


def search(rows: Rows | ByDistance, asked: Queries, device: str, report: Report) -> Found:
    """The ranks of all queries, a block at a time."""
    fast = rows.rows if isinstance(rows, ByDistance) else rows
    n = len(asked.gallery)
    sizes = asked.sizes.astype(np.int64)
    number = np.repeat(np.arange(len(sizes)), sizes)
    found = np.ones(n, dtype=bool) if asked.found is None else asked.found
    hidden = torch.from_numpy(~found).to(device) if asked.found is not None else None
    targets = np.flatnonzero(found)  # class after class
    held = np.bincount(number[targets], minlength=len(sizes))
    start = np.cumsum(held) - held
    # Blocks of one class size, in pinned order inside it, so that matches make a whole table.
    # A query that can be found itself is among the targets of its class, where it does not count.
    asked_rows = asked.queries.astype(np.int64)
    kind = 2 * held[number[asked_rows]] + found[asked_rows]
    order = np.argsort(kind, kind="stable")
    queries, kind = asked_rows[order], kind[order]
    own = number[queries]
    block = max(16, SCORES // n)
    parts: list[tuple[Tensor, ...]] = []
    at = 0
    while at < len(queries):
        size, itself = divmod(int(kind[at]), 2)
        end = at + int(np.searchsorted(kind[at : at + block], kind[at], side="right"))
        columns = torch.from_numpy(targets[start[own[at:end]][:, None] + np.arange(size)])
        chosen = torch.from_numpy(queries[at:end]).to(device)
        itself_of = chosen if itself else None
        columns = columns.to(device)
        ranks, match, other = _ranks(_only(finite(fast(chosen)), hidden), itself_of, columns)
        if isinstance(rows, ByDistance):
            again = (torch.minimum(match, other) > rows.near[chosen]).nonzero()[:, 0]
            step = max(1, EXACT_SCORES // n)
            for some in (again[first : first + step] for first in range(0, len(again), step)):
                scores = _only(finite(rows.exact(chosen[some])), hidden)
                better, *_ = _ranks(scores, chosen[some] if itself else None, columns[some])
                for kept, values in zip(ranks, better, strict=True):
                    kept[some] = values
        parts.append(tuple(part.cpu() for part in ranks))
        at = end
        report(at, len(queries))
    joined = [torch.cat(column).numpy() for column in zip(*parts, strict=True)]
    back = np.argsort(order, kind="stable")
    first, hits, precision = (values[back] for values in joined)
    return Found(first, hits, held[number[asked_rows]] - found[asked_rows], precision)


def _only(scores: Tensor, hidden: Tensor | None) -> Tensor:
    """The scores [b, n] of the items that can be found; those of the others lie below them all."""
    if hidden is not None:
        scores[:, hidden] = float("-inf")
    return scores


Ranked = tuple[tuple[Tensor, Tensor, Tensor], Tensor, Tensor]


def _ranks(scores: Tensor, queries: Tensor | None, columns: Tensor) -> Ranked:
    """Rank of the first match, hits among the first R and average precision at R of each query.

    Then the similarities of its best match and of the best item of another class, both [b].

    Args:
        scores: float [b, n], written to.
        queries: int64 [b], the column of each query itself; None where queries cannot be found.
        columns: int64 [b, R + 1], the columns of its class, itself among them; [b, R] where it
            cannot be found.
    """
    b, most = len(scores), columns.shape[1] - (queries is not None)
    if queries is not None:
        lowest = torch.finfo(scores.dtype).min
        scores.scatter_(1, queries[:, None], lowest)  # an item is no match of itself
    matches = scores.gather(1, columns).sort(dim=1, descending=True).values[:, :most]  # (b, R)
    scores.scatter_(1, columns, float("-inf"))
    above = (scores >= matches[:, :1]).sum(dim=1)  # (b,) others ahead of the best match
    strongest = scores.topk(min(most, scores.shape[1]), dim=1).values  # of the others, falling
    # How many of the strongest others are at least as alike as each match; more than R of them put
    # it behind rank R, where it no longer counts.
    rising = strongest.flip(1).contiguous()
    ahead = rising.shape[1] - torch.searchsorted(rising, matches.contiguous(), side="left")
    place = torch.arange(1, most + 1, device=scores.device)
    rank = ahead + place  # (b, R)
    within = rank <= most
    precision = torch.where(within, place / rank.double(), 0.0).sum(dim=1) / most
    ranks = above + 1, within.sum(dim=1), precision.view(b)
    return ranks, matches[:, 0], strongest[:, 0]


def by_distance(model: object, vectors: Tensor) -> Rows | ByDistance:
    """By the model's declared distance between embeddings [n, e]."""
    own = resolved(model).distance(vectors.shape[1], str(vectors.device))
    distance, measure = own.geometry, own.similarity
    if not distance:
        return _plain(own, vectors)
    raw = vectors
    never = torch.full((len(vectors),), float("inf"), device=vectors.device)
    near, divisors = never, None
    if distance == "cosine":
        turned = precision.centred_unit(vectors)
        measure = products if turned is None else minus_squares
        if turned is not None:
            vectors, near = turned, _near(turned)
        else:
            divisors = precision.lengths_of(vectors)
            vectors = unit(vectors) if divisors is None else vectors
            near = torch.full_like(never, 1 - precision.NEAR)
    elif distance == "dot-product":
        if precision.offset_ratio(vectors) > precision.OFFSET:
            near = -never  # the offset hides all differences
        vectors = precision.in_range(vectors)
    else:
        vectors = precision.in_range(precision.centred(vectors))
        near = never if distance == "manhattan" else _near(vectors)

    def exact(rows: Tensor) -> Tensor:
        queries = _double(raw[rows], distance)
        parts = [
            precision.exact_rows(distance, queries, _double(part, distance))
            for part in torch.split(raw, precision.rows_at_once(raw))
        ]
        return torch.cat(parts, dim=1)

    def fast(rows: Tensor) -> Tensor:
        if divisors is None:
            return measure(vectors[rows][None], vectors[None])[0]
        queries = gather(vectors, rows, divisors)[None]
        out = torch.empty((len(rows), len(vectors)), device=vectors.device)
        block = precision.rows_at_once(vectors)
        held = torch.empty_like(vectors[:block])  # made once: many small blocks scatter memory
        for start in range(0, len(vectors), block):
            part = slice(start, start + block)
            directions = held[: len(vectors[part])]
            torch.div(vectors[part], divisors[part, None], out=directions)
            out[:, part] = measure(queries, directions[None])[0]
        return out

    return ByDistance(fast, exact, near)


def _plain(distance: Distance, vectors: Tensor) -> Rows:
    """By a distance without a known geometry, which may take all differences at once."""
    width = vectors.shape[1]

    def rows(chosen: Tensor) -> Tensor:
        queries = vectors[chosen][None]
        at_once = max(1, BLOCK_VALUES // max(1, width * len(chosen)))
        parts = []
        for some in torch.split(vectors, at_once):
            found = distance.similarity(queries, some[None])
            parts.append(as_tensor(found, "distance", [1, len(chosen), len(some)], vectors.device))
        return torch.cat(parts, dim=2)[0]

    return rows


def _near(vectors: Tensor) -> Tensor:
    """[n]: the |q|^2 - d^2 above which the squared distance has cancelled."""
    lengths: Tensor = torch.linalg.vector_norm(vectors, dim=1)
    return lengths.square() * (1 - precision.NEAR)


def _double(vectors: Tensor, distance: str) -> Tensor:
    """float64 [n, e]; of length one for the cosine."""
    return unit(vectors.double()) if distance == "cosine" else vectors.double()


def _by_compare(model: object, vectors: Tensor) -> Rows:
    """By the model's own head, pairs of embeddings in blocks; the gallery is the support.

    The gallery comes in random order and both sides as copies: rows of the whole matrix would show
    by where they lie which class they belong to.
    """
    n, e = vectors.shape
    order = torch.from_numpy(permutation(n, "gallery")).to(vectors.device)
    blocks = torch.split(order, max(1, BLOCK_VALUES // e))
    back = torch.argsort(order)

    def line(row: int) -> Tensor:
        query = vectors[row].clone()
        parts = [
            compared(model, vectors[columns], query.expand(len(columns), e)) for columns in blocks
        ]
        return torch.cat(parts)[back]

    def rows(chosen: Tensor) -> Tensor:
        return torch.stack([line(row) for row in chosen.tolist()])

    return rows


def _by_items(model: object, loaded: LoadedTask, gallery: NDArray[np.int64], device: str) -> Rows:
    """By a model that must see both items of each pair."""
    order = permutation(len(gallery), "gallery")  # it is stored class by class
    place = np.argsort(order)
    pixels = pixels_for(model, loaded.data.take(gallery[order]))
    block = 512

    def rows(chosen: Tensor) -> Tensor:
        queries = to_input(pixels[place[chosen.cpu().numpy()]], model, device)
        parts = []
        for start in range(0, len(gallery), block):
            items = to_input(pixels[start : start + block], model, device)
            found = resolved(model).similarity(items, queries)
            parts.append(as_tensor(found, "similarity", [len(queries), len(items)], device))
        return torch.cat(parts, dim=1).to(torch.float64)[:, torch.from_numpy(place).to(device)]

    return rows
