"""Numbers as papers print them, never mixed with measured ones: `results/claims/*.toml`.

Percent as printed. A claim says how surely it is known and how near its protocol comes to the
task's; without a source it is none.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from benchmark import toml
from benchmark.errors import OneshotError, first_mistake

FOLDER = "claims"


class Claim(BaseModel):
    """One printed number.

    Attributes:
        task: the task whose protocol it comes nearest to.
        method: the method's name in the source.
        detail: backbone, training ways and what else sets it apart.
        model: the catalogue's key of the same method and backbone, None where there is none.
        error, accuracy: percent; exactly one of them is given.
        half_width: half of the printed 95 % interval, in percent.
        source: who printed it, and where.
        reliability: "seen" in the source itself, "transcription" by somebody else, or "recalled".
        protocol: "same" as the task's, "near" it, or "different".
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    task: str = Field(min_length=1)
    method: str = Field(min_length=1)
    detail: str = ""
    model: str | None = None
    error: float | None = Field(default=None, ge=0, le=100)
    accuracy: float | None = Field(default=None, ge=0, le=100)
    half_width: float | None = Field(default=None, ge=0)
    source: str = Field(min_length=3)
    reliability: Literal["seen", "transcription", "recalled"]
    protocol: Literal["same", "near", "different"]

    @model_validator(mode="after")
    def one_number(self) -> Self:
        """Errors are accuracies told from the other side; both would be one too many."""
        if (self.error is None) == (self.accuracy is None):
            raise ValueError("a claim gives either error or accuracy")
        return self

    @property
    def percent(self) -> float:
        """The accuracy in percent."""
        return self.accuracy if self.accuracy is not None else 100 - (self.error or 0.0)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    claim: list[Claim]


def load(results: Path) -> list[Claim]:
    """All claims of a results folder, file after file; none where there is no folder.

    Raises:
        OneshotError: a file is no TOML, or a claim lacks its source or says something else.
    """
    claims: list[Claim] = []
    for path in sorted((results / FOLDER).glob("*.toml")):
        try:
            claims += _File.model_validate(toml.read(path, str(path))).claim
        except ValidationError as error:
            raise OneshotError(
                f"{path} is wrong at {first_mistake(error)}.",
                "What a claim says stands in benchmark/records/claims.py.",
            ) from error
    return claims
