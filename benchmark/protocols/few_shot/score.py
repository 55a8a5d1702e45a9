"""A model's answers to episodes, for a record and while weights are selected."""

from __future__ import annotations

from collections.abc import Callable

from benchmark.datasets.data_set import Family
from benchmark.evaluation.embedding_store import EmbeddingStore
from benchmark.evaluation.episodes import PREFIX, Observer, answer, way_of
from benchmark.evaluation.model_selection import CHOOSING_EPISODES, choosing_episodes
from benchmark.evaluation.outcome import Answered
from benchmark.evaluation.platt import Platt
from benchmark.protocols.few_shot.outcome import Counts
from benchmark.records.packed import Integers
from benchmark.tasks.loading import LoadedTask


def answer_task(
    model: object,
    loaded: LoadedTask,
    *,
    seed: int,
    device: str,
    episodes: int | None = None,
    report: Callable[[int, int], None] | None = None,
    bank: EmbeddingStore | None = None,
    shots: str | None = None,
    scaling: Platt | None = None,
    observe: Observer | None = None,
) -> Answered:
    """Correct answers to each episode; see `benchmark.evaluation.outcome.ask`."""
    answers = answer(
        model, loaded, seed=seed, device=device, episodes=episodes, report=report, bank=bank,
        shots=shots, observe=observe,
    )  # fmt: skip
    counts = Counts(of=answers.of, correct=Integers(answers.correct.tolist()))
    asked = loaded.episodes.first(len(answers.correct))
    return Answered(counts, asked, answers.embedding_seconds, answers.scoring_seconds)


def validation_episodes(model: object) -> int | None:
    """Where each episode costs a pass of its own, the episodes that select weights must do."""
    way = way_of(model)
    return CHOOSING_EPISODES[way] if way in PREFIX else None


def selection_score(
    model: object, chooser: LoadedTask, way: str, family: Family, seed: int, device: str
) -> float:
    """Accuracy on the first episodes of the validation twin."""
    episodes = choosing_episodes(way, family)
    answers = answer(model, chooser, seed=seed, device=device, episodes=episodes)
    return float(answers.correct.sum() / (answers.of * len(answers.correct)))
