"""The list of evaluation protocols; a new one is a folder beside this file and a line here."""

from __future__ import annotations

from typing import Any

from benchmark.protocols.base import EvaluationProtocol
from benchmark.protocols.few_shot import FewShot
from benchmark.protocols.identification import IdentificationProtocol
from benchmark.protocols.retrieval import RetrievalProtocol
from benchmark.protocols.verification import VerificationProtocol

PROTOCOLS: tuple[EvaluationProtocol[Any], ...] = (
    FewShot(),
    VerificationProtocol(),
    RetrievalProtocol(),
    IdentificationProtocol(),
)
BY_NAME = {protocol.name: protocol for protocol in PROTOCOLS}
BY_OUTCOME = {protocol.outcome_kind: protocol for protocol in PROTOCOLS}


def protocol_of(name: str) -> EvaluationProtocol[Any] | None:
    """The protocol of a task of this name, without "@validation", by the name's form alone."""
    return next((each for each in PROTOCOLS if each.pattern.fullmatch(name)), None)
