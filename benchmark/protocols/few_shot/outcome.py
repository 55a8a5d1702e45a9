"""Correct answers to episodes, as a record holds them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field, model_validator

from benchmark.records.part import OutcomeBase, Whole


class Counts(OutcomeBase):
    """Correct answers per episode, each out of `of` queries."""

    kind: Literal["counts"] = "counts"
    of: int = Field(ge=1, le=10**9)
    correct: Whole = Field(min_length=1)

    @model_validator(mode="after")
    def within_range(self) -> Self:
        """No episode has fewer than 0 or more than `of` correct answers."""
        if min(self.correct) < 0 or max(self.correct) > self.of:
            raise ValueError(f"correct answers must lie between 0 and {self.of}")
        return self

    @property
    def answered(self) -> int:
        """Number of episodes."""
        return len(self.correct)

    def prefix(self, count: int) -> Counts:
        """The answers to the first `count` episodes."""
        return self.model_copy(update={"correct": self.correct[:count]})

    @property
    def telling(self) -> Sequence[int]:
        """Numbers by which two runs can be told from copies of one."""
        return self.correct
