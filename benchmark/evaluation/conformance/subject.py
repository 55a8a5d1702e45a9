"""The model under test, asked as the harness asks it: in evaluation mode, by its own way."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmark.evaluation.conformance.samples import Sample
from benchmark.evaluation.embeddings import pixels_for, to_input
from benchmark.evaluation.episodes import Answers, answer, way_of
from benchmark.evaluation.single_episode import Episode, ask_episode, ask_pairs, ask_similarity
from benchmark.evaluation.tensors import as_tensor
from benchmark.models.model import resolved
from benchmark.tasks.episodes import Episodes

SHAPE = (5, 2)  # ways and shots of the episodes, unless the model's head is fixed to others
QUERIES = 1  # of each class
# Episodes that are asked as for a record, and their queries a class; fewer where they cost much.
MANY, ASKED = (24, 3), {"classify_episode": (8, 3), "similarity": (8, 1)}


@dataclass(frozen=True, eq=False)
class Subject:
    """A model with what it is shown.

    Attributes:
        model: as it was built or given; never asked itself where it can be copied.
        sample: the data.
        rebuild: builds the same model anew with the same seed; None for a given object.
        shots: what represents a class of several supports, see
            `benchmark.evaluation.inference_config`.
        trained: whether `model` was trained for the check.
    """

    model: object
    sample: Sample
    rebuild: Callable[[], Any] | None
    shots: str | None
    trained: bool

    @property
    def way(self) -> str:
        """The method by which the model answers."""
        return way_of(self.model)

    @property
    def embeds(self) -> bool:
        """Whether the harness asks the model for embeddings."""
        return self.way in ("embed", "compare", "classify")

    def declares(self, name: str) -> bool:
        """Whether the model declares the exception of this name."""
        return resolved(self.model).states(name)

    @property
    def shape(self) -> tuple[int, int]:
        """Ways and shots that the model is asked."""
        n_way, n_shot = resolved(self.model).trained_for or SHAPE
        return int(n_way), int(n_shot)

    @property
    def settled(self) -> bool:
        """Whether its embeddings are meant to be good: it needs no training, or has had some."""
        loaded = resolved(self.model).pool == "pretrained"
        return self.trained or loaded or resolved(self.model).trainable is None

    @cached_property
    def copies(self) -> bool:
        """Whether the model can be copied, as one that holds an open session cannot."""
        try:
            copy.deepcopy(self.model)
        except Exception:  # whatever its parts raise
            return False
        return True

    def fresh(self) -> Any:
        """A copy of the model that nobody has asked yet, in evaluation mode; else the model."""
        return self.ready(copy.deepcopy(self.model) if self.copies else self.model)

    @staticmethod
    def ready(model: object) -> Any:
        """The model in evaluation mode, as far as it has one."""
        resolved(model).ready()
        return model

    @cached_property
    def items(self) -> Tensor:
        """float32 [n, ...]: all shown items as the model wants them, class by class."""
        return to_input(pixels_for(self.model, self.sample.shown), self.model, "cpu")

    def episode(
        self, number: int = 0, shape: tuple[int, int] | None = None, queries: int = QUERIES
    ) -> Episode:
        """The episode of this number as the model's inputs; supports come class by class."""
        n_way, n_shot = shape or self.shape
        drawn = self.sample.task(n_way, n_shot, queries, number + 1).episodes
        assert isinstance(drawn, Episodes)  # the checks ask nothing else
        row = drawn.queries[number].astype(np.int64)
        return Episode(
            support=self.items[torch.from_numpy(drawn.support[number].astype(np.int64)).flatten()],
            labels=torch.arange(n_way).repeat_interleave(n_shot),
            queries=self.items[torch.from_numpy(row)],
            answers=torch.from_numpy(drawn.labels[number].astype(np.int64)),
        )

    def embedded(self, model: object, episode: Episode) -> Episode:
        """The episode as the model's scores are made of it: embedded, where the model embeds."""
        if not self.embeds:
            return episode
        rows = self.embed(model, torch.cat([episode.support, episode.queries]))
        cut = len(episode.support)
        return replace(episode, support=rows[:cut], queries=rows[cut:])

    def embed(self, model: object, items: Tensor) -> Tensor:
        """What `embed` gives for the items; the shape of a tensor is not checked."""
        with torch.inference_mode():
            rows = resolved(model).embed(
                items.clone()
            )  # a model that writes to its input harms none
        if isinstance(rows, Tensor):
            return rows
        return as_tensor(rows, "embed", [len(items), "width"])

    def scores(self, model: object, episode: Episode, seed: int = 0) -> Tensor:
        """Scores [q, n_way] of an episode that `embedded` gave.

        Raises:
            ModelFailed: they have another shape.
        """
        generator = torch.Generator().manual_seed(seed)
        return ask_episode(model, self.way, episode, self.shots, generator)

    def pairs(self, model: object, support: Tensor, queries: Tensor) -> Tensor:
        """[q, s]: the model's similarity of each query (or its embedding) with each support.

        Raises:
            ModelFailed: it gave another shape.
        """
        if self.way == "similarity":
            return ask_similarity(model, support, queries)
        s, q = len(support), len(queries)
        left = support.repeat(q, *[1] * (support.ndim - 1))
        return ask_pairs(model, self.way, left, queries.repeat_interleave(s, dim=0)).view(q, s)

    @cached_property
    def at_scale(self) -> dict[str, str]:
        """What large batches and episodes show, by the name of the check that it fails."""
        from benchmark.evaluation.conformance.at_scale import mismatches  # which asks a subject

        return mismatches(self)

    @cached_property
    def answers(self) -> Answers:
        """Correct answers to pinned episodes, through the code that makes records.

        Raises:
            ModelFailed: as there.
        """
        episodes, n_query = ASKED.get(self.way, MANY)
        task = self.sample.task(*self.shape, n_query, episodes)
        return answer(self.fresh(), task, shots=self.shots, episodes=episodes)
