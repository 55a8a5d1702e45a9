"""What the queries of a retrieval found, as a record holds it."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field, model_validator

from benchmark.records.part import Count, Counted, OutcomeBase


class Ranks(OutcomeBase):
    """What each query of a retrieval found; a tie between a match and another counts against it.

    `first` is the rank of the first match, from 1. With R matches in all (`matches`, one number
    where every query has as many), `hits` are those among the first R, and `precision` is the
    average precision up to rank R in millionths (mAP@R; Musgrave et al. 2020, section 3.1).
    """

    kind: Literal["ranks"] = "ranks"
    first: Counted = Field(min_length=1)
    hits: Counted
    precision: Counted
    matches: Count | Counted

    @model_validator(mode="after")
    def fitting(self) -> Self:
        """Lists of one length, whose numbers can be."""
        count = len(self.first)
        matches = [self.matches] * count if isinstance(self.matches, int) else self.matches
        if {len(self.hits), len(self.precision), len(matches)} != {count}:
            raise ValueError("the lists of ranks have different lengths")
        if min(self.first) < 1 or min(matches) < 1:
            raise ValueError("ranks and numbers of matches start at 1")
        if min(self.precision) < 0 or max(self.precision) > 1_000_000:
            raise ValueError("average precisions must lie between 0 and 1000000")
        if min(self.hits) < 0 or not all(map(operator.le, self.hits, matches)):
            raise ValueError("hits must lie between 0 and the number of matches")
        return self

    @property
    def answered(self) -> int:
        """Number of queries."""
        return len(self.first)

    @property
    def telling(self) -> Sequence[int]:
        """Numbers by which two runs can be told from copies of one."""
        return self.precision
