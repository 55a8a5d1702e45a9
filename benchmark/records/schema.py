"""The record: what one job measured, as integers; the only hand-off to the reports.

A record is a pure function of (model with its recipe, task, seed). `id` covers what was asked and
what was answered; the curve, the cost, the provenance and the integrity probes are kept but not
hashed: two equal measurements may differ in them.
"""

from __future__ import annotations

import operator
from math import isfinite
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from benchmark.records.canonical import digest, recipe_hash
from benchmark.records.packed import Integers, between

SCHEMA = 1
MOST = 2**53  # whole numbers that floats hold exactly: sums and means of them cannot overflow
DEEPEST = 32  # levels of a recipe
MOST_KINDS = 100  # of trials
ADDED = ("calibration", "integrity")  # fields that the first records did not have
UNHASHED = ("id", "curve", "cost", "provenance", "integrity")
Number = Annotated[int, Field(ge=-MOST, le=MOST)]
Count = Annotated[int, Field(ge=0, le=10**9)]
Whole = Integers  # a file may hold long lists packed
Counted = Annotated[Integers, AfterValidator(between(0, 10**9))]
Odds = Annotated[Integers, AfterValidator(between(-(10**12), 10**12))]
Ordinals = Annotated[Integers, AfterValidator(between(0, 10**9))]
Doubt = Literal["one answer", "constant", "reversed", "few", "separated"]
Name = Annotated[str, Field(min_length=1, max_length=1_000)]
Hex = Field(pattern=r"^[0-9a-f]{64}$")


class Part(BaseModel):
    """Unknown fields and silent conversions are refused: a typo must not become a result."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class TaskRef(Part):
    """Which pinned questions were answered.

    `episodes` is the number used: the first so many of the task's pinned ones (episodes, trials or
    queries); `episode_digest` covers exactly those.
    """

    name: Name
    version: int = Field(ge=1, le=1_000_000)
    data_digest: str = Hex
    episode_digest: str = Hex
    episodes: int = Field(ge=1, le=10**9)


class ModelRef(Part):
    """Which model answered. `recipe` holds everything that its answers depend on but the seed."""

    key: Name
    recipe: dict[str, Any]
    pool: Literal["inductive", "transductive", "pretrained"] = "inductive"
    seen: list[str] | None = None  # data the model was trained on; None: undeclared

    @field_validator("recipe")
    @classmethod
    def plain(cls, recipe: dict[str, Any]) -> dict[str, Any]:
        """Not nested without end, and no number that a text could not hold."""
        level: list[Any] = [recipe]
        for _ in range(DEEPEST):
            if any(type(value) is int and abs(value) > 2**64 for value in level):
                raise ValueError("a number of the recipe is too large")
            if any(isinstance(value, float) and not isfinite(value) for value in level):
                raise ValueError("a number of the recipe is infinite or none")
            level = [
                below
                for value in level
                if isinstance(value, dict | list)
                for below in (value.values() if isinstance(value, dict) else value)
            ]
            if not level:
                return recipe
        raise ValueError(f"the recipe is nested more than {DEEPEST} levels deep")

    @property
    def recipe8(self) -> str:
        """The recipe's hash as it stands in the file's path."""
        return recipe_hash(self.recipe)


class Counts(Part):
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


class LogOdds(Part):
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


class Ranks(Part):
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


Outcome = Annotated[Counts | LogOdds | Ranks, Field(discriminator="kind")]


class Calibration(Part):
    """Confidences of the answers by bins of equal width between 0 and 1.

    `confidence_millionths` is each bin's sum; the temperature divides the model's scores.
    """

    temperature_millionths: int = Field(ge=1, le=MOST)
    answers: list[Number] = Field(min_length=1)
    correct: list[int]
    confidence_millionths: list[Number]

    @model_validator(mode="after")
    def fits(self) -> Self:
        """Every bin has all three numbers, and no more correct answers than answers."""
        if not len(self.answers) == len(self.correct) == len(self.confidence_millionths):
            raise ValueError("calibration lists have different lengths")
        if any(not 0 <= c <= n for c, n in zip(self.correct, self.answers, strict=True)):
            raise ValueError("a bin has more correct answers than answers")
        return self


class Validation(Part):
    """The outcome on the pinned validation twin of the task."""

    task: Name
    episode_digest: str = Hex
    outcome: Outcome


class Integrity(Part):
    """What was asked again, in other company, and came out alike.

    `items` and `questions` (episodes, trials or queries) are the numbers of the sample; `exempt`
    are the exceptions that the model declares, such as "transductive".
    """

    items: Count = 0
    questions: Count = 0
    exempt: list[Name] = []


class CurvePoint(Part):
    """One validation during training: items seen, loss in millionths, correct per 10,000."""

    items: Number
    loss_millionths: Number
    correct_per_10000: Number


class Cost(Part):
    """What the job cost on the machine named in the provenance; milliseconds of wall clock."""

    training_items: Number = 0
    training_milliseconds: Number = 0
    embedding_milliseconds: Number = 0
    scoring_milliseconds: Number = 0
    parameters: Number | None = None
    training_device: str | None = None  # where it is not the provenance's; not written where it is


class Provenance(Part):
    """With what it was measured. Never a host, a user or a path."""

    suite: str
    git: str | None = None
    code: str | None = None  # SHA-256 of the sources that judge and are judged
    weights: str | None = None  # SHA-256 of the trained weights
    python: str
    torch: str
    device: str
    platform: str
    processor: str | None = None  # whose rounding decides near-ties; not written if None
    settings: list[str] = []  # what was overridden, "key=value", to show the command again
    # Digests of the files of a user's model, by names relative to its folder; not written if empty.
    files: dict[Name, Annotated[str, Field(pattern=r"^([0-9a-f]{16}|gone)$")]] = {}
    task: str | None = None  # digest of what a task on own data states; not written if None


class Record(Part):
    """One job's result; see the module's docstring for what `id` covers."""

    record_schema: int = Field(default=SCHEMA, alias="schema")
    task: TaskRef
    model: ModelRef
    seed: int = Field(ge=0, le=MOST)
    fold: Count | None = None
    status: Literal["ok", "failed"] = "ok"
    reason: str | None = None
    validation: Validation | None = None
    outcome: Outcome | None = None
    calibration: Calibration | None = None
    integrity: Integrity | None = None  # None in records from before it was probed
    curve: list[CurvePoint] = []
    cost: Cost = Cost()
    provenance: Provenance
    id: str = ""

    @model_validator(mode="after")
    def consistent(self) -> Self:
        """A result has an outcome that fits its episodes, a failure a reason, an id its content."""
        if self.record_schema != SCHEMA:
            raise ValueError(f"schema {self.record_schema} is not {SCHEMA}")
        if self.status == "ok" and self.outcome is None:
            raise ValueError("a record with status ok needs an outcome")
        if self.status == "failed" and not self.reason:
            raise ValueError("a failed record needs a reason")
        if self.outcome is not None and self.outcome.answered != self.task.episodes:
            raise ValueError(f"{self.outcome.answered} answers to {self.task.episodes} episodes")
        expected = self.content_id()
        if self.id and self.id != expected:
            raise ValueError(f"id {self.id[:12]} does not match the content {expected[:12]}")
        object.__setattr__(self, "id", expected)
        return self

    def content_id(self) -> str:
        """SHA-256 of the canonical JSON without `UNHASHED` and empty additions."""
        content = self.model_dump(mode="json", by_alias=True, exclude=set(UNHASHED))
        for name in ADDED:
            if (
                name in content and content[name] is None
            ):  # records from before it existed keep their ids
                del content[name]
        return digest(content)
