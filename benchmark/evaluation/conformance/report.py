"""What the checks found of one model: a line a check, and for each failure what to do about it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

State = Literal["passed", "failed", "not applicable"]


@dataclass(frozen=True)
class Outcome:
    """One check on one model.

    Attributes:
        name: of the check.
        state: how it went.
        seen: what was measured; where it does not apply, why.
        resembles: a failure's published mistake, else empty.
        mend: how a failure is mended, else empty.
    """

    name: str
    state: State
    seen: str
    resembles: str = ""
    mend: str = ""

    def __str__(self) -> str:
        line = f"{self.state:<14}  {self.name:<20}  {self.seen}"
        if self.state != "failed":
            return line
        return f"{line}\n    resembles: {self.resembles}\n    mend: {self.mend}"


@dataclass(frozen=True)
class Report:
    """All checks on one model.

    Attributes:
        model: its key.
        data: name of the data it was shown.
        trained: whether it was trained, shortly, before it was checked.
        outcomes: one for each check, in the order of the list.
        seconds: wall-clock time of it all.
    """

    model: str
    data: str
    trained: bool
    outcomes: tuple[Outcome, ...]
    seconds: float

    @property
    def failures(self) -> tuple[Outcome, ...]:
        """The checks that failed."""
        return tuple(outcome for outcome in self.outcomes if outcome.state == "failed")

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return not self.failures

    def __getitem__(self, name: str) -> Outcome:
        """The outcome of the check of this name.

        Raises:
            KeyError: there is no such check.
        """
        for outcome in self.outcomes:
            if outcome.name == name:
                return outcome
        raise KeyError(name)

    def __str__(self) -> str:
        return "\n".join([*map(str, self.outcomes), self.summary])

    @property
    def summary(self) -> str:
        """One line: the model, how it was shown, and how many checks went which way."""
        count = {
            state: sum(outcome.state == state for outcome in self.outcomes)
            for state in ("passed", "failed", "not applicable")
        }
        numbers = ", ".join(f"{number} {state}" for state, number in count.items())
        how = "after a short training" if self.trained else "as it is built"
        return f"{self.model} {how}, on {self.data}: {numbers} ({self.seconds:.1f} s)."

    def plain(self) -> dict[str, Any]:
        """The report as plain values, ready for JSON."""
        return {
            "model": self.model,
            "data": self.data,
            "trained": self.trained,
            "passed": self.passed,
            "seconds": round(self.seconds, 3),
            "checks": [asdict(outcome) for outcome in self.outcomes],
        }
