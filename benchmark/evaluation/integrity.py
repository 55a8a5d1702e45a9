"""Integrity of a run: a pinned sample of it is asked again, differently, and must come out alike.

A model is ranked as inductive if what it says of an item depends on that item alone, and what it
says of a query on the support and that query. Four things are asked again at every test:

- Items. Those of a pinned sample are embedded again by a copy of the model that has not seen the
  test: in a batch of production size in other company, in a small batch, and alone, under another
  state of the global random generators.
- Episodes. Those of a pinned sample are answered again by the copy, from the embeddings of the
  first point: as they are, with queries, classes and supports permuted, some queries alone, and in
  other shapes: half of the classes, and the queries of two episodes at once.
- Near copies. The sample is embedded with every pixel changed by two of 255 levels and, where that
  moves the embeddings, with a sixteenth of another item in each: a model that recognises the items
  and repeats what it said of them before recognises neither.
- Pairs. A model with `compare` or `similarity` is asked about some pairs alone, in another order,
  and with both sides exchanged.

Answers are the same if they differ by at most `OF_SPREAD` of their spread (of each coordinate of an
embedding; of the scores of an episode once each query's mean is subtracted) plus rounding of the
largest value, and if at most `FLIPPED` of the decisions change. In float32 embeddings are equal or
nearly equal in bits, on processors and on accelerators: both limits are far above. In bfloat16 and
float16 values round at 0.4 and 0.05 %, and a batch of another shape may round otherwise: both
limits are `LOW_PRECISION` times as wide. A dependence that is worth a point of accuracy changes
more decisions than that.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.errors import ModelFailed
from benchmark.evaluation.embedding_store import EmbeddingStore
from benchmark.evaluation.embeddings import (
    NearCopies,
    batch_size,
    embed_groups,
    pixels_for,
    to_input,
)
from benchmark.evaluation.episodes import Observer, asked_of, episode_generator, way_of
from benchmark.evaluation.memory import ran_out
from benchmark.evaluation.order import permutation
from benchmark.evaluation.pairs import pair_similarity, pair_way
from benchmark.evaluation.random_state import other_random_state
from benchmark.evaluation.single_episode import Episode, ask_episode, ask_pairs
from benchmark.models.model import resolved
from benchmark.protocols.catalogue import BY_NAME
from benchmark.tasks.episodes import Episodes
from benchmark.tasks.loading import LoadedTask, Questions

T = TypeVar("T")
OF_SPREAD = 1e-2  # rounding after hundreds of steps of an iterative head has been seen at 0.3 %
ROUNDING = 1e-6  # of the largest value: eight units in the last place of float32
FLIPPED = 0.02  # of the decisions, one at least
LOW_PRECISION = 5.0
ITEMS = 64  # of the sample, or what one batch holds
OF_NEAR_COPIES = 0.5  # of the spread; sound networks move by some hundredths, a small ViT by 0.26
ALONE = 4  # items, queries or pairs that are asked about by themselves
SMALL = 3  # items of a small batch
EPISODES = {"compare": 2, "classify": 3, "classify_episode": 2, "similarity": 1}
FEW = 200  # of fewer episodes one is enough
TRIALS = 32
EXCEPTIONS = ("transductive", "stochastic", "ordered_support", "ordered_classes", "ordered_pairs")


@dataclass(frozen=True)
class Mismatch:
    """An answer that changed: the name of the check that it fails, and what was seen."""

    check: str
    seen: str


class IntegrityFailed(ModelFailed):
    """What a model says of an item or a query depends on more than it may."""


@dataclass(frozen=True)
class Tolerance:
    """How much two answers may differ; see the module's docstring."""

    of_spread: float = OF_SPREAD
    flipped: float = FLIPPED

    @classmethod
    def of(cls, dtype: str) -> Tolerance:
        """The tolerance for a network that computes in `dtype`."""
        wider = 1.0 if dtype == "float32" else LOW_PRECISION
        return cls(OF_SPREAD * wider, FLIPPED * wider)

    def rows(self, expected: Tensor, found: Tensor, spread: Tensor) -> str:
        """How embeddings [n, e] differ, "" where they are the same.

        `spread` [e] is the standard deviation of each coordinate over more items.
        """
        if expected.shape != found.shape:
            return f"the shapes are {list(expected.shape)} and {list(found.shape)}"
        expected, found = expected.double(), found.double()
        if not torch.isfinite(found).all():
            return "one of the two is not finite"
        allowed = self.of_spread * spread.double() + ROUNDING * (
            expected.abs().amax(dim=0) + 10 * spread.double().max()
        )
        difference = (expected - found).abs()
        if bool((difference <= allowed).all()):
            return ""
        rows = int((difference > allowed).any(dim=1).sum())
        share = float((difference / spread.double().clamp(min=1e-30)).max())
        return f"{rows} of {len(expected)} items differ, by up to {100 * share:.3g} % of the spread"

    def scores(self, expected: Tensor, found: Tensor, more: Tensor | None = None) -> str:
        """How scores [q, n] differ, "" where they are the same; `more` gives the spread."""
        if expected.shape != found.shape:
            return f"the shapes are {list(expected.shape)} and {list(found.shape)}"
        expected, found = _centred(expected), _centred(found)
        if not torch.isfinite(found).all():
            return "one of the two is not finite"
        spread = float(_centred(expected if more is None else more).std(correction=0))
        allowed = self.of_spread * spread + ROUNDING * 10 * float(expected.abs().max())
        largest = float((expected - found).abs().max())
        flipped = int((expected.argmax(dim=1) != found.argmax(dim=1)).sum())
        most = max(1.0, self.flipped * len(expected))
        if largest <= allowed and (flipped <= most or largest <= allowed / 1000):
            return ""
        share = f" ({100 * largest / spread:.3g} % of their spread)" if spread else ""
        return (
            f"the largest difference is {largest:.3g}{share}, {flipped} of {len(expected)} "
            "decisions change"
        )


def _centred(scores: Tensor) -> Tensor:
    """Scores [q, n] in double precision without each query's mean, which decides nothing."""
    scores = scores.detach().double().cpu()
    return scores - scores.mean(dim=1, keepdim=True) if scores.shape[1] > 1 else scores


def attempted(ask: Callable[[], T]) -> tuple[T | None, str]:
    """What a call gives, or why it gives nothing."""
    try:
        return ask(), ""
    except Exception as error:  # a user's model may raise anything
        if ran_out(error):
            raise
        return None, f"{type(error).__name__}: {error}".splitlines()[0].rstrip(".")


def copied(model: object) -> Any:
    """A copy of the model that shares no state with it; the model itself where it has none."""
    own = getattr(model, "copied", None)  # of a model in a process of its own
    try:
        return own() if callable(own) else copy.deepcopy(model)
    except Exception:  # an open session, say; its own state is all there is
        return model


# Items


Embed = Callable[[list[NDArray[np.int64]]], list[Tensor]]  # batches of item numbers -> their rows


def embedding_mismatch(
    embed: Embed,
    items: NDArray[np.int64],
    batch: int,
    tolerance: Tolerance,
    expected: Tensor | None = None,
    device: str = "cpu",
) -> tuple[Mismatch | None, Tensor]:
    """What differs when `items` (int64 [m]) are embedded in other company, and their rows.

    Args:
        embed: embeds batches of items with one copy of the model.
        items: the sample, in a random order.
        batch: items of a production batch.
        tolerance: what is the same.
        expected: [m, e], the embeddings that the run used; None where there is no run.
        device: where the model computes.
    """
    at = [np.arange(start, min(start + batch, len(items))) for start in range(0, len(items), batch)]
    if len(at) > 1:
        at[-1] = np.arange(len(items) - batch, len(items))  # as large as the others
    groups = [items[rows] for rows in at]
    few = [np.arange(min(SMALL, len(items)))[::-1]]
    few += [np.array([row]) for row in np.linspace(0, len(items) - 1, ALONE).astype(int)]
    with other_random_state(1, device):
        large = embed(groups)
    again = torch.empty(len(items), large[0].shape[1], device=large[0].device)
    for rows, found in zip(at, large, strict=True):
        again[torch.from_numpy(rows)] = found.float()
    spread = (again if expected is None else expected).double().std(dim=0, correction=0)

    def mismatch(seen: str) -> tuple[Mismatch, Tensor]:
        return Mismatch(_cause(embed, groups, tolerance, spread, device), seen), again

    with other_random_state(2, device):
        small, raised = attempted(lambda: embed([items[rows] for rows in few]))
    if small is None:
        return Mismatch(
            "embed-alone", f"a few items by themselves cannot be embedded: {raised}"
        ), again
    for rows, found in zip(few, small, strict=True):
        seen = tolerance.rows(again[torch.from_numpy(rows.copy())], found.float(), spread)
        if seen:
            how = "alone" if len(rows) == 1 else f"in a batch of {len(rows)}"
            return mismatch(f"embedded {how} instead of in a batch of {len(groups[0])}, {seen}")
    seen = "" if expected is None else tolerance.rows(expected, again, spread)
    return mismatch(f"embedded again in other company, {seen}") if seen else (None, again)


def memory_mismatch(expected: Tensor, near: Callable[[NearCopies], Tensor]) -> Mismatch | None:
    """Whether items [m, e] are embedded otherwise when a model cannot recognise them.

    Two kinds of near copies are tried, and one that is embedded nearby suffices: levels that are
    all changed alike leave flat areas flat, which local descriptors need, and mixtures of items
    leave the origin and the scale of the values as they are, which raw and whitened ones need.

    Args:
        expected: embeddings of the items.
        near: gives those of near copies of a kind [m, e], in other company.
    """
    expected = expected.double()
    spread = (expected - expected.mean(dim=0)).norm(dim=1).mean()
    if len(expected) < SMALL or not spread > ROUNDING * expected.abs().max():
        return None
    moved: list[float] = []
    for kind in get_args(NearCopies):
        found = near(kind).double()
        if expected.shape != found.shape or not torch.isfinite(found).all():
            return None  # other probes name that
        moved.append(float(((found - expected).norm(dim=1) / spread).median()))
        if moved[-1] <= OF_NEAR_COPIES:
            return None
    return Mismatch(
        "state",
        f"items of which every value was changed by 1 % are embedded {100 * moved[0]:.3g} % of the "
        f"spread away in the median, and items with a sixteenth of another {100 * moved[1]:.3g} %: "
        "what the model says of an item depends on having seen it",
    )


def _cause(
    embed: Embed, groups: list[NDArray[np.int64]], tolerance: Tolerance, spread: Tensor, device: str
) -> str:
    """Which check is failed by embeddings that change: asked again under controlled conditions."""
    group = groups[0]

    def ask(seed: int, items: NDArray[np.int64]) -> Tensor:
        with other_random_state(seed, device):
            return embed([items])[0].float()

    first, again, other = ask(2, group), ask(2, group), ask(3, group)
    if tolerance.rows(first, again, spread):
        return "state"
    if tolerance.rows(first, other, spread):
        return "random-state"
    if tolerance.rows(first.flip(0), ask(2, group[::-1]), spread):
        return "embed-alone"
    if tolerance.rows(first[:1], ask(2, group[:1]), spread):
        return "embed-alone"
    return "state"  # alike whatever the company, but not as before


# Episodes


Scores = Callable[[Episode], Tensor]  # an episode of items or embeddings -> scores [q, n_way]


def episode_mismatch(
    scores: Scores,
    episode: Episode,
    tolerance: Tolerance,
    exempt: tuple[str, ...],
    fixed: bool,
    expected: Tensor | None = None,
    other: Episode | None = None,
    device: str = "cpu",
) -> Mismatch | None:
    """What differs when an episode is answered in other ways.

    Args:
        scores: answers one episode with one copy of the model; the generator, where the model is
            given one, is the same each time.
        episode: to be answered.
        tolerance: what is the same.
        exempt: the exceptions that the model declares.
        fixed: whether the model answers one shape only.
        expected: [q, n], the scores that the run used; None where there is no run.
        other: an episode of the same shape whose queries are added.
        device: where the model computes.
    """
    with other_random_state(1, device):
        first = scores(episode)
    found = _repeated(scores, episode, first, tolerance, expected, device)
    if found is None and "stochastic" not in exempt:
        found = _permuted(scores, episode, first, tolerance, exempt)
        if found is None and "transductive" not in exempt:
            found = _in_other_company(scores, episode, first, tolerance, other)
            if found is None and not fixed:
                found = _in_other_shape(scores, episode, tolerance)
    return found


def _repeated(
    scores: Scores,
    episode: Episode,
    first: Tensor,
    tolerance: Tolerance,
    expected: Tensor | None,
    device: str,
) -> Mismatch | None:
    """The episode by itself: as in the run, and under another global random state."""

    def again(seed: int) -> str:
        with other_random_state(seed, device):
            return tolerance.scores(first, scores(episode))

    seen = "" if expected is None else tolerance.scores(expected, first)
    if seen:
        check = "random-state" if not again(1) and again(2) else "state"
        return Mismatch(check, f"an episode answered again, by itself: {seen}")
    if expected is None:
        seen = again(1)
        if seen:
            return Mismatch("state", f"an episode answered twice: {seen}")
        seen = again(2)
        if seen:
            return Mismatch("random-state", f"under another global random state: {seen}")
    return None


def _in_other_company(
    scores: Scores,
    episode: Episode,
    first: Tensor,
    tolerance: Tolerance,
    other: Episode | None,
) -> Mismatch | None:
    """Some queries alone, half of them, and all with those of another episode."""
    q = len(first)
    parts = [torch.tensor([row]) for row in np.linspace(0, q - 1, min(ALONE, q)).astype(int)]
    parts.append(torch.arange(q - 1, -1, -1)[: max(1, q // 2)])
    asked = [(episode.only(part), first[part.to(first.device)]) for part in parts]
    if other is not None:
        both = replace(
            episode,
            queries=torch.cat([episode.queries, other.queries]),
            answers=torch.cat([episode.answers, other.answers]),
        )
        asked.append((both, first))
    for changed, before in asked:
        count = len(changed.queries)
        how = "alone" if count == 1 else f"among {count}"
        answers, raised = attempted(partial(scores, changed))
        if answers is None:
            return Mismatch("query-alone", f"a query {how} cannot be answered: {raised}")
        seen = tolerance.scores(before, answers[: len(before)], first)
        if seen:
            return Mismatch("query-alone", f"a query {how} instead of among {q}: {seen}")
    return None


def _in_other_shape(scores: Scores, episode: Episode, tolerance: Tolerance) -> Mismatch | None:
    """Half of the classes with one support each: some queries alone and among the others."""
    if episode.n_way <= 2:
        return None
    fewer = _fewer_classes(episode, max(2, episode.n_way // 2))
    together, _ = attempted(lambda: scores(fewer))
    if together is None:
        return None  # a head of one shape that does not say so: `oneshot check` does
    for row in range(min(2, len(fewer.queries))):
        one = scores(fewer.only(torch.tensor([row])))
        seen = tolerance.scores(together[row : row + 1], one, together)
        if seen:
            shape = f"{fewer.n_way}-way {fewer.n_shot}-shot"
            count = len(fewer.queries)
            return Mismatch(
                "query-alone", f"{shape}, a query alone instead of among {count}: {seen}"
            )
    return None


def _permuted(
    scores: Scores,
    episode: Episode,
    first: Tensor,
    tolerance: Tolerance,
    exempt: tuple[str, ...],
) -> Mismatch | None:
    """Queries, classes and supports permuted: at once, and one by one where that makes a change."""
    q, n = first.shape
    queries = _shuffle(q, 1)
    supports = None if "ordered_support" in exempt else _shuffle(len(episode.support), 2)
    names = None if "ordered_classes" in exempt else _shuffle(n, 3)

    def asked(by_query: Tensor | None, by_support: Tensor | None, by_name: Tensor | None) -> Tensor:
        changed = episode if by_query is None else episode.only(by_query)
        changed = changed if by_name is None else changed.renamed(by_name)
        changed = changed if by_support is None else changed.reordered(by_support)
        found = scores(changed)
        found = found if by_name is None else found[:, by_name.to(found.device)]
        return found if by_query is None else found[torch.argsort(by_query).to(found.device)]

    if not tolerance.scores(first, asked(queries, supports, names)):
        return None
    seen = tolerance.scores(first, scores(episode))
    if seen:
        return Mismatch("state", f"an episode answered again: {seen}")
    for check, what, changes in (
        ("query-order", "queries", (queries, None, None)),
        ("support-order", "supports", (None, supports, None)),
        ("class-names", "classes", (None, None, names)),
    ):
        if all(change is None for change in changes):
            continue
        seen = tolerance.scores(first, asked(*changes))
        if seen:
            return Mismatch(check, f"with the {what} in another order: {seen}")
    seen = tolerance.scores(first, asked(queries, supports, names))
    if not seen:
        return Mismatch("state", "an episode was answered otherwise when it was asked again")
    return Mismatch("query-order", f"with queries, classes and supports permuted: {seen}")


def _shuffle(size: int, key: int) -> Tensor:
    """int64 [size]: a pinned permutation that is not the identity, where there is one."""
    order = torch.from_numpy(permutation(size, f"probe/{key}"))
    return order.roll(1) if bool((order == torch.arange(size)).all()) else order


def _fewer_classes(episode: Episode, n_way: int) -> Episode:
    """The first `n_way` classes with one support each, and the queries of these."""
    order = torch.argsort(episode.labels.cpu(), stable=True)
    shots = episode.n_shot
    support = order[torch.arange(n_way) * shots]
    queries = torch.nonzero(episode.answers.cpu() < n_way).flatten()
    if not len(queries):
        queries = torch.arange(1)
    return replace(
        episode,
        support=episode.support[support],
        labels=episode.labels[support],
        queries=episode.queries[queries],
        answers=episode.answers[queries],
    )


# Pairs


Pairs = Callable[[Tensor, Tensor], Tensor]  # two sides [p, ...] -> similarities [p]


def pair_mismatch(
    compare: Pairs,
    left: Tensor,
    right: Tensor,
    tolerance: Tolerance,
    exempt: tuple[str, ...],
    expected: Tensor | None = None,
    device: str = "cpu",
) -> Mismatch | None:
    """What differs when pairs are compared in another order, alone, and from the other side."""

    def column(values: Tensor) -> Tensor:
        return values.detach().double().cpu()[:, None]

    with other_random_state(1, device):
        first = column(compare(left, right))
    base = first if expected is None else column(expected)
    if expected is not None:
        seen = tolerance.scores(base, first)
        if seen:
            return Mismatch("state", f"pairs compared again in other company: {seen}")
    with other_random_state(2, device):
        seen = tolerance.scores(base, column(compare(left, right)))
    if seen:
        return Mismatch("random-state", f"pairs under another global random state: {seen}")
    order = _shuffle(len(left), 4)
    parts = [order, order[: len(order) // 2], *(order[row : row + 1] for row in range(ALONE))]
    for part in parts:
        if not len(part):
            continue
        seen = tolerance.scores(base[part], column(compare(left[part], right[part])), base)
        if seen:
            how = "alone" if len(part) == 1 else f"among {len(part)} in another order"
            return Mismatch("pair-alone", f"a pair {how} instead of among {len(left)}: {seen}")
    if "ordered_pairs" not in exempt:
        seen = tolerance.scores(base, column(compare(right, left)))
        if seen:
            return Mismatch("pair-symmetry", f"with both sides exchanged: {seen}")
    return None


# A run


@dataclass(eq=False)
class Probe:
    """The probes of one task of a run; make it before the task is answered.

    Attributes:
        model: that answers, in evaluation mode.
        loaded: the task.
        bank: the embeddings that the run uses.
        seed: of the generator that episode classifiers are given.
        shots: see `benchmark.evaluation.inference_config`.
        items, questions: how many were asked about again.
        exempt: the exceptions that the model declares.
    """

    model: object
    loaded: LoadedTask
    bank: EmbeddingStore
    seed: int
    shots: str | None
    items: int = 0
    questions: int = 0
    _scores: dict[int, Tensor] = field(default_factory=dict)
    _done: int = 0

    def __post_init__(self) -> None:
        self._copy = copied(self.model)
        self._tolerance = Tolerance.of(self.bank.dtype)
        self.exempt = tuple(name for name in EXCEPTIONS if resolved(self.model).states(name))

    def observing(self, observer: Observer | None, episodes: int | None = None) -> Observer:
        """The observer, which also keeps the scores of a sample of the answered episodes.

        Args:
            observer: called as before, or None.
            episodes: how many are asked for, see `asked_of`.
        """
        way = way_of(self.model)
        answered = asked_of(self.model, len(self.loaded.episodes), episodes)
        wanted = EPISODES.get(way, 0) if answered >= FEW else 1
        order = permutation(answered, f"{self.loaded.task.key}/probe")
        self._sample = sorted(order[: min(wanted, answered)].tolist()) if way != "embed" else []

        def observe(scores: Tensor, labels: Tensor) -> None:
            for number in self._sample:
                if self._done <= number < self._done + len(scores):
                    self._scores[number] = scores[number - self._done].detach().cpu().clone()
            self._done += len(scores)
            if observer is not None:
                observer(scores, labels)

        return observe

    def ask_again(self) -> Mismatch | None:
        """What of the sample comes out otherwise; None where nothing does."""
        if isinstance(self.loaded.episodes, Episodes):
            return self._of_episodes(self.loaded.episodes)
        return self._of_pairs(self.loaded.episodes)

    def _of_episodes(self, asked: Episodes) -> Mismatch | None:
        way = way_of(self.model)
        device = self.bank.device
        numbers = sorted(self._scores)
        used = asked.items()
        items = np.concatenate([
            *(asked.support[number].ravel() for number in numbers),
            *(asked.queries[number] for number in numbers),
            np.zeros(0, dtype=np.int32),
        ]).astype(np.int64)  # fmt: skip
        items = np.unique(items)
        given: Tensor
        if way in ("classify_episode", "similarity"):
            pixels = pixels_for(self.model, self.loaded.data.take(items))
            given = to_input(pixels, self.model, device)
        else:
            found, items, given = self._embedded(used, items)
            if found is not None or way == "embed":
                return found
        row = np.full(len(self.loaded.data), -1, dtype=np.int64)
        row[items] = np.arange(len(items))
        episodes = [self._episode(asked, number, row, given) for number in numbers]
        self.questions = len(numbers)
        for place, (number, episode) in enumerate(zip(numbers, episodes, strict=True)):
            generator = (self.loaded.task.key, number, self.seed)

            def scores(each: Episode, key: tuple[str, int, int] = generator) -> Tensor:
                return ask_episode(
                    self._copy, way, each, self.shots, episode_generator(*key, device)
                ).cpu()

            found = episode_mismatch(
                scores, episode, self._tolerance, self.exempt,
                resolved(self.model).trained_for is not None, self._scores[number],
                episodes[place - 1] if place and way == "classify" else None, device,
            )  # fmt: skip
            if found is None and place == 0 and way in ("compare", "similarity"):
                found = self._of_sides(way, episode, device)
            if found is not None:
                return found
        return None

    def _episode(
        self, asked: Episodes, number: int, row: NDArray[np.int64], given: Tensor
    ) -> Episode:
        n_way, n_shot = asked.support.shape[1:]
        support = torch.from_numpy(row[asked.support[number].ravel()]).to(given.device)
        queries = torch.from_numpy(row[asked.queries[number]]).to(given.device)
        return Episode(
            support=given[support],
            labels=torch.arange(n_way, device=given.device).repeat_interleave(n_shot),
            queries=given[queries],
            answers=torch.from_numpy(asked.labels[number].astype(np.int64)).to(given.device),
        )

    def _embedded(
        self, used: NDArray[np.int64], first: NDArray[np.int64]
    ) -> tuple[Mismatch | None, NDArray[np.int64], Tensor]:
        """Embeds a sample of the `used` items again, `first` among them: [m], and rows [m, e]."""
        data, bank = self.loaded.data, self.bank
        batch = batch_size(self.model, data, bank.device)
        order = used[permutation(len(used), f"{self.loaded.task.key}/probe")]
        wanted = min(len(used), max(len(first), batch, min(ITEMS, len(used) // 20)))
        items = np.unique(np.concatenate([first, order[: max(0, wanted - len(first))]]))
        items = items[permutation(len(items), "probe")]
        self.items = len(items)
        vectors = bank.vectors(data, self.loaded.task.split, np.sort(items))
        expected = vectors[torch.from_numpy(np.argsort(np.argsort(items))).to(vectors.device)]

        def embed(groups: list[NDArray[np.int64]]) -> list[Tensor]:
            return embed_groups(self._copy, data, groups, bank.device, bank.views, bank.dtype)

        found, again = embedding_mismatch(
            embed, items, batch, self._tolerance, expected, bank.device
        )
        if found is None and data.family != "text" and "stochastic" not in self.exempt:
            mixed = permutation(len(items), "near")
            groups = np.array_split(items[mixed], max(1, -(-len(items) // batch)))
            back = torch.from_numpy(np.argsort(mixed)).to(expected.device)

            def near(kind: NearCopies) -> Tensor:
                rows = embed_groups(
                    self._copy, data, groups, bank.device, bank.views, bank.dtype, near=kind
                )
                return torch.cat(rows)[back].float()

            found = memory_mismatch(expected, near)
        if found is None and way_of(self.model) == "embed":
            seen = self._tolerance.scores(_similarities(self.model, expected),
                                          _similarities(self.model, again))  # fmt: skip
            if seen:
                found = Mismatch("embed-alone", f"similarities of items embedded again: {seen}")
        return found, items, again

    def _of_sides(self, way: str, episode: Episode, device: str) -> Mismatch | None:
        """Pairs of an episode, one side and the other."""
        count = min(TRIALS, len(episode.queries))
        rows = torch.arange(count, device=episode.queries.device)
        left, right = episode.support[rows % len(episode.support)], episode.queries[rows]

        def compare(a: Tensor, b: Tensor) -> Tensor:
            return ask_pairs(self._copy, way, a, b)

        return pair_mismatch(
            compare, left, right, self._tolerance, self.exempt, device=device
        )  # fmt: skip

    def _of_pairs(self, asked: Questions) -> Mismatch | None:
        """Trials and queries: their items again, and pairs of these where the model compares."""
        way = pair_way(self.model)
        used = asked.items()
        device = self.bank.device
        order = permutation(len(asked), f"{self.loaded.task.key}/probe")[:TRIALS]
        left, right = BY_NAME[self.loaded.task.protocol].probed_pairs(asked, order)
        sides = np.concatenate([left, right])
        items = np.unique(sides)
        given: Tensor
        if way == "similarity":
            given = to_input(
                pixels_for(self.model, self.loaded.data.take(items)), self.model, device
            )
        else:
            found, items, given = self._embedded(used, items)
            if found is not None or way == "embed":
                return found
        row = np.zeros(len(self.loaded.data), dtype=np.int64)
        row[items] = np.arange(len(items))
        self.questions = len(left)
        at = torch.from_numpy(row[sides]).to(device)
        a, b = given[at[: len(left)]], given[at[len(left) :]]
        with torch.inference_mode():
            expected = ask_pairs(self.model, str(way), a, b)
        return pair_mismatch(
            lambda x, y: ask_pairs(self._copy, str(way), x, y),
            a, b, self._tolerance, self.exempt, expected, device,
        )  # fmt: skip


def _similarities(model: object, rows: Tensor) -> Tensor:
    """[m, m]: how alike the items are by the model's declared distance; an item to itself least."""
    similar = pair_similarity(model, "embed", rows)
    found = torch.stack([similar(row.expand_as(rows), rows) for row in rows])
    return found.fill_diagonal_(float(found.min()))
