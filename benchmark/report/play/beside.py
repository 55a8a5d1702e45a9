"""What stands beside a person's result, and everything that the script needs to ask and to tell."""

from __future__ import annotations

import math
from typing import Any

from benchmark.records.claims import Claim
from benchmark.report import published
from benchmark.report.escape import printable
from benchmark.report.leaderboard import Leaderboard
from benchmark.report.play.questions import HumanTest


def told(test: HumanTest, leaderboard: Leaderboard, claims: list[Claim]) -> dict[str, Any]:
    """The test with the models' and the published errors on its task, ready for JSON."""
    return {
        "task": test.task,
        "digest": test.digest,
        "side": test.side,
        "drawings": test.drawings,
        "supports": test.supports,
        "trials": test.trials,
        "models": models(test.task, leaderboard),
        "published": printed(test.task, claims),
    }


def models(task: str, leaderboard: Leaderboard) -> list[dict[str, Any]]:
    """The error of each row on the task's current version, in [0, 1], the smallest first.

    `half` is half of the interval over these images, None where a single unit gives none.
    """
    found = [
        {
            "label": printable(row.label),
            "detail": printable(ranking.title),
            "error": round(1 - result.accuracy.mean, 6),
            "half": _finite(result.accuracy.half_width),
        }
        for section in leaderboard.sections
        for ranking in section.rankings
        for row in ranking.rows
        for result in row.results
        if result.column.task.name == task and result.column.current and result.accuracy
    ]
    return sorted(found, key=lambda each: (each["error"], each["label"], each["detail"]))


def printed(task: str, claims: list[Claim]) -> list[dict[str, Any]]:
    """Errors in [0, 1] as papers print them, where the protocol is the task's own."""
    same = [claim for claim in claims if claim.task == task and claim.protocol == "same"]
    return [
        {
            "label": printable(claim.method),
            "detail": printable(claim.source),
            "error": round(1 - claim.percent / 100, 6),
            "half": None if claim.half_width is None else claim.half_width / 100,
            "mark": "" if claim.reliability == "seen" else published.UNVERIFIED,
        }
        for claim in same
    ]


def _finite(value: float) -> float | None:
    return round(value, 6) if math.isfinite(value) else None  # JSON has no NaN
