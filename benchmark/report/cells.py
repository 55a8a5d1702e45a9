"""How a result reads in a table of text, be it a page or a terminal: numbers, marks, notes."""

from __future__ import annotations

import math
from collections.abc import Iterable

from benchmark.report.aggregate import Result
from benchmark.report.leaderboard import Ranking, Row
from benchmark.statistics.calibrated import DOUBTS, UNFIT
from benchmark.statistics.intervals import Interval
from benchmark.statistics.verification import Verification

NOT_RUN, FAILED, REFUSED = "not run", "failed", "other ways"
ONE_SEED, PREFIX, PARTIAL, SEEN, UNDECLARED, CONSTANT = "†", "‡", "§", "¶", "?", "="
SAW_VALIDATION = "◇"
UNORDERED, UNCALIBRATED, UNCERTAIN, REVERSED = "∅", "!", "~", "^"
NOTES = {
    ONE_SEED: "One training seed only: the interval does not cover training luck.",
    PREFIX: "Not all of the task's episodes: the first so many (see the details).",
    PARTIAL: "Some seeds failed or have not run; the numbers are those of the others.",
    SEEN: "Has seen classes of this test, or may have: its weights are from elsewhere.",
    UNDECLARED: "Does not say what it was trained on.",
    SAW_VALIDATION: "Its final weights were trained on the validation classes too, after these had "
    "chosen the recipe and the number of items; its budget counts both trainings.",
    CONSTANT: "Gives every trial the same log-odds: it does not tell same from different.",
}
# Not said on a page where they do not occur; `doubts` are those of the results shown.
RARE_NOTES = {
    UNORDERED: "Its record holds log-odds that are all equal and no order of the similarities: it "
    "says nothing about the model. Measure it again with --existing redo.",
    UNCALIBRATED: "Cannot be calibrated: {doubts}. Accuracy, ECE and log-loss are left out; EER, "
    "ROC-AUC, AP and TAR come from the order of its similarities.",
    UNCERTAIN: "Its calibration is uncertain: {doubts}. EER, ROC-AUC, AP and TAR do not depend on "
    "it: they come from the order of its similarities.",
    REVERSED: "Its EER is significantly above 50 %: different pairs are more alike to it than same "
    "ones. Are the labels, or the sign of the similarity, reversed?",
}
MARKS = (*NOTES, *RARE_NOTES)
RANK_NOTE = (
    "Rank: the places that a model can have by its mean; 1-3 where paired tests over classes "
    "(Holm, all pairs of the table) leave the first three places open."
)
INTERVAL_NOTE = (
    "Accuracy in percent ± half of the 95 % interval for these images: it covers the choice of "
    "episodes and, with two or more seeds, training luck. It does not cover new classes."
)


def percent(value: float | None) -> str:
    """An accuracy in [0, 1] as percent with one digit."""
    return "" if value is None else f"{100 * value:.1f}"


def with_interval(interval: Interval | None) -> str:
    """Mean and half width in percent; the mean alone where there is no interval."""
    if interval is None:
        return ""
    if math.isnan(interval.half_width):
        return percent(interval.mean)
    return f"{percent(interval.mean)} ± {percent(interval.half_width)}"


def marks(result: Result) -> str:
    """The marks that a cell carries, in the order of `MARKS`."""
    if result.accuracy is None:
        return ""
    carried = {
        ONE_SEED: result.luck and not result.accuracy.covers_training,
        PREFIX: result.prefix,
        PARTIAL: result.state == "partial",
        SEEN: result.saw_test,
        UNDECLARED: result.seen is None,
        SAW_VALIDATION: result.saw_validation,
    }
    told = result.summary
    if isinstance(told, Verification):
        doubts = set(told.doubts)
        carried |= {
            CONSTANT: told.constant,
            UNORDERED: told.unordered,
            UNCALIBRATED: not doubts.isdisjoint(UNFIT),
            UNCERTAIN: not doubts <= UNFIT,
            REVERSED: told.reversed,
        }
    return "".join(mark for mark in MARKS if carried.get(mark))


def shared_marks(results: Iterable[Result]) -> str:
    """The marks that all of several measured results carry: to be told once, not at each."""
    carried = [marks(result) for result in results if result.accuracy is not None]
    if len(carried) < 2:
        return ""
    return "".join(mark for mark in MARKS if all(mark in each for each in carried))


def cell(result: Result) -> str:
    """The result without its marks, or the word for a hole."""
    if result.accuracy is None:
        return {"failed": FAILED, "refused": REFUSED}.get(result.state, NOT_RUN)
    return with_interval(result.accuracy)


def notes(results: Iterable[Result]) -> list[str]:
    """The explanations of the marks that occur."""
    results = list(results)
    used = {mark for result in results for mark in marks(result)}
    return [f"{mark} {text}" for mark, text in explained(results).items() if mark in used]


def explained(results: Iterable[Result]) -> dict[str, str]:
    """Every usual mark with its explanation, and the rare ones among the results."""
    results = list(results)
    used = {mark for result in results for mark in marks(result)}
    told = [r.summary for r in results if isinstance(r.summary, Verification)]
    every = {doubt for each in told for doubt in each.doubts}
    doubts = {UNCALIBRATED: every & UNFIT, UNCERTAIN: every - UNFIT}
    return NOTES | {
        mark: text.format(
            doubts="; or ".join(DOUBTS[each] for each in sorted(doubts.get(mark, ())))
        )
        for mark, text in RARE_NOTES.items()
        if mark in used
    }


def failures(ranking: Ranking) -> list[str]:
    """One line per failed record of a table, with its reason."""
    return [
        f"{row.label} on {result.column.name}, seed {seed}: {reason}"
        for row in ranking.rows
        for result in row.results
        for seed, reason in result.failures
    ]


def rank(row: Row) -> str:
    """The ranks that the row can have, such as "1-3"; nothing for a row with missing runs."""
    if row.rank is None:
        return ""
    if row.rank_low is None or row.rank_high is None:
        return str(row.rank)
    if row.rank_low == row.rank_high:
        return str(row.rank_low)
    return f"{row.rank_low}-{row.rank_high}"


def seeds(result: Result) -> str:
    """Seeds as a person counts them: a run of them as a range."""
    numbers = result.seeds
    if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"{numbers[0]} to {numbers[-1]}"
    return ", ".join(str(seed) for seed in numbers)
