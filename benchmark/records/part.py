"""What all parts of a record share: strict models and bounded numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from benchmark.records.packed import Integers, between

MOST = 2**53  # whole numbers that floats hold exactly: sums and means of them cannot overflow
Number = Annotated[int, Field(ge=-MOST, le=MOST)]
Count = Annotated[int, Field(ge=0, le=10**9)]
Whole = Integers  # a file may hold long lists packed
Counted = Annotated[Integers, AfterValidator(between(0, 10**9))]
Ordinals = Annotated[Integers, AfterValidator(between(0, 10**9))]
Name = Annotated[str, Field(min_length=1, max_length=1_000)]


class Part(BaseModel):
    """Unknown fields and silent conversions are refused: a typo must not become a result."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class OutcomeBase(Part):
    """What a run answered to the questions of one protocol; `kind` names the class in a file."""

    kind: str

    @property
    def answered(self) -> int:
        """Number of questions."""
        raise NotImplementedError

    def prefix(self, count: int) -> OutcomeBase:
        """The answers to the first `count` questions, where these can be told apart; else all."""
        return self

    @property
    def telling(self) -> Sequence[int]:
        """Numbers by which two runs can be told from copies of one."""
        raise NotImplementedError
