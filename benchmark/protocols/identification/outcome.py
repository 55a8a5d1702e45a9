"""Identifications of open-set episodes, as a record holds them."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field, model_validator

from benchmark.records.part import Counted, OutcomeBase, Part


class AtRate(Part):
    """What a threshold does that keeps the false-positive identification rate at a limit.

    The threshold is the lowest score at which, over all episodes, no larger share of the unknown
    queries than `per_thousand` / 1000 is accepted. Per episode `accepted` counts these, and
    `identified` the known queries that are accepted with the right class.
    """

    per_thousand: int = Field(ge=1, le=999)
    accepted: Counted
    identified: Counted


class Identified(OutcomeBase):
    """What was identified in each episode of `known` queries and `unknown` ones.

    `correct` counts the known queries whose best class is the right one, accepted or not. `ordered`
    is twice the pairs of a known and an unknown query of which the known one has the higher score,
    plus those that tie. `rates` lack a limit for which there are too few unknown queries.
    """

    kind: Literal["identified"] = "identified"
    known: int = Field(ge=1, le=10**6)
    unknown: int = Field(ge=1, le=10**6)
    correct: Counted = Field(min_length=1)
    ordered: Counted
    rates: list[AtRate] = Field(max_length=10)

    @model_validator(mode="after")
    def fitting(self) -> Self:
        """Lists of one length, whose numbers can be."""
        lists = [self.ordered, *(each.accepted for each in self.rates)]
        lists += [each.identified for each in self.rates]
        if {len(each) for each in lists} != {len(self.correct)}:
            raise ValueError("the lists of identifications have different lengths")
        if max(self.correct) > self.known:
            raise ValueError(f"correct answers must lie between 0 and {self.known}")
        if max(self.ordered) > 2 * self.known * self.unknown:
            raise ValueError("more pairs are in order than there are")
        limits = [each.per_thousand for each in self.rates]
        if limits != sorted(set(limits)):
            raise ValueError("the limits of rates ascend")
        for each in self.rates:
            if sum(each.accepted) * 1000 > each.per_thousand * self.unknown * len(self.correct):
                raise ValueError("more unknown queries are accepted than the limit allows")
            if max(each.accepted) > self.unknown:
                raise ValueError(f"accepted queries must lie between 0 and {self.unknown}")
            if not all(map(operator.le, each.identified, self.correct)):
                raise ValueError("more queries are identified than are correct")
        return self

    @property
    def answered(self) -> int:
        """Number of episodes."""
        return len(self.correct)

    def prefix(self, count: int) -> Identified:
        """The answers to the first `count` episodes, without rates: thresholds are of all."""
        lists = {name: getattr(self, name)[:count] for name in ("correct", "ordered")}
        return self.model_copy(update={**lists, "rates": []})

    @property
    def telling(self) -> Sequence[int]:
        """Numbers by which two runs can be told from copies of one."""
        return self.ordered
