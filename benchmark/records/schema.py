"""The record: what one job measured, as integers; the only hand-off to the reports.

A record is a pure function of (model with its recipe, task, seed). `id` covers what was asked and
what was answered; the curve, the cost, the provenance and the integrity probes are kept but not
hashed: two equal measurements may differ in them.
"""

from __future__ import annotations

from functools import reduce
from math import isfinite
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from benchmark.protocols.catalogue import PROTOCOLS
from benchmark.protocols.few_shot.outcome import Counts
from benchmark.protocols.retrieval.outcome import Ranks
from benchmark.protocols.verification.outcome import LogOdds, TrialLabels
from benchmark.records.canonical import digest, recipe_hash
from benchmark.records.part import MOST, Count, Name, Number, OutcomeBase, Part

__all__ = [
    "MOST", "SCHEMA", "Calibration", "Cost", "Counts", "CurvePoint", "Integrity", "LogOdds",
    "ModelRef", "Outcome", "Part", "Provenance", "Ranks", "Record", "TaskRef", "TrialLabels",
    "Validation",
]  # fmt: skip
SCHEMA = 1
DEEPEST = 32  # levels of a recipe
ADDED = ("calibration", "integrity")  # fields that the first records did not have
UNHASHED = ("id", "curve", "cost", "provenance", "integrity")
Hex = Field(pattern=r"^[0-9a-f]{64}$")


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


if TYPE_CHECKING:
    Outcome = OutcomeBase
else:  # of whichever protocol
    _OUTCOMES = [protocol.outcome_type() for protocol in PROTOCOLS]
    Outcome = Annotated[reduce(or_, _OUTCOMES), Field(discriminator="kind")]


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
