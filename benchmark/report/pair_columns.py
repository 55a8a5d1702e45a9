"""The columns of verification and retrieval tables and sheets, beside those of episodes."""

from __future__ import annotations

import math
from collections.abc import Callable

from benchmark.report import cells
from benchmark.report.columns import CHOSEN, COMMON, DETAILS, MODEL, SHEET, Column, Entry
from benchmark.statistics.retrieval import NAMES as RETRIEVAL_NAMES
from benchmark.statistics.roc import FARS
from benchmark.statistics.verification import Measures
from benchmark.statistics.verification_scores import OVERALL

IMPOSTORS = ("within", "across", "random", "skilled")
Value = Callable[[Measures], float | None]


def _measure(value: Value, kind: str = OVERALL) -> Callable[[Entry], float | None]:
    def found(entry: Entry) -> float | None:
        told = entry.result.verification
        return None if told is None or kind not in told.measures else value(told.measures[kind])

    return found


def _tar(position: int) -> Value:
    return lambda m: m.tar[position]


def _eer(kind: str) -> Callable[[Entry], str]:
    def text(entry: Entry) -> str:
        told = entry.result.verification
        return "" if told is None else cells.with_interval(told.eer.get(kind))

    return text


def _retrieved(name: str) -> Callable[[Entry], str]:
    def text(entry: Entry) -> str:
        told = entry.result.retrieval
        return "" if told is None else cells.with_interval(told.measures[name])

    return text


def _percent(value: Value, kind: str = OVERALL) -> Callable[[Entry], str]:
    found = _measure(value, kind)
    return lambda entry: cells.percent(found(entry))


def _plain(value: Value) -> Callable[[Entry], str]:
    found = _measure(value)

    def text(entry: Entry) -> str:
        number = found(entry)
        return "" if number is None else f"{number:.3f}"

    return text


def _count(entry: Entry) -> str:
    return f"{entry.result.episodes:,}"


VERIFICATION: tuple[Column, ...] = (
    MODEL,
    Column("EER", lambda e: f"{cells.cell(e.result)} {cells.marks(e.result)}".strip()),
    *(Column(f"EER {kind}", _eer(kind)) for kind in IMPOSTORS),
    Column("ROC-AUC", _percent(lambda m: m.roc_auc)),
    *(Column(f"TAR at FAR {far:g}", _percent(_tar(n))) for n, far in enumerate(FARS)),
    Column("AP", _percent(lambda m: m.average_precision)),
    Column("minDCF", _plain(lambda m: m.min_dcf)),
    Column("Accuracy", _percent(lambda m: m.accuracy)),
    Column("ECE", _percent(lambda m: m.ece)),
    Column("Log-loss", _plain(lambda m: m.log_loss)),
    *CHOSEN,
    Column("Trials", _count),
    *COMMON,
)
RETRIEVAL: tuple[Column, ...] = (
    MODEL,
    Column("mAP@R", lambda e: f"{cells.cell(e.result)} {cells.marks(e.result)}".strip()),
    *(Column(name, _retrieved(name)) for name in RETRIEVAL_NAMES[1:]),
    *CHOSEN,
    Column("Queries", _count),
    *COMMON,
)
DETAILS_OF: dict[str, tuple[Column, ...]] = {
    "episodes": DETAILS,
    "verification": VERIFICATION,
    "retrieval": RETRIEVAL,
}
NOTES = {
    "verification": (
        "Verification: EER within, across, random, skilled: genuine pairs against impostors of one "
        "kind (of the same group, of another, of any class, imitations). AP depends on the share "
        "of genuine pairs. TAR at a FAR is empty with fewer than 30 / FAR impostors. minDCF: least "
        "detection cost with a prior of 0.01 for same and equal costs (NIST 2016 Speaker "
        "Recognition Evaluation Plan, first operating point), 1 for the better blind answer. "
        "Accuracy at the validation threshold, ECE and log-loss (nats) are those of log-odds "
        "fitted on validation (Platt scaling), same and different weighing the same."
    ),
    "retrieval": (
        "Retrieval: every test item queries all others; a tie with an item of another class counts "
        "against the match. With R matches, mAP@R and R-precision look at the first R."
    ),
}


def _six(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else f"{value:.6f}"


def _number(value: Value, kind: str) -> Callable[[Entry], str]:
    found = _measure(value, kind)
    return lambda entry: _six(found(entry))


def _bound(kind: str, high: bool) -> Callable[[Entry], str]:
    def text(entry: Entry) -> str:
        told = entry.result.verification
        interval = None if told is None else told.eer.get(kind)
        return "" if interval is None else _six(interval.high if high else interval.low)

    return text


def _found(name: str, part: str) -> Callable[[Entry], str]:
    def text(entry: Entry) -> str:
        told = entry.result.retrieval
        return "" if told is None else _six(getattr(told.measures[name], part))

    return text


def _rates(kind: str) -> tuple[Column, ...]:
    values: dict[str, Value] = {
        "eer": lambda m: m.eer,
        "roc_auc": lambda m: m.roc_auc,
        "average_precision": lambda m: m.average_precision,
        **{f"tar_at_far_{far:g}": _tar(n) for n, far in enumerate(FARS)},
        "min_dcf": lambda m: m.min_dcf,
        "accuracy": lambda m: m.accuracy,
        "ece": lambda m: m.ece,
        "log_loss": lambda m: m.log_loss,
    }
    columns = [Column(f"{kind}_{name}", _number(value, kind)) for name, value in values.items()]
    bounds = [
        Column(f"{kind}_eer_{end}", _bound(kind, end == "high")) for end in ("low", "high")
    ]  # fmt: skip
    return (columns[0], *bounds, *columns[1:])


def _sheet(numbers: tuple[Column, ...]) -> tuple[Column, ...]:
    """The columns of the sheet of episodes, with other numbers between the same ends."""
    titles = [column.title for column in SHEET]
    first, after = titles.index("accuracy"), titles.index("validation")
    return (*SHEET[:first], *numbers, *SHEET[after:])


def _title(name: str) -> str:
    return name.lower().replace("@", "_at_").replace("-", "_")


SHEETS: dict[str, tuple[Column, ...]] = {
    "verification": _sheet(
        tuple(column for kind in (OVERALL, *IMPOSTORS) for column in _rates(kind))
    ),
    "retrieval": _sheet(
        tuple(
            Column(_title(name) + end, _found(name, part))
            for name in RETRIEVAL_NAMES
            for end, part in (("", "mean"), ("_low", "low"), ("_high", "high"))
        )
    ),
}
