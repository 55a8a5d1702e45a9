"""The columns of verification: of its tables, and of its CSV file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from benchmark.errors import OneshotError
from benchmark.report import cells
from benchmark.report.columns import CHOSEN, COMMON, MODEL, Column, Entry, sheet_with, six
from benchmark.statistics.roc import FARS
from benchmark.statistics.verification import Measures, Verification
from benchmark.statistics.verification_scores import OVERALL
from benchmark.tasks.catalogue import task as find_task
from benchmark.tasks.loading import pins

IMPOSTORS = ("within", "across", "random", "skilled")
Value = Callable[[Measures], float | None]


def summary_of(entry: Entry) -> Verification | None:
    """All numbers of an entry, None where nothing was measured."""
    found = entry.result.summary
    return found if isinstance(found, Verification) else None


def _measure(value: Value, kind: str = OVERALL) -> Callable[[Entry], float | None]:
    def found(entry: Entry) -> float | None:
        told = summary_of(entry)
        return None if told is None or kind not in told.measures else value(told.measures[kind])

    return found


def _tar(position: int) -> Value:
    return lambda m: m.tar[position]


def _eer(kind: str) -> Callable[[Entry], str]:
    def text(entry: Entry) -> str:
        told = summary_of(entry)
        return "" if told is None else cells.with_interval(told.eer.get(kind))

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


def _subjects(entry: Entry) -> str:
    told = summary_of(entry)
    return f"{told.subjects:,}" if told is not None and told.subjects else ""


def distinct_pairs(entry: Entry) -> int | None:
    """Different pairs among the trials of an entry; None where that is not known.

    Trials of a user's own data are all different. Those of the suite's tasks were drawn one by one;
    for a prefix of them the number is not known.
    """
    column = entry.result.column
    if not column.current:
        return None
    try:
        task = find_task(column.task.name)
    except OneshotError:
        return None
    if task.distinct:
        return entry.result.episodes
    names = [task.name] if task.folds == 1 else [
        replace(task, fold=fold).pin for fold in range(task.folds)
    ]  # fmt: skip
    found = [pins().get(name, {}) for name in names]
    if any("distinct" not in pin or pin["episodes"] != entry.result.episodes for pin in found):
        return None
    return sum(sum(pin["distinct"].values()) for pin in found)


def _distinct(entry: Entry) -> str:
    found = distinct_pairs(entry)
    return "" if found is None else f"{found:,}"


COLUMNS: tuple[Column, ...] = (
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
    Column("Subjects", _subjects),
    Column("Distinct pairs", _distinct),
    *COMMON,
)


def _number(value: Value, kind: str) -> Callable[[Entry], str]:
    found = _measure(value, kind)
    return lambda entry: six(found(entry))


def _bound(kind: str, high: bool) -> Callable[[Entry], str]:
    def text(entry: Entry) -> str:
        told = summary_of(entry)
        interval = None if told is None else told.eer.get(kind)
        return "" if interval is None else six(interval.high if high else interval.low)

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


SHEET = sheet_with(
    (
        Column("subjects", lambda e: _subjects(e).replace(",", "")),
        Column("distinct_pairs", lambda e: _distinct(e).replace(",", "")),
        *(column for kind in (OVERALL, *IMPOSTORS) for column in _rates(kind)),
    )
)
