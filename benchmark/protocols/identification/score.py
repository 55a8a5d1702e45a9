"""A model's answers to open-set episodes: the best class of each query, and how sure it is.

How sure a model is that a query belongs to any of the classes is its highest similarity, unless it
offers `reject`. It is compared between queries, so it must mean the same for all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.evaluation.embedding_store import EmbeddingStore
from benchmark.evaluation.episodes import PREFIX, Observer, answer, way_of
from benchmark.evaluation.outcome import Answered
from benchmark.evaluation.scorers import gather
from benchmark.evaluation.tensors import as_tensor
from benchmark.evaluation.verification import score_pairs
from benchmark.protocols.few_shot.score import validation_episodes
from benchmark.protocols.identification.outcome import AtRate, Identified
from benchmark.records.packed import Integers
from benchmark.statistics.roc import LEAST
from benchmark.tasks.episodes import UNKNOWN, Episodes
from benchmark.tasks.loading import LoadedTask

PER_THOUSAND = (10, 100)  # limits of the false-positive identification rate
BLOCK_VALUES = 1 << 22
__all__ = ["Rejecter", "answer_task", "measured", "selection_score", "validation_episodes"]


@runtime_checkable
class Rejecter(Protocol):
    """A model on embeddings that says itself how likely a query is of none of the classes."""

    def reject(self, support: Tensor, labels: Tensor, queries: Tensor) -> Tensor:
        """[b, s, e], int64 [b, s], [b, q, e] -> [b, q]; higher is more likely none of these."""
        ...


def answer_task(
    model: Any,
    loaded: LoadedTask,
    *,
    seed: int,
    device: str,
    episodes: int | None = None,
    report: Callable[[int, int], None] | None = None,
    bank: EmbeddingStore | None = None,
    shots: str | None = None,
    observe: Observer | None = None,
    **_: Any,
) -> Answered:
    """What is identified in each episode; see `benchmark.evaluation.outcome.ask`."""
    best: list[Tensor] = []
    highest: list[Tensor] = []

    def collect(scores: Tensor, labels: Tensor) -> None:
        values, classes = scores.max(dim=2)[0], scores.argmax(dim=2)  # ties: the earlier class
        best.append(classes.cpu())
        highest.append(values.double().cpu())
        if observe is not None:
            observe(scores, labels)

    bank = bank or EmbeddingStore(model, device)
    answers = answer(
        model, loaded, seed=seed, device=device, episodes=episodes, report=report, bank=bank,
        shots=shots, observe=collect,
    )  # fmt: skip
    asked = loaded.episodes.first(len(answers.correct))
    assert isinstance(asked, Episodes)
    classes, scores = torch.cat(best).numpy(), torch.cat(highest).numpy()
    way = way_of(model)
    if way not in PREFIX and callable(getattr(model, "reject", None)):
        scores = -_rejections(model, loaded, asked, bank)
    elif way == "embed":
        # Scores of episodes leave out what all classes of a query share, such as its own length.
        scores = _similarities(model, loaded, asked, classes, bank, shots or "prototype")
    outcome = measured(asked, classes, scores)
    return Answered(outcome, asked, answers.embedding_seconds, answers.scoring_seconds)


def measured(
    asked: Episodes, classes: NDArray[np.int64], scores: NDArray[np.float64]
) -> Identified:
    """The integers of a record.

    Args:
        asked: the episodes, each with as many unknown queries.
        classes: int64 [e, q], position of each query's best class.
        scores: float64 [e, q], how sure the model is that the query is of any class.
    """
    known = asked.labels != UNKNOWN
    right = known & (classes == asked.labels)
    episodes = len(asked)
    of_known = scores[known].reshape(episodes, -1)
    of_unknown = scores[~known].reshape(episodes, -1)
    difference = np.empty(episodes, dtype=np.int64)
    for start in range(0, episodes, 200):
        part = slice(start, start + 200)
        left, other = of_known[part, :, None], of_unknown[part, None, :]
        difference[part] = (2 * (left > other) + (left == other)).sum(axis=(1, 2))
    rates = []
    for limit in PER_THOUSAND:
        if of_unknown.size * limit < LEAST * 1000:
            continue  # the "rule of 30", as for verification
        accepted = scores >= _threshold(of_unknown.ravel(), limit)
        rates.append(
            AtRate(
                per_thousand=limit,
                accepted=Integers((accepted & ~known).sum(axis=1).tolist()),
                identified=Integers((accepted & right).sum(axis=1).tolist()),
            )
        )
    return Identified(
        known=of_known.shape[1],
        unknown=of_unknown.shape[1],
        correct=Integers(right.sum(axis=1).tolist()),
        ordered=Integers(difference.tolist()),
        rates=rates,
    )


def _threshold(unknown: NDArray[np.float64], per_thousand: int) -> float:
    """The lowest threshold at which at most that share of the scores is at or above it."""
    most = len(unknown) * per_thousand // 1000
    return float(np.nextafter(np.sort(unknown)[len(unknown) - 1 - most], np.inf))


def selection_score(
    model: Any, chooser: LoadedTask, episodes: int, seed: int, device: str
) -> float:  # fmt: skip
    """Mean AUROC of the first episodes of the validation twin."""
    found = answer_task(model, chooser, seed=seed, device=device, episodes=episodes).outcome
    assert isinstance(found, Identified)
    return sum(found.ordered) / (2 * found.known * found.unknown * found.answered)


def _rows(
    loaded: LoadedTask, asked: Episodes, bank: EmbeddingStore
) -> tuple[Tensor, NDArray[np.int64]]:
    """Embeddings [n, e] of the episodes' items, and the row of each item of the data."""
    items = asked.items()
    row = np.zeros(len(loaded.data), dtype=np.int64)
    row[items] = np.arange(len(items))
    return bank.vectors(loaded.data, loaded.task.split, items), row


def _similarities(
    model: Any,
    loaded: LoadedTask,
    asked: Episodes,
    classes: NDArray[np.int64],
    bank: EmbeddingStore,
    shots: str,
) -> NDArray[np.float64]:
    """float64 [e, q]: how alike each query and its best class are."""
    vectors, row = _rows(loaded, asked, bank)
    support = asked.support[np.arange(len(asked))[:, None], classes]  # (e, q, k)
    found = score_pairs(
        model, "embed", vectors, row[support].reshape(-1, support.shape[2]),
        row[asked.queries].ravel(), shots=shots,
    )  # fmt: skip
    return found.reshape(classes.shape)


def _rejections(
    model: Any, loaded: LoadedTask, asked: Episodes, bank: EmbeddingStore
) -> NDArray[np.float64]:
    """float64 [e, q]: what the model's own `reject` says."""
    vectors, row = _rows(loaded, asked, bank)
    n_way, n_shot = asked.support.shape[1:]
    labels = torch.arange(n_way, device=vectors.device).repeat_interleave(n_shot)
    queries = asked.queries.shape[1]
    block = max(1, BLOCK_VALUES // ((n_way * n_shot + queries) * vectors.shape[1]))
    found = []
    with torch.inference_mode():
        for start in range(0, len(asked), block):
            part = slice(start, start + block)
            support = torch.from_numpy(row[asked.support[part]]).to(vectors.device).flatten(1)
            query = torch.from_numpy(row[asked.queries[part]]).to(vectors.device)
            scores = model.reject(
                gather(vectors, support), labels.repeat(len(support), 1), gather(vectors, query)
            )
            shape = [len(support), queries]
            found.append(as_tensor(scores, "reject", shape, vectors.device).double().cpu())
    return torch.cat(found).numpy()
