"""Large batches and episodes: what a model does only when it is given much at once.

The probes are those of every run (`benchmark.evaluation.integrity`), over more sizes and shapes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.evaluation.conformance.difference import between
from benchmark.evaluation.conformance.repeatable import asked
from benchmark.evaluation.embeddings import NearCopies, pixels_for, to_input
from benchmark.evaluation.integrity import (
    EXCEPTIONS,
    Mismatch,
    Tolerance,
    embedding_mismatch,
    episode_mismatch,
    memory_mismatch,
    pair_mismatch,
)
from benchmark.evaluation.order import permutation
from benchmark.evaluation.single_episode import Episode, ask_episode, ask_pairs
from benchmark.models.model import resolved

if TYPE_CHECKING:
    from benchmark.evaluation.conformance.subject import Subject

BATCHES = (83, 512)  # characters of 28x28 on a processor; the largest batch of all
# Ways, shots and queries: the usual one, the shape of Lake's runs, and one with many queries.
SHAPES = ((5, 1, 75), (20, 1, 20), (5, 1, 300))
EPISODES_AT_ONCE = 64
PAIRS, FEW_PAIRS = 300, 20  # by `compare`, and by `similarity`, where every pair costs a pass


def mismatches(subject: Subject) -> dict[str, str]:
    """What was seen, by the name of the check that it fails; the first of each."""
    model = subject.fresh()
    first = asked(subject, model, subject.episode(0))
    found = [*_found(subject, model)]
    again = asked(subject, model, subject.episode(0))
    for name, expected in first.items():
        difference = between(expected, again[name])
        if not difference.same:
            found.append(
                Mismatch("state", f"{name} change once many others were asked: {difference}")
            )
    return {each.check: each.seen for each in reversed(found)}


def _found(subject: Subject, model: object) -> Iterator[Mismatch]:
    items = to_input(pixels_for(subject.model, subject.sample.crowd), subject.model, "cpu")
    if subject.embeds:
        for batch in BATCHES:
            yield from _tried(lambda n=batch: _embeddings(subject, model, items, n), "embed-alone")
        with suppress(Exception):  # whatever it raises was seen in the large batches
            parts = torch.split(items, BATCHES[0])
            items = torch.cat([subject.embed(model, part) for part in parts])
    if subject.way == "embed":
        return
    fixed = getattr(subject.model, "trained_for", None)
    shapes = SHAPES if fixed is None else tuple((*fixed, queries) for queries in (20, 75))
    if subject.way == "similarity":
        shapes = tuple(shape for shape in shapes if shape[2] == 20)  # every pair costs a pass
    for shape in shapes:
        yield from _tried(lambda of=shape: _episodes(subject, model, items, *of), "other-shapes")
    if subject.way in ("compare", "similarity"):
        yield from _tried(lambda: _pairs(subject, model, items), "pair-alone")
    if subject.way == "classify":
        yield from _tried(lambda: _blocks(subject, model, items), "episode-alone")


def _tried(probe: Any, check: str) -> Iterator[Mismatch]:
    """What a probe finds; a model that raises fails `check`."""
    try:
        found = probe()
    except Exception as error:  # a user's model may raise anything
        found = Mismatch(check, f"it raised {type(error).__name__}: {error}".splitlines()[0])
    if found is not None:
        yield found


def _episodes(
    subject: Subject, model: object, items: Tensor, n_way: int, n_shot: int, queries: int
) -> Mismatch | None:
    def scores(episode: Episode) -> Tensor:
        generator = torch.Generator().manual_seed(0)
        return ask_episode(model, subject.way, episode, subject.shots, generator)

    fixed = getattr(subject.model, "trained_for", None) is not None
    episode = _episode(subject, items, n_way, n_shot, queries)
    return episode_mismatch(scores, episode, Tolerance(), _exempt(subject), fixed)


def _pairs(subject: Subject, model: object, items: Tensor) -> Mismatch | None:
    count = PAIRS if subject.way == "compare" else FEW_PAIRS
    rows = torch.from_numpy(permutation(len(items), "pairs"))[:count]
    return pair_mismatch(
        lambda a, b: ask_pairs(model, subject.way, a, b),
        items[rows], items[rows.flip(0)], Tolerance(), _exempt(subject),
    )  # fmt: skip


def _exempt(subject: Subject) -> tuple[str, ...]:
    return tuple(name for name in EXCEPTIONS if subject.declares(name))


def _embeddings(subject: Subject, model: object, items: Tensor, batch: int) -> Mismatch | None:
    order = permutation(len(items), f"batch/{batch}")
    sample = np.resize(order, batch)  # again from the start where there are fewer

    def embed(groups: list[NDArray[np.int64]]) -> list[Tensor]:
        return [subject.embed(model, items[torch.from_numpy(g.copy())]) for g in groups]

    found, again = embedding_mismatch(embed, sample, batch, Tolerance())
    if found is None and items.is_floating_point() and not subject.declares("stochastic"):
        order = permutation(batch, "near")
        back = torch.from_numpy(np.argsort(order))
        shown = items[torch.from_numpy(sample[order])]

        def near(kind: NearCopies) -> Tensor:
            others = torch.zeros_like(shown) if kind == "levels" else shown.roll(1, 0)
            weight = 1 / 128 if kind == "levels" else 1 / 16
            return subject.embed(model, torch.lerp(shown, others, weight))[back].float()

        found = memory_mismatch(again, near)
    return found


def _episode(subject: Subject, items: Tensor, n_way: int, n_shot: int, queries: int) -> Episode:
    """An episode of the crowd; queries beyond those of its classes are of others."""
    labels = torch.from_numpy(subject.sample.crowd.labels)
    n_way = min(n_way, int(labels.max()) + 1)
    support = torch.cat([torch.nonzero(labels == c).flatten()[:n_shot] for c in range(n_way)])
    rest = torch.from_numpy(permutation(len(items), "queries"))
    rest = rest[~torch.isin(rest, support)]
    own = rest[labels[rest] < n_way]
    chosen = torch.cat([own, rest[labels[rest] >= n_way]])[:queries]
    return Episode(
        support=items[support],
        labels=labels[support],
        queries=items[chosen],
        answers=labels[chosen].clamp(max=n_way - 1),
    )


def _blocks(subject: Subject, model: object, items: Tensor) -> Mismatch | None:
    """Many episodes at once against one alone."""
    n_way, n_shot = subject.shape
    episode = _episode(subject, items, n_way, n_shot, 20)
    shuffled = [
        torch.from_numpy(permutation(len(episode.queries), f"block/{number}"))
        for number in range(EPISODES_AT_ONCE)
    ]
    stacked = torch.stack([episode.queries[order] for order in shuffled])
    size = len(shuffled)
    with torch.inference_mode():
        together = resolved(model).classify(
            episode.support.repeat(size, 1, 1), episode.labels.repeat(size, 1), stacked
        )
        for number in (0, size // 2, size - 1):
            one = stacked[number : number + 1].clone()
            alone = resolved(model).classify(
                episode.support[None].clone(), episode.labels[None], one
            )
            seen = Tolerance().scores(together[number], alone[0])
            if seen:
                return Mismatch(
                    "episode-alone", f"an episode alone instead of among {size}: {seen}"
                )
    return None
