"""Correct answers per episode, by whichever way the model offers; ties go to the earlier class.

Ways that see each item once answer every pinned episode. Ways that must see the items of each
episode answer a declared prefix, which the record names.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.errors import ModelFailed
from benchmark.evaluation.embedding_store import EmbeddingStore
from benchmark.evaluation.embeddings import pixels_for, to_input
from benchmark.evaluation.memory import SMALLER, free, ran_out
from benchmark.evaluation.scorers import Scorer, embedding_scorer, module_scorer
from benchmark.evaluation.tensors import as_tensor
from benchmark.models.model import resolved
from benchmark.tasks.episodes import Episodes
from benchmark.tasks.loading import LoadedTask

PREFIX = {"classify_episode": 1_000, "similarity": 100}

Report = Callable[[int, int], None]
Observer = Callable[[Tensor, Tensor], None]


@dataclass(frozen=True, eq=False)
class Answers:
    """What a model answered.

    Attributes:
        correct: int64 [e], correct queries of each episode used.
        of: queries of one episode.
        embedding_seconds, scoring_seconds: wall-clock time of the two halves.
    """

    correct: NDArray[np.int64]
    of: int
    embedding_seconds: float
    scoring_seconds: float


def way_of(model: object) -> str:
    """The method by which the model answers; the more specific one where it has several."""
    interface = resolved(model).interface
    if interface is None:
        raise ModelFailed("The model has no method to answer with.")
    return interface


def asked_of(model: object, there: int, episodes: int | None = None) -> int:
    """How many of a task's `there` episodes the model answers: the first so many of them.

    Args:
        model: any model of `benchmark.protocols`.
        there: episodes that are pinned.
        episodes: how many are wanted; None for all, or the prefix of the model's way.
    """
    return min(there, there if episodes is None else episodes, PREFIX.get(way_of(model), there))


def answer(
    model: object,
    loaded: LoadedTask,
    *,
    seed: int = 0,
    device: str = "cpu",
    episodes: int | None = None,
    report: Report | None = None,
    bank: EmbeddingStore | None = None,
    shots: str | None = None,
    observe: Observer | None = None,
    start: int = 0,
) -> Answers:
    """Answers the task's pinned episodes.

    Args:
        model: any model of `benchmark.protocols`, on `device`, in evaluation mode.
        loaded: the task.
        seed: keys the generator given to episode classifiers, with the task and episode.
        device: where the model computes.
        episodes: the first so many episodes only; default all, or the prefix of the way.
        report: called with (episodes done, episodes in all).
        bank: embeddings of this very model from earlier tasks, to be used and added to.
        shots: what represents a class of several supports, see `InferenceConfig`; None for the
            default.
        observe: called with scores [b, q, n] and labels int64 [b, q], block after block.
        start: the number that the first of `loaded.episodes` has in the task, where they are cut.

    Raises:
        ModelFailed: if an answer is not finite or has the wrong shape.
    """
    way = way_of(model)
    asked = loaded.episodes.first(asked_of(model, len(loaded.episodes), episodes))
    assert isinstance(asked, Episodes)
    report = report or (lambda done, total: None)
    started = time.perf_counter()
    if way in PREFIX:
        correct = _one_by_one(model, way, loaded, asked, seed, device, report, observe, start)
        return Answers(correct, loaded.task.queries, 0.0, time.perf_counter() - started)
    bank = (bank or EmbeddingStore(model, device)).of(model)
    items = asked.items()
    vectors = bank.vectors(loaded.data, loaded.task.split, items)
    embedded = time.perf_counter()
    row = np.zeros(len(loaded.data), dtype=np.int64)
    row[items] = np.arange(len(items))
    with torch.inference_mode():
        if way == "embed":
            scorer = embedding_scorer(model, vectors, asked, items, bank, shots or "prototype")
        else:
            scorer = module_scorer(model, way, vectors, asked, shots or "mean-similarity")
        correct = score_blocks(scorer, asked, row, device, report, observe)
    return Answers(correct, loaded.task.queries, embedded - started, time.perf_counter() - embedded)


def score_blocks(
    scorer: Scorer,
    asked: Episodes,
    row: NDArray[np.int64],
    device: str,
    report: Report,
    observe: Observer | None = None,
) -> NDArray[np.int64]:
    """int64 [e]: correct answers; `row` maps item numbers to rows of the scorer's vectors.

    Where memory runs out it goes on, once, with smaller blocks.
    """
    out = np.empty(len(asked), dtype=np.int64)
    start, block, smaller = 0, scorer.block, False
    while start < len(asked):
        part = slice(start, start + block)
        support = torch.from_numpy(row[asked.support[part]]).to(device)  # (b, n, k)
        queries = torch.from_numpy(row[asked.queries[part]]).to(device)  # (b, q)
        labels = torch.from_numpy(asked.labels[part].astype(np.int64)).to(device)
        try:
            scores = scorer.score(support, queries)
        except (MemoryError, RuntimeError) as error:
            if not ran_out(error) or smaller or block == 1:
                raise
            free()
            block, smaller = max(1, block // SMALLER), True
            continue
        out[part] = count_correct(scores, labels).cpu().numpy()
        if observe is not None:
            observe(scores, labels)
        start += block
        report(min(start, len(asked)), len(asked))
    return out


def count_correct(scores: Tensor, labels: Tensor) -> Tensor:
    """int64 [b]: how often the best of scores [b, q, n] is the label [b, q].

    `argmax` gives the first of equal scores, so a constant scorer always answers the class at
    position 0 and scores exactly 1/n_way.

    Raises:
        ModelFailed: if a score is not finite, or the shape is wrong.
    """
    if scores.shape[:2] != labels.shape or scores.ndim != 3:
        raise ModelFailed(
            f"scores have shape {list(scores.shape)}; expected {[*labels.shape, 'n_way']}."
        )
    # The sum is ten times as fast to look at; it is also infinite where large scores add up.
    if not torch.isfinite(scores.sum()) and not torch.isfinite(scores).all():
        raise ModelFailed("Some scores are not finite, so no answer can be read from them.")
    return (scores.argmax(dim=2) == labels).sum(dim=1)


def _one_by_one(
    model: object,
    way: str,
    loaded: LoadedTask,
    asked: Episodes,
    seed: int,
    device: str,
    report: Report,
    observe: Observer | None,
    start: int,
) -> NDArray[np.int64]:
    """int64 [e]: correct answers of models that must see the items of each episode themselves."""
    items = asked.items()
    pixels = pixels_for(model, loaded.data.take(items))
    row = np.zeros(len(loaded.data), dtype=np.int64)
    row[items] = np.arange(len(items))
    n_way, n_shot = asked.support.shape[1:]
    support_labels = torch.arange(n_way, device=device).repeat_interleave(n_shot)
    out = np.empty(len(asked), dtype=np.int64)
    for e in range(len(asked)):
        support = to_input(pixels[row[asked.support[e]].ravel()], model, device)
        queries = to_input(pixels[row[asked.queries[e]]], model, device)
        if way == "classify_episode":
            generator = episode_generator(loaded.task.key, start + e, seed, device)
            scores = resolved(model).classify_episode(
                support, support_labels.clone(), queries, generator
            )
            scores = as_tensor(scores, way, [len(queries), n_way], device)
        else:
            with torch.inference_mode():
                pairs = resolved(model).similarity(support, queries)
            pairs = as_tensor(pairs, way, [len(queries), len(support)], device)
            scores = pairs.reshape(len(queries), n_way, n_shot).mean(dim=2)
        labels = torch.from_numpy(asked.labels[e].astype(np.int64)).to(device)
        scores = scores.detach()[None]
        out[e] = int(count_correct(scores, labels[None]))
        if observe is not None:
            observe(scores, labels[None])
        report(e + 1, len(asked))
    return out


def episode_generator(task: str, episode: int, seed: int, device: str) -> torch.Generator:
    """The generator that `classify_episode` is given for an episode of a task."""
    text = f"{task}/{episode}/{seed}".encode()
    generator = torch.Generator(device=device)
    return generator.manual_seed(int.from_bytes(hashlib.sha256(text).digest()[:8], "little") >> 1)
