"""Embeddings of one model, kept while it answers: no item goes through the network twice.

All tasks of a track ask about the same items, so the bank outlives the single task.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.datasets.data_set import DataSet
from benchmark.evaluation.embedding_cache import EmbeddingCache
from benchmark.evaluation.embeddings import embed
from benchmark.evaluation.inference_config import DTYPES


@dataclass
class _Shelf:
    """Embeddings of one data set: `row` int64 [n] of each item, -1 where there is none yet."""

    row: NDArray[np.int64]
    vectors: Tensor | None = None

    def put(self, items: NDArray[np.int64], vectors: Tensor) -> None:
        """Adds the vectors of items that are not there yet."""
        known = 0 if self.vectors is None else len(self.vectors)
        self.vectors = vectors if self.vectors is None else torch.cat([self.vectors, vectors])
        self.row[items] = known + np.arange(len(items))


@dataclass
class EmbeddingStore:
    """Embeds items when first asked for and hands the same vectors out ever after.

    Attributes:
        model: the embedder, in evaluation mode; when its weights change, what it gave is forgotten.
        device: where the model computes and the vectors lie.
        views: of each item, whose embeddings are averaged.
        dtype: in which the network computes, see `InferenceConfig`.
        kept: embeddings on disk, looked at before the model is asked; None to keep none.
    """

    model: object
    device: str
    views: int = 1
    dtype: str = "float32"
    kept: EmbeddingCache | None = None
    _shelves: dict[tuple[str, str, bool], _Shelf] = field(default_factory=dict)
    _marks: dict[str, str] = field(default_factory=dict)
    _inner: tuple[str, Tensor] | None = None
    _weights: tuple[tuple[int, int, float], ...] = ()

    def of(self, model: object) -> EmbeddingStore:
        """The bank itself.

        Raises:
            ValueError: it holds the embeddings of another model.
        """
        if model is not self.model:
            raise ValueError("this bank holds the embeddings of another model")
        return self

    def vectors(self, data: DataSet, split: str, items: NDArray[np.int64]) -> Tensor:
        """float32 [k, e]: the embeddings of `items` (int64 [k], distinct) of `data`, in order.

        `split` keeps validation and test items on shelves of their own.
        """
        weights = _weights(self.model)
        if weights != self._weights:
            self._shelves.clear()
            self._marks.clear()
            self._inner, self._weights = None, weights
        key = (data.digest, split, data.turns is not None)
        if key not in self._shelves:
            self._shelves[key] = _Shelf(np.full(len(data), -1, dtype=np.int64))
        shelf = self._shelves[key]
        missing = items[shelf.row[items] < 0]
        if len(missing) and self.kept is not None:
            self._fetch(shelf, data, missing)
            missing = items[shelf.row[items] < 0]
        if len(missing):
            chosen = data.take(missing)
            fresh = embed(self.model, chosen, self.device, self.views, self.dtype)
            shelf.put(missing, fresh)
            if self.kept is not None:
                self.kept.keep(self._mark(data), data, missing, fresh)
        assert shelf.vectors is not None
        row = shelf.row[items]
        if len(row) == len(shelf.vectors) and np.array_equal(row, np.arange(len(row))):
            return shelf.vectors
        return shelf.vectors[torch.from_numpy(row).to(self.device)]

    def _fetch(self, shelf: _Shelf, data: DataSet, items: NDArray[np.int64]) -> None:
        """Puts onto the shelf what is kept on disk of these items."""
        assert self.kept is not None
        found = self.kept.find(self._mark(data), data, items)
        if found is not None:
            shelf.put(items[found[0]], found[1])

    def _mark(self, data: DataSet) -> str:
        """Under what the embeddings of `data` are kept, for the weights as they are."""
        assert self.kept is not None
        if data.digest not in self._marks:
            self._marks[data.digest] = self.kept.mark(self.model, data)
        return self._marks[data.digest]

    def inner_products(self, vectors: Tensor, items: NDArray[np.int64], name: str) -> Tensor:
        """float32 [k, k]: all inner products of `vectors`, kept for the next task on these items.

        They are computed over exactly these items, so that a task's answers do not depend on what
        was asked before it. `name` says what was done to the vectors.
        """
        key = hashlib.sha256(items.tobytes() + name.encode()).hexdigest()
        if self._inner is None or self._inner[0] != key:
            self._inner = None  # frees the old matrix before the new one is made
            self._inner = (key, vectors @ vectors.T)
        return self._inner[1]


def embedding_store_of(
    model: object, recipe: Mapping[str, Any], device: str, kept: EmbeddingCache | None = None
) -> EmbeddingStore:
    """An empty bank for a model that is asked as its recipe says, on `device`."""
    dtype = str(recipe["dtype"]) if recipe["dtype"] in DTYPES else "float32"
    return EmbeddingStore(model, device, recipe["views"], dtype, kept)


def _weights(model: object) -> tuple[tuple[int, int, float], ...]:
    """Where each tensor of a network lies, how often it was written to, and its sum.

    Writing to `tensor.data` is not counted, but seldom leaves the sum as it was.
    """
    if not isinstance(model, torch.nn.Module):
        return ()
    tensors = [*model.parameters(), *model.buffers()]
    # Tensors made in inference mode count no writes; they cannot be trained either.
    return tuple(
        (t.data_ptr(), 0 if t.is_inference() else t._version, float(t.detach().sum()))
        for t in tensors
    )
