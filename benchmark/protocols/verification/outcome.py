"""Log-odds of verification trials, as a record holds them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from benchmark.records.packed import Integers, between
from benchmark.records.part import Counted, Name, Ordinals, OutcomeBase, Part

Odds = Annotated[Integers, AfterValidator(between(-(10**12), 10**12))]
Doubt = Literal["one answer", "constant", "reversed", "few", "separated"]
MOST_KINDS = 100  # of trials


class TrialLabels(Part):
    """The right answers of trials that are not pinned, so that the record can be read by itself.

    Trials lie kind after kind, those that are the same ("genuine") first; `left` and `right` number
    the classes of both sides.
    """

    kinds: list[Name] = Field(min_length=2, max_length=MOST_KINDS)
    of_kind: Counted
    left: Counted
    right: Counted

    @model_validator(mode="after")
    def fitting(self) -> Self:
        """As many trials as classes on either side, and none before the same ones."""
        if self.kinds[0] != "genuine" or len(self.kinds) != len(self.of_kind):
            raise ValueError("the kinds of trials begin with 'genuine' and are counted each")
        if len(set(self.kinds)) < len(self.kinds) or "overall" in self.kinds:
            raise ValueError("the kinds of trials have names of their own, and none is 'overall'")
        if {len(self.left), len(self.right)} != {sum(self.of_kind)}:
            raise ValueError("the labels of trials have different lengths")
        return self


class LogOdds(OutcomeBase):
    """Log-odds of "same" for each verification trial, in thousandths.

    They are the model's scores after Platt scaling on the validation trials, where same and
    different weigh the same: 0 is the validation threshold. Where a track has nothing to fit on,
    `calibrated` is false, and they are scores of mean 0 and deviation 1, good for ranks alone.
    `labels` are there where the suite has not pinned the trials, as those of a user's own data.
    `order` ranks the trials by the model's own similarities, from 0, equal ones alike: log-odds are
    rounded and may be equal where similarities are not. `doubt` says why there is no calibration,
    or why it is uncertain.
    """

    kind: Literal["log-odds"] = "log-odds"
    thousandths: Odds = Field(min_length=1)
    calibrated: bool = True
    labels: TrialLabels | None = None
    order: Ordinals | None = None  # None in records from before it was kept
    doubt: Doubt | None = None

    @model_validator(mode="after")
    def labelled(self) -> Self:
        """Labels and order, where there are any, are those of the trials."""
        if self.order is not None and len(self.order) != len(self.thousandths):
            raise ValueError("the order is one of other trials")
        if self.labels is not None and sum(self.labels.of_kind) != len(self.thousandths):
            raise ValueError("there are labels of other trials")
        return self

    @model_serializer(mode="wrap")
    def without_empty(self, standard: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Records from before optional fields existed keep their bytes and ids."""
        told: dict[str, Any] = standard(self)
        optional = ("labels", "order", "doubt")
        return {name: value for name, value in told.items() if name not in optional or value}

    @property
    def answered(self) -> int:
        """Number of trials."""
        return len(self.thousandths)

    @property
    def telling(self) -> Sequence[int]:
        """Numbers by which two runs can be told from copies of one."""
        return self.thousandths
