"""Numbers as papers print them, never mixed with measured ones: `results/claims/*.toml`.

Percent as printed. A claim says how surely it is known and how near its protocol comes to the
task's; without a source it is none.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from benchmark import toml
from benchmark.errors import OneshotError, first_mistake
from benchmark.files import inside

FOLDER = "claims"
log = logging.getLogger(__name__)


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


def load(results: Path, strict: bool = True) -> list[Claim]:
    """All claims of a results folder, file after file; none where there is no folder.

    Args:
        results: the results folder.
        strict: False names what is wrong in a warning, leaves it out and goes on.

    Raises:
        OneshotError: a file is not valid TOML, or a claim lacks its source or says something else.
    """
    claims: list[Claim] = []
    for path in sorted((results / FOLDER).glob("*.toml")):
        try:
            tables = toml.read(inside(results, path), str(path))
            found = tables.pop("claim", None)
            if tables or not isinstance(found, list):
                raise OneshotError(f"{path} holds something else than [[claim]] tables.")
        except OneshotError as error:
            if strict:
                raise
            log.warning("%s It was left out.", error)
            continue
        for number, table in enumerate(found, 1):
            try:
                claims.append(Claim.model_validate(table))
            except ValidationError as error:
                told = f"{path} is wrong at claim {number}: {first_mistake(error)}."
                if strict:
                    raise OneshotError(
                        told, "What a claim says stands in benchmark/records/claims.py."
                    ) from error
                log.warning("%s It was left out.", told)
    return claims
