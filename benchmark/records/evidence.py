"""`verified.csv`: what each record was when it was last listed, and whether it was measured again.

A record's id covers its questions and answers. This file, which no record can change, also covers
what lies outside the id: the cost, the provenance, the curve and the verdict of the probes. It is
written by `oneshot verify --recompute` and `oneshot verify --accept`, one line per record.
"""

from __future__ import annotations

import csv
import hashlib
import io
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from benchmark.errors import OneshotError
from benchmark.files import inside, parse_json, read_regular
from benchmark.records import canonical, store
from benchmark.records.schema import UNHASHED, Record
from benchmark.records.weight_files import committed

FILE = "verified.csv"
FIELDS = ("record", "id", "cost", "provenance", "file", "verdict")
CONFIRMED = ("identical", "decisions differ", "statistically the same")
MOST_BYTES = 64 << 20
DIGEST = re.compile(r"[0-9a-f]{64}")
log = logging.getLogger(__name__)
Evidence = Literal["recomputed", "weights committed", "self-reported"]


@dataclass(frozen=True)
class Line:
    """A record as it was listed.

    Attributes:
        id: of the record.
        cost, provenance: SHA-256 of these parts as canonical JSON.
        file: SHA-256 of the whole file.
        verdict: of a second measurement, one of `CONFIRMED`; "" without one.
    """

    id: str
    cost: str
    provenance: str
    file: str
    verdict: str = ""


def _row(line: str) -> list[str]:
    """The fields of a line of CSV; none where it is damaged."""
    try:
        return next(csv.reader([line.removesuffix("\r")]), [])
    except csv.Error:
        return []


def line_of(content: bytes) -> Line:
    """The line of a record's file as it is now, without a verdict."""
    data: dict[str, Any] = parse_json(content)
    return Line(
        id=str(data.get("id", "")),
        cost=canonical.digest(data.get("cost")),
        provenance=canonical.digest(data.get("provenance")),
        file=hashlib.sha256(content).hexdigest(),
    )


def name_of(results: Path, path: Path) -> str:
    """How a record's file is listed: its path below the folder of records."""
    return path.relative_to(results / store.RECORDS).as_posix()


def read(results: Path) -> dict[str, Line]:
    """Every line by the path of its record; none without the file.

    Raises:
        OneshotError: the file cannot be read, or a line is not what `write` writes.
    """
    path = results / FILE
    if not path.exists():
        return {}
    text = read_regular(inside(results, path), MOST_BYTES).decode("utf-8", "replace")
    found: dict[str, Line] = {}
    for number, row in enumerate(map(_row, text.removesuffix("\n").split("\n")), 1):
        if tuple(row) == FIELDS and number == 1:
            continue
        name, *values = row or [""]
        sound = (
            len(row) == len(FIELDS)
            and all(DIGEST.fullmatch(value) for value in values[:-1])
            and values[-1] in ("", *CONFIRMED)
            and name not in found
        )
        if not sound:
            raise OneshotError(
                f"{path}, line {number}, is not a line of digests: {','.join(FIELDS)}.",
                "Restore the file from the history of the repository.",
            )
        found[name] = Line(*values)
    return found


def write(results: Path, lines: Mapping[str, Line]) -> None:
    """Writes the file, sorted by record.

    Raises:
        OneshotError: if it cannot be written.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(FIELDS)
    for name in sorted(lines):
        line = lines[name]
        writer.writerow([name, line.id, line.cost, line.provenance, line.file, line.verdict])
    path = inside(results, results / FILE)
    store.write_bytes(path, file.getvalue().encode("utf-8", "backslashreplace"))


def accepted(results: Path, paths: Iterable[Path]) -> dict[str, Line]:
    """Lines of these records as they are now; a record that did not change keeps its verdict."""
    before = read(results)
    found: dict[str, Line] = {}
    for path in paths:
        name, line = name_of(results, path), line_of(store.content(path))
        known = before.get(name)
        same = known is not None and replace(known, verdict="") == line
        found[name] = known if same and known is not None else line
    return found


def confirmed(
    results: Path, verdicts: Mapping[Path, str]
) -> tuple[dict[str, Line], list[tuple[Path, str]]]:
    """The lines with the verdicts of second measurements, and the records that have changed.

    A record whose file is no longer the one that was listed keeps its line: second measurements say
    nothing about costs and provenance.

    Args:
        results: the results folder.
        verdicts: by the record's path; any but those of `CONFIRMED` removes an earlier one.
    """
    lines, changed = read(results), []
    for path, verdict in verdicts.items():
        name, now = name_of(results, path), line_of(store.content(path))
        known = lines.get(name)
        if known is not None and replace(known, verdict="") != now:
            changed.append((path, difference(known, now)))
            continue
        lines[name] = replace(now, verdict=verdict if verdict in CONFIRMED else "")
    return lines, changed


def difference(listed: Line, now: Line) -> str:
    """What changed in a record since it was listed, in words; "" where nothing did."""
    if listed.file == now.file:
        return ""
    if listed.id != now.id:
        parts = ["questions or answers"]
    else:
        parts = [
            name for name in ("cost", "provenance") if getattr(listed, name) != getattr(now, name)
        ]
        parts = parts or [" or ".join(part for part in UNHASHED if part in ("curve", "integrity"))]
    return f"its {' and '.join(parts)} changed after it was listed in {FILE}"


def changes(results: Path, paths: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """(file, what is wrong) of each listed record that is gone or is not as it was listed.

    Raises:
        OneshotError: see `read`.
    """
    listed, there = read(results), set()
    for path in paths:
        name = name_of(results, path)
        there.add(name)
        if name in listed:
            try:
                now = line_of(store.content(path))
            except (OneshotError, ValueError, RecursionError):
                continue  # named by whoever reads the record
            says = difference(listed[name], now)
            if says:
                yield path, says
    for name in sorted(set(listed) - there):
        yield results / store.RECORDS / name, f"it is listed in {FILE} and is not there any more"


def of_records(results: Path, records: Iterable[Record]) -> dict[str, Evidence]:
    """How each record can be trusted, by its id.

    "recomputed": it is as it was when a second measurement confirmed it. "weights committed": it is
    as it was listed, and its weights lie beside the records, so that anybody can measure it again.
    "self-reported": neither.
    """
    try:
        listed = read(results)
    except OneshotError as error:
        log.warning("%s Every record counts as self-reported.", error)
        listed = {}
    there = cache(lambda weights: committed(results, weights) is not None)
    return {record.id: _of_record(results, record, listed, there) for record in records}


def _of_record(
    results: Path, record: Record, listed: Mapping[str, Line], there: Callable[[str | None], bool]
) -> Evidence:
    path = store.record_path(results, record)
    line = listed.get(name_of(results, path))
    if line is None or line.id != record.id:
        return "self-reported"
    try:
        content = store.content(inside(results, path))
    except OneshotError:
        return "self-reported"
    if hashlib.sha256(content).hexdigest() != line.file:
        return "self-reported"
    if line.verdict:
        return "recomputed"
    return "weights committed" if there(record.provenance.weights) else "self-reported"


def needs_no_training(results: Path, record: Record) -> bool:
    """Whether the record can be measured again without a training.

    That is so for fixed models and committed weights; but the calibration of a final fit's
    verification comes from the first training, whose weights are not kept.
    """
    if record.model.recipe.get("budget") in (None, "none"):
        return True
    log_odds = record.outcome is not None and record.outcome.kind == "log-odds"
    if log_odds and record.model.recipe.get("final_fit"):
        return False
    return committed(results, record.provenance.weights) is not None
