"""The features of a table of vectors: which columns they are, and their numbers.

Row numbers, ids and copies of the label tell the class without looking, so they are left out
unless they are named as features.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.own.bad import printable
from benchmark.datasets.own.reading import Reading
from benchmark.datasets.own.table import LABELS, ONLY_SPLITS, Block, Table, plain
from benchmark.errors import OneshotError

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?(nan|inf|infinity)", re.I | re.ASCII)
COMMA = re.compile(r"[+-]?(\d*),(\d+)(e[+-]?\d+)?", re.I | re.ASCII)
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}", re.ASCII)
MISSING = {"", "na", "n/a", "nan", "null", "none", "?", "-", "."}
IDS = ("id", "ids", "index", "idx", "row", "rownumber", "rownr", "rowid", "key", "uuid", "guid",
       "no", "nr", "name", "sample", "samplenumber")  # fmt: skip
TRUTH = {"true": 1.0, "false": 0.0}
OTHER_LABELS = tuple(name for name in LABELS if name != "y")  # which may be a coordinate
ROLES = ("isquery", "isgallery")  # of open-metric-learning's tables
LEAST_ROWS = 6  # fewer numbers rise by chance
HINT = "--features takes columns by name"
EXAMPLES = 1_000  # bad cells that are kept for each column
COARSE, USELESS = 1e-4, 1e-2  # what rounding to 32 bits may change, as a part of a column's spread


@dataclass
class Counting:
    """Whether a column of numbers counts the rows, found block by block in double precision.

    Missing and infinite numbers do not count.

    Attributes:
        whole: all numbers are whole.
    """

    whole: bool = True
    _numbers: int = 0
    _sign: float = 0.0  # of every step, NaN where they differ
    _step: float = 0.0  # between any two neighbours, NaN where it differs
    _first: float = 0.0
    _last: float = 0.0
    _least: float = np.inf
    _greatest: float = -np.inf
    _sum: float = 0.0  # of the distances from the first number, and of their squares
    _squares: float = 0.0

    def take(self, values: NDArray[np.float64]) -> None:
        """Looks at the next values [rows]."""
        values = values[np.isfinite(values)]
        if not len(values):
            return
        if not self._numbers:
            self._first = float(values[0])
            steps = np.diff(values)
        else:
            steps = np.diff(values, prepend=self._last)
        self.whole = self.whole and bool((values == np.floor(values)).all())
        if len(steps):
            if self._numbers <= 1:
                self._step, self._sign = float(steps[0]), float(np.sign(steps[0]))
            if not (np.sign(steps) == self._sign).all():
                self._sign = np.nan
            if not np.isclose(steps, self._step, rtol=1e-6, atol=0).all():
                self._step = np.nan
        self._numbers += len(values)
        self._last = float(values[-1])
        self._least = min(self._least, float(values.min()))
        self._greatest = max(self._greatest, float(values.max()))
        with np.errstate(over="ignore"):
            distances = values - self._first
            self._sum += float(distances.sum())
            self._squares += float((distances**2).sum())

    @property
    def spread(self) -> float:
        """The difference of the greatest and the least number."""
        return self._greatest - self._least if self._numbers else 0.0

    @property
    def of_rows(self) -> bool:
        """Whether the numbers rise or fall: whole ones, or by one step."""
        if self._numbers < LEAST_ROWS or self._sign not in (1.0, -1.0):
            return False
        return self.whole or not np.isnan(self._step)

    @property
    def shuffled(self) -> bool:
        """Whether the numbers are consecutive whole ones in any order, each once."""
        count = self._numbers
        if not self.whole or count < LEAST_ROWS or self._greatest - self._least != count - 1:
            return False
        expected = np.arange(count) + (self._least - self._first)
        sums = float(expected.sum()), float((expected**2).sum())
        return bool(np.allclose((self._sum, self._squares), sums, rtol=1e-12, atol=0.5))


@dataclass
class Features:
    """The columns of numbers of a table, read block by block.

    Attributes:
        table: which is read.
        columns: that are tried.
        named: whether the user named them.
    """

    table: Table
    columns: list[int]
    named: bool
    _blocks: list[NDArray[np.float32]] = field(default_factory=list)
    _bad: dict[int, list[tuple[int, str]]] = field(default_factory=dict)  # by position: row, cell
    _rows: int = 0
    _commas: int = 0
    _thousands: int = 0
    _point: str = ""  # where a decimal point was seen, and where a comma
    _comma: str = ""

    def __post_init__(self) -> None:
        count = len(self.columns)
        self._texts = np.zeros(count, dtype=np.int64)  # cells that are neither numbers nor missing
        self._numbers = np.zeros(count, dtype=np.int64)
        self._counting = [Counting() for _ in self.columns]
        self._rounded = np.zeros(count)  # the largest change by rounding to float32

    def take(self, block: Block) -> None:
        """Reads the next rows."""
        values = np.empty((len(block.lines), len(self.columns)))
        for position, column in enumerate(self.columns):
            values[:, position] = self._column(position, block, block.columns[column])
        for position, counting in enumerate(self._counting):
            counting.take(values[:, position])
        with np.errstate(over="ignore"):
            stored = values.astype(np.float32)
        self._rounded = np.maximum(self._rounded, rounded(values, stored))
        beyond = np.argwhere(np.isinf(stored) & np.isfinite(values))
        for row, position in beyond[:EXAMPLES].tolist():
            text = f"{values[row, position]:g}"
            self._bad.setdefault(position, []).append((self._rows + row, text))
        self._blocks.append(stored)
        self._rows += len(values)

    def _column(self, position: int, block: Block, cells: Sequence[Any]) -> NDArray[np.float64]:
        """float64 [rows]; NaN where a cell holds no number."""
        if isinstance(cells, np.ndarray):
            self._numbers[position] += len(cells)
            return cells.astype(np.float64)
        if all(isinstance(cell, str) for cell in cells):
            joined = "\n".join(cells)
            if joined.isascii() and "_" not in joined and "," not in joined:
                try:
                    found = np.array(cells, dtype=object).astype(np.float64)
                except ValueError:
                    pass
                else:
                    if "." in joined and not self._point:
                        self._point = self.table.called(self.columns[position])
                    self._numbers[position] += len(cells)
                    return found
        out = np.full(len(cells), np.nan)
        bad = self._bad.setdefault(position, [])
        for row, cell in enumerate(cells):
            number = self._number(cell, position)
            if number is not None:
                out[row] = number
                self._numbers[position] += 1
                continue
            text = "" if cell is None else str(cell)
            self._texts[position] += text.strip().lower() not in MISSING
            if len(bad) < EXAMPLES:
                bad.append((self._rows + row, text))
        return out

    def _number(self, cell: Any, position: int) -> float | None:
        if isinstance(cell, int | float):
            return float(cell)
        text = str(cell).strip()
        if text.lower() in TRUTH:
            return TRUTH[text.lower()]
        if NUMBER.fullmatch(text):
            if "." in text and not self._point:
                self._point = self.table.called(self.columns[position])
            return float(text)
        if COMMA.fullmatch(text):
            self._comma = self._comma or self.table.called(self.columns[position])
            self._commas += 1
            self._thousands += THOUSANDS.fullmatch(text) is not None
            return float(text.replace(",", "."))
        return None

    def settle(self, labels: Sequence[str] | None, reasons: dict[int, str]) -> NDArray[np.float32]:
        """float32 [rows, features] of the columns that are features; the others join `reasons`.

        Afterwards `columns` holds the features alone. Without `labels` none can repeat them.

        Raises:
            OneshotError: if there are none, or decimal commas cannot be told from thousands.
        """
        self._refuse_odd_commas()
        empty = np.zeros((0, len(self.columns)), dtype=np.float32)
        values = np.concatenate([empty, *self._blocks])
        self._blocks.clear()
        kept = []
        for position, column in enumerate(self.columns):
            reason = None if self.named else self._reason(position, values[:, position], labels)
            if reason is None:
                kept.append(position)
            else:
                reasons[column] = reason
        if not kept:
            why = "; ".join(f"{self.table.called(c)}: {reasons[c]}" for c in list(reasons)[:5])
            raise OneshotError(
                f"{self.table.path} has no features ({why or 'no other column'}).",
                "Name them: --features a,b,c",
            )
        self._bad = {new: self._bad[old] for new, old in enumerate(kept) if old in self._bad}
        self.columns = [self.columns[position] for position in kept]
        self._counting = [self._counting[position] for position in kept]
        self._rounded = self._rounded[kept]
        if len(kept) < values.shape[1]:
            values = np.ascontiguousarray(values[:, kept])
        return values

    def _reason(
        self, position: int, values: NDArray[np.floating], labels: Sequence[str] | None
    ) -> str | None:
        """Why a column is not a feature; None where it is one."""
        texts, numbers = int(self._texts[position]), int(self._numbers[position])
        if not numbers and not texts:
            return "is empty"
        if texts > numbers:
            return "holds text"
        counting = self._counting[position]
        if counting.of_rows:
            return f"counts the rows; {HINT}"
        if counting.shuffled:
            return f"numbers the rows in another order; {HINT}"
        if labels is not None and _repeats(values, labels):
            return f"has one value for each class, it repeats the label; {HINT}"
        return None

    def _refuse_odd_commas(self) -> None:
        if not self._commas:
            return
        if self._point:
            raise OneshotError(
                f"{self.table.path} mixes decimal points (column '{self._point}') and commas "
                f"(column '{self._comma}').",
                "Write all numbers with decimal points.",
            )
        if self._thousands == self._commas:
            raise OneshotError(
                f"{self.table.path}: the column '{self._comma}' holds numbers such as 1,234, whose "
                "comma may part thousands or decimals.",
                "Write all numbers with decimal points.",
            )

    def bad_rows(self, values: NDArray[np.float32]) -> dict[int, str]:
        """What is wrong with each row that holds something else than finite numbers."""
        found: dict[int, list[str]] = {}
        texts = {(row, p): text for p, cells in self._bad.items() for row, text in cells}
        for row, position in np.argwhere(~np.isfinite(values)).tolist():
            cells = found.setdefault(row, [])
            if len(cells) == 3:
                cells.append("and so on")
            if len(cells) > 3:
                continue
            name = self.table.called(self.columns[position])
            value = values[row, position]
            text = texts.get((row, position), "" if np.isnan(value) else f"{value}")
            shown = printable(text.strip())[:40]
            what = f"holds '{shown}'" if shown else "holds no number"
            cells.append(f"column '{name}' {what}, expected a finite number")
        return {row: "; ".join(cells) for row, cells in found.items()}

    def report(self, reading: Reading) -> None:
        """Says which columns are features, and how their numbers are written."""
        reading.understood["features"] = [self.table.called(c) for c in self.columns]
        if self._commas:
            reading.understood["numbers"] = "written with decimal commas"
        names = [f"column '{self.table.called(c)}'" for c in self.columns]
        spreads = [counting.spread for counting in self._counting]
        say_rounding(self.table.path, names, self._rounded, spreads, reading)


def check_array(
    path: Path,
    vectors: NDArray[np.generic],
    stored: NDArray[np.float32],
    labels: Sequence[str] | None,
    named: bool,
    reading: Reading,
) -> None:
    """Refuses row numbers among the vectors of a file without headings, and says what is rounded.

    Args:
        path: the file.
        vectors: numbers [rows, features].
        stored: the same as they are stored.
        labels: of the rows, if they have some: no column may repeat them.
        named: the user named the array: all of its columns are features.
        reading: takes remarks.

    Raises:
        OneshotError: a column is no feature, or 32 bits hold too little of all features.
    """
    spreads = []
    for position in range(vectors.shape[1]):
        counting = Counting()
        column = vectors[:, position].astype(np.float64)
        counting.take(column)
        spreads.append(counting.spread)
        why = None
        if counting.of_rows or counting.shuffled:
            why = "numbers the rows"
        elif labels is not None and _repeats(column, labels):
            why = "has one value for each class, it repeats the label"
        if why is not None and not named:
            raise OneshotError(
                f"{path}: column {position} of the features {why}: it is not a feature.",
                f"Leave it out when you save them: np.delete(x, {position}, axis=1). To keep it, "
                "name the array: --features NAME",
            )
    columns = [f"column {position}" for position in range(vectors.shape[1])]
    say_rounding(path, columns, rounded(vectors, stored), spreads, reading)


def rounded(values: NDArray[np.generic], stored: NDArray[np.float32]) -> NDArray[np.float64]:
    """float64 [features]: the largest change of any number by storing it as float32."""
    if not len(values):
        return np.zeros(values.shape[1])
    with np.errstate(invalid="ignore"):
        change = np.abs(values - stored.astype(np.float64))
    largest: NDArray[np.float64] = np.where(np.isfinite(change), change, 0.0).max(axis=0)
    return largest


def say_rounding(
    path: Path,
    names: Sequence[str],
    change: NDArray[np.float64],
    spreads: Sequence[float],
    reading: Reading,
) -> None:
    """Remarks on features that 32 bits store coarsely; whole spreads may be lost to an offset.

    Args:
        path: the file.
        names: of the features.
        change: float64 [features], see `rounded`.
        spreads: the difference of the greatest and the least number of each.
        reading: takes the remark.

    Raises:
        OneshotError: rounding changes every feature by more than a hundredth of its spread.
    """
    spread = np.asarray(spreads, dtype=np.float64)
    part = np.divide(change, spread, out=np.zeros_like(spread), where=spread > 0)
    coarse = np.flatnonzero(part > COARSE)
    if not len(coarse):
        return
    worst = int(part.argmax())
    seen = f"{names[worst]} changes by {100 * part[worst]:.2g} % of its spread"
    hint = "Subtract a constant from each feature first, such as its mean"
    if (part[spread > 0] > USELESS).all():
        raise OneshotError(
            f"{path}: numbers are stored with 32 bits, in which little of the differences is left: "
            f"{seen}.",
            f"{hint}.",
        )
    reading.remarks.append(
        f"{len(coarse):,} of {len(names):,} features are stored coarsely with 32 bits: {seen}; "
        f"{hint[0].lower()}{hint[1:]}"
    )


def candidates(
    table: Table, wanted: str | None, roles: set[int]
) -> tuple[list[int], dict[int, str]]:
    """(columns that may be features, why others are not).

    Args:
        table: whose headings decide.
        wanted: names or shell patterns separated by commas; None for all that look like features.
        roles: columns that are something else: label, group, split.

    Raises:
        OneshotError: a wanted column is not there, or is the label.
    """
    if wanted is not None:
        return _wanted(table, wanted, roles), {}
    reasons: dict[int, str] = {}
    for c in range(len(table.names)):
        if c in roles:
            continue
        name = plain(table.names[c])
        words = re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", table.names[c]).lower())
        if table.without_name(c):
            reasons[c] = f"has no name, as row numbers that were saved along; {HINT}"
        elif name in IDS or (words and words[-1] == "id"):
            reasons[c] = f"is an id or a row number by its name; {HINT}"
        elif name in OTHER_LABELS:
            reasons[c] = f"is another label by its name; {HINT}"
        elif name in ONLY_SPLITS or name in ROLES:
            reasons[c] = f"is no feature by its name; {HINT}"
    rest = [c for c in range(len(table.names)) if c not in roles and c not in reasons]
    return rest, reasons


def _wanted(table: Table, wanted: str, roles: set[int]) -> list[int]:
    found: list[int] = []
    for name in filter(None, (part.strip() for part in wanted.split(","))):
        if "*" in name or "?" in name:
            matches = [c for c, h in enumerate(table.names) if fnmatchcase(h, name)]
            chosen = [c for c in matches if c not in roles]
            if not chosen:
                raise table.lacks((name,))
        else:
            chosen = [table.need(name, ())]
            if chosen[0] in roles:
                raise OneshotError(
                    f"--features: the column '{table.called(chosen[0])}' is the label, the group "
                    "or the split already."
                )
        found += [c for c in chosen if c not in found]
    if not found:
        raise OneshotError(f"--features '{wanted}' names no column.", "Type --features a,b,c")
    return sorted(found)


def _repeats(values: NDArray[np.floating], labels: Sequence[str]) -> bool:
    """Whether each class has one value, no two classes the same, and a class several rows."""
    of_class: dict[str, float] = {}
    rows = 0
    for label, value in zip(labels, values.tolist(), strict=True):
        if np.isnan(value):
            continue
        rows += 1
        if of_class.setdefault(label, value) != value:
            return False
    return 1 < len(of_class) < rows and len(set(of_class.values())) == len(of_class)
