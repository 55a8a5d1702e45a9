"""Tables that users bring, CSV or Parquet: one reader for vectors, texts, paths and pairs.

The separator is found from the first line, headings are compared without case, blanks and
underscores, and the cells of a CSV file stay the text that was written: "007" is not 7.
"""

from __future__ import annotations

import codecs
import csv
import io
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np

from benchmark.datasets.own.bad import Bad, printable
from benchmark.datasets.own.config import states_splits
from benchmark.datasets.own.finish import clean
from benchmark.datasets.own.options import Options
from benchmark.datasets.own.parts import ROLE, part_of
from benchmark.datasets.own.reading import Reading, listed
from benchmark.datasets.split import SPLITS
from benchmark.errors import OneshotError
from benchmark.files import in_words, open_regular

MOST_BYTES = 8 << 30
MOST_ROWS = 10_000_000
MOST_COLUMNS = 100_000
LONGEST_LINE = 16 << 20  # characters
BLOCK_CELLS = 1 << 20  # cells of a block: bounds what is held as text
FREE_BYTES, RATIO = 1 << 30, 100  # what Parquet may unpack to: this, and so much for a packed byte
SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
OTHER_FORMATS = (
    (b"PK\x03\x04", "is a ZIP archive or an Excel workbook", "Save the table as CSV (UTF-8)."),
    (b"\xd0\xcf\x11\xe0", "is an old Excel workbook", "Save the table as CSV (UTF-8)."),
    (b"\x1f\x8b", "is compressed (gzip)", "Unpack it first: gunzip FILE"),
    (b"BZh", "is compressed (bzip2)", "Unpack it first: bunzip2 FILE"),
    (b"\xfd7zXZ\x00", "is compressed (xz)", "Unpack it first: unxz FILE"),
    (b"\x93NUMPY", "is a NumPy array", "Save it with its labels: np.savez(FILE, x=x, y=labels)"),
    (b"\x89HDF", "is an HDF5 file", "Save the table as CSV or Parquet."),
    (b"SQLite format 3", "is an SQLite database", "Save the table as CSV (UTF-8)."),
    (b'{"', "is JSON", "Save the table as CSV (UTF-8) or Parquet."),
    (b"[{", "is JSON", "Save the table as CSV (UTF-8) or Parquet."),
)
WITHOUT_NAME = re.compile(r"|unnamed:? ?\d+(_level_\d+)?|\.\.\.\d+|__index_level_\d+__", re.I)
SPLIT_COLUMNS = ("split", "subset", "partition", "fold", "datasplit", "splitname", "traintest",
                 "set", "part", "phase", "stage", "usage", "mode")  # fmt: skip
ONLY_SPLITS = SPLIT_COLUMNS[:7]  # headings that mean nothing else
LABELS = ("label", "class", "labels", "classname", "target", "category", "y")


@dataclass(frozen=True)
class Block:
    """Some rows of a table.

    Attributes:
        lines: of each row, as `Table.place` numbers them.
        columns: by number of the column, the values of each row; text in a CSV file.
    """

    lines: list[int]
    columns: dict[int, Sequence[Any]]

    def items(self, column: int) -> list[Any]:
        """The values of a column as plain Python objects."""
        values = self.columns[column]
        return values.tolist() if isinstance(values, np.ndarray) else list(values)


@dataclass
class Table:
    """A table that has been opened; its rows are read once, in blocks.

    Attributes:
        path: the file.
        names: headings as they are written, without blanks around; "" where there is none.
        form: what the file is, in words.
        place: what a row is called in messages: "line" of a CSV file, "row" of Parquet.
        blank: lines that held nothing, as far as the rows have been read.
        row_names: whether every row has one cell more than there are headings: its number in front,
            as R writes it.
    """

    path: Path
    names: list[str]
    form: str
    place: str
    blank: int = 0
    row_names: bool = False
    _rows: Iterator[tuple[int, Sequence[str]]] = field(default=iter(()), repr=False)
    _parquet: Any = field(default=None, repr=False)

    def find(self, wanted: str | None, usual: Sequence[str]) -> int | None:
        """The number of a column: the wanted one, else the first usual one; None without one.

        Raises:
            OneshotError: there is no wanted one, or several columns fit equally well.
        """
        for name in (wanted,) if wanted is not None else usual:
            exact = [c for c, heading in enumerate(self.names) if heading == name]
            alike = [c for c, h in enumerate(self.names) if plain(h) == plain(name) != ""]
            found = exact or alike
            if len(found) > 1:
                named = ", ".join(f"{c + 1} ('{printable(self.names[c])}')" for c in found)
                raise OneshotError(
                    f"{self.path} has several columns '{printable(name)}': {named}.",
                    "Rename all but one of them.",
                )
            if found:
                return found[0]
        if wanted is not None:
            raise self.lacks((wanted,))
        return None

    def need(self, wanted: str | None, usual: Sequence[str], option: str = "") -> int:
        """As `find`; a column that is not there is an error, whose hint names the option."""
        found = self.find(wanted, usual)
        if found is None:
            raise self.lacks(usual, option)
        return found

    def lacks(self, expected: Sequence[str], option: str = "") -> OneshotError:
        """The error for a column that is not there."""
        names = " or ".join(f"'{printable(name)}'" for name in expected[:4])
        there = listed([self.called(c) for c in range(len(self.names))])
        hint = "The first line must name the columns."
        if len(self.names) == 1 and re.search(r"\S\s+\S", self.names[0]):
            hint += " Separate the cells by commas, semicolons, tabs or vertical bars."
        if option:
            hint = f"Name it: {option} COLUMN. {hint}"
        return OneshotError(f"{self.path} has no column {names}; it has {there}.", hint)

    def called(self, column: int) -> str:
        """A column's heading as it stands in messages."""
        name = self.names[column]
        return printable(name) if name else f"(column {column + 1}, without a name)"

    def without_name(self, column: int) -> bool:
        """Whether the column has no heading, or one that a program made up for it."""
        return WITHOUT_NAME.fullmatch(self.names[column]) is not None

    def blocks(self, chosen: Sequence[int]) -> Iterator[Block]:
        """The rows of the chosen columns, a block at a time; it can be called once.

        Raises:
            OneshotError: for a line that is damaged or holds more cells than there are columns.
        """
        if self._parquet is not None:
            yield from self._parquet_blocks(chosen)
            return
        rows = max(1, BLOCK_CELLS // max(1, len(self.names)))
        lines: list[int] = []
        cells: list[Sequence[str]] = []
        for line, row in self._rows:
            lines.append(line)
            cells.append(row)
            if len(lines) == rows:
                yield self._block(lines, cells, chosen)
                lines, cells = [], []
        if lines:
            yield self._block(lines, cells, chosen)

    def _block(self, lines: list[int], cells: list[Sequence[str]], chosen: Sequence[int]) -> Block:
        columns = list(zip(*cells, strict=True))
        return Block(lines, {c: columns[c] for c in chosen})

    def _parquet_blocks(self, chosen: Sequence[int]) -> Iterator[Block]:
        size = max(1, BLOCK_CELLS // max(1, len(chosen)))
        most, held, first = _most_unpacked(self.path), 0, 0
        with _parquet_errors(self.path):
            names = [self._parquet.schema_arrow.names[c] for c in chosen]
            for batch in self._parquet.iter_batches(batch_size=size, columns=names):
                held += batch.nbytes
                if held > most:
                    raise _too_much(self.path, held, most)
                columns = {c: _values(batch.column(n)) for n, c in enumerate(chosen)}
                yield Block(list(range(first, first + batch.num_rows)), columns)
                first += batch.num_rows

    def texts(self, chosen: Sequence[int]) -> tuple[list[int], dict[int, list[str]]]:
        """(line of each row, cells of the chosen columns as text), missing cells empty.

        Raises:
            OneshotError: as `blocks`, and for more than `MOST_ROWS` rows.
        """
        lines: list[int] = []
        held: dict[int, list[Any]] = {c: [] for c in chosen}
        for block in self.blocks(chosen):
            lines += block.lines
            if len(lines) > MOST_ROWS:
                raise OneshotError(f"{self.path} holds more than {MOST_ROWS:,} rows.")
            for c in held:
                held[c] += block.items(c)
        return lines, {c: as_texts(values) for c, values in held.items()}


def plain(heading: str) -> str:
    """A heading as it is compared: without case, blanks, underscores and hyphens."""
    return re.sub(r"[\s_-]+", "", unicodedata.normalize("NFKC", heading)).casefold()


def as_texts(values: Sequence[Any]) -> list[str]:
    """Labels, groups or names as texts, missing ones empty.

    Texts stay as they are, integers are written as integers. Floats are written as integers where
    all of them are whole, as a column of integers becomes by a missing value.
    """
    numbers = [value for value in values if isinstance(value, float) and not math.isnan(value)]
    whole = all(value.is_integer() for value in numbers)
    return [_text(value, whole) for value in values]


def _text(value: Any, whole: bool) -> str:
    if isinstance(value, str):
        return value
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return str(int(value)) if isinstance(value, float) and whole else str(value)


@contextmanager
def open_table(path: Path) -> Iterator[Table]:
    """The table at `path`, its headings read.

    Raises:
        OneshotError: if it cannot be read, is no table, or needs a package that is not installed.
    """
    with open_regular(path, MOST_BYTES) as file:
        head = file.read(16)
        file.seek(0)
        if head.startswith(b"PAR1") or path.suffix.lower() in (".parquet", ".pq"):
            yield _open_parquet(path, file)
            return
        for magic, what, hint in OTHER_FORMATS:
            if head.startswith(magic):
                raise OneshotError(f"{path} {what}, not a table of text.", hint)
        encoding = next((name for mark, name in MARKS if head.startswith(mark)), "utf-8")
        text = io.TextIOWrapper(file, encoding=encoding, newline="")
        with _text_errors(path, encoding):
            yield _open_csv(path, text, encoding)


def _open_csv(path: Path, text: IO[str], encoding: str) -> Table:
    lines = _Lines(path, text)
    first = next((line for line in lines if line.strip()), "")
    if match := re.fullmatch(r'"?sep=([,;\t|])"?\s*', first, re.I):  # as spreadsheets write it
        separator, first = match[1], next(lines, "")
        second = ""
    else:
        second = next(lines, "")
        separator = _separator(first, second)
    if not first.strip():
        raise OneshotError(f"{path} is empty.", "Expected a table whose first line names columns.")

    def again() -> Iterator[str]:
        yield first
        if second:
            yield second
        yield from lines

    reader = csv.reader(again(), delimiter=separator, skipinitialspace=True, strict=True)
    skipped = lines.count - (2 if second else 1)  # lines before the headings
    names = [unicodedata.normalize("NFC", name).strip() for name in _next(path, reader) or []]
    if len(names) > MOST_COLUMNS:
        raise OneshotError(f"{path} has more than {MOST_COLUMNS:,} columns.")
    spelled = {"utf-8-sig": "UTF-8", "utf-8": "UTF-8", "utf-16": "UTF-16", "utf-32": "UTF-32"}
    form = f"{spelled[encoding]} text, cells separated by {SEPARATORS[separator]}"
    table = Table(path, names, form, "line")
    rows = _rows(table, reader, skipped)
    table._rows = rows
    return table


def _rows(table: Table, reader: Any, skipped: int) -> Iterator[tuple[int, Sequence[str]]]:
    """(line on which it begins, cells) of every row that holds anything."""
    first = True
    while True:
        line = reader.line_num + 1 + skipped
        row = _next(table.path, reader, skipped)
        if row is None:
            return
        if not any(row) or not any(cell.strip() for cell in row):
            table.blank += 1
            continue
        width = len(table.names) + table.row_names
        while len(row) > width and not row[-1].strip():  # separators at the end of lines
            row.pop()
        if first and len(row) == width + 1 and re.fullmatch(r"\s*\d+\s*", row[0]):
            table.row_names, width = True, width + 1
        first = False
        if len(row) < width and not table.row_names:
            row += [""] * (width - len(row))
        elif len(row) != width:
            raise OneshotError(
                f"{table.path}, line {line} holds {len(row)} cells for {width} columns.",
                'A cell that holds the separator must be quoted with ".',
            )
        yield line, row[table.row_names :]


def _next(path: Path, reader: Any, skipped: int = 0) -> list[str] | None:
    try:
        row: list[str] | None = next(reader, None)
    except csv.Error as error:
        hint = 'A quotation mark inside of a quoted cell is written twice: "so ""called"""'
        line = reader.line_num + skipped
        raise OneshotError(f"{path}, line {line} is not CSV ({error}).", hint) from error
    return row


class _Lines:
    """The lines of a text file; counts them, and refuses what no table holds."""

    def __init__(self, path: Path, text: IO[str]) -> None:
        self._path, self._text, self.count = path, text, 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._text.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        self.count += 1
        if len(line) == LONGEST_LINE:
            raise OneshotError(
                f"{self._path}, line {self.count} is longer than {LONGEST_LINE:,} characters."
            )
        if "\0" in line:
            raise OneshotError(
                f"{self._path}, line {self.count} holds the character U+0000: it is not a text "
                "table, or UTF-16 without its mark.",
                "Save the table as CSV (UTF-8).",
            )
        return line


def _separator(first: str, second: str) -> str:
    """The character that separates most headings; of several, the one that the next line shares."""
    counts = {s: re.sub(r'"[^"]*"', "", first).count(s) for s in SEPARATORS}
    most = max(counts.values())
    likely = [s for s, count in counts.items() if count == most] if most else [","]
    shared = [s for s in likely if re.sub(r'"[^"]*"', "", second).count(s) == most]
    return (shared or likely)[0]


@contextmanager
def _text_errors(path: Path, encoding: str) -> Iterator[None]:
    try:
        yield
    except UnicodeError as error:
        raise OneshotError(
            f"{path} is not a text in {encoding.removesuffix('-sig').upper()} ({error.reason})."
            if isinstance(error, UnicodeDecodeError)
            else f"{path} is not a text in {encoding.upper()} ({error}).",
            "Save the table as CSV (UTF-8).",
        ) from error
    except OSError as error:
        raise OneshotError(f"Cannot read {path}: {error.strerror or error}.") from error


# Parquet


def _open_parquet(path: Path, file: IO[bytes]) -> Table:
    try:
        from pyarrow import parquet
    except ImportError:
        raise OneshotError(
            f"{path.name} is Parquet, which needs the package pyarrow.", "Type: pip install pyarrow"
        ) from None
    with _parquet_errors(path):
        opened = parquet.ParquetFile(
            file, thrift_string_size_limit=64 << 20, thrift_container_size_limit=1_000_000
        )
        told, most = opened.metadata, _most_unpacked(path)
        groups = [told.row_group(n) for n in range(told.num_row_groups)]
        if told.num_columns > MOST_COLUMNS:
            raise OneshotError(f"{path} has more than {MOST_COLUMNS:,} columns.")
        unpacked = max(8 * told.num_rows * told.num_columns, sum(g.total_byte_size for g in groups))
        if unpacked > most:
            raise _too_much(path, unpacked, most)
        names = [unicodedata.normalize("NFC", name).strip() for name in opened.schema_arrow.names]
    return Table(path, names, "Parquet", "row", _parquet=opened)


def _most_unpacked(path: Path) -> int:
    return FREE_BYTES + RATIO * path.stat().st_size


def _too_much(path: Path, unpacked: int, most: int) -> OneshotError:
    return OneshotError(
        f"{path} unpacks to {in_words(unpacked)}, at most {in_words(most)} are read from a file of "
        f"its size ({in_words(path.stat().st_size)}).",
        "Write it in several files, or as NPZ.",
    )


def _values(column: Any) -> Sequence[Any]:
    """The values of a column of a batch: an array of numbers where there are only numbers."""
    import pyarrow

    kind = column.type
    number = pyarrow.types.is_floating(kind) or pyarrow.types.is_integer(kind)
    if number and column.null_count == 0:
        values: Sequence[Any] = column.to_numpy(zero_copy_only=False)
        return values
    items: list[Any] = column.to_pylist()
    return items


@contextmanager
def _parquet_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OneshotError:
        raise
    except Exception as error:  # pyarrow's are many, and some derive from Exception alone
        reason = printable((str(error) or type(error).__name__).splitlines()[0][:200])
        raise OneshotError(f"{path} is not a sound Parquet file ({reason}).") from error


# Columns that several kinds of tables share


def find_split(table: Table, taken: set[int]) -> list[int]:
    """Columns that may name the split of each row, by their headings."""
    found = []
    for name in SPLIT_COLUMNS:
        alike = [c for c, heading in enumerate(table.names) if plain(heading) == name]
        found += [c for c in alike if c not in taken]
    return found


def split_of_rows(
    table: Table, candidates: Sequence[int], cells: dict[int, list[str]]
) -> tuple[int | None, list[str | None]]:
    """(column that names the split of each row or None, split of each row or None where unknown).

    A column counts where at least half of its cells are usual names of splits.
    """
    for c in candidates:
        splits: list[str | None] = [part_of(cell, strict=True) for cell in cells[c]]
        if 2 * sum(split is not None for split in splits) >= max(1, len(splits)):
            return c, splits
    return None, []


def splits_of_classes(
    table: Table, column: int, labels: Sequence[str], splits: Sequence[str]
) -> dict[str, str]:
    """The split of each class, from those of its rows.

    Raises:
        OneshotError: a class has rows in two splits.
    """
    rows: dict[str, Counter[str]] = {}
    for label, split in zip(labels, splits, strict=True):
        rows.setdefault(label, Counter())[split] += 1
    several = sorted(label for label, counts in rows.items() if len(counts) > 1)
    if several:
        counts = rows[several[0]]
        parts = " and ".join(f"{counts[s]:,} in {s}" for s in SPLITS if s in counts)
        more = f", and so are {len(several) - 1:,} further classes" if len(several) > 1 else ""
        raise OneshotError(
            f"{table.path}: by the column '{table.called(column)}' the class "
            f"'{printable(several[0])}' is in two parts ({parts} rows){more}; a class that is "
            "learned from must not be tested.",
            "Add --merge-parts to have the suite split the classes, or give --split FILE.csv",
        )
    return {label: next(iter(counts)) for label, counts in rows.items()}


def report_columns(
    reading: Reading,
    table: Table,
    roles: dict[str, int | None],
    reasons: dict[int, str],
    features: Sequence[int] = (),
) -> None:
    """Says which columns were taken for what, and which were not used and why."""
    reading.understood = {"table": table.form, **reading.understood}
    for role, c in roles.items():
        if c is not None:
            reading.understood[role] = f"column '{table.called(c)}'"
    used = {*roles.values(), *features}
    unused: dict[str, list[str]] = {}
    for c in range(len(table.names)):
        if c not in used:
            unused.setdefault(reasons.get(c, "not used"), []).append(table.called(c))
    for reason, names in unused.items():
        what, _, hint = reason.partition("; ")
        reading.leave_out("column", listed(names), what, len(names), hint)
    if table.row_names:
        reading.leave_out("column", "row names without a heading", "row numbers are not features")
    if table.blank:
        reading.leave_out("line", "blank lines", "hold nothing", count=table.blank)


def check_split_cells(
    table: Table, column: int, cells: Sequence[str], splits: Sequence[str | None],
    lines: Sequence[int], bad: Bad,
) -> None:  # fmt: skip
    """Adds rows whose split is not one to the bad ones."""
    for line, cell, split in zip(lines, cells, splits, strict=True):
        if split is None:
            bad.add(
                f"{table.place} {line}",
                f"has the split '{printable(cell)}' in the column '{table.called(column)}', "
                f"expected one of {', '.join(SPLITS)}",
            )


TRUE = {"1", "1.0", "true", "yes", "t", "y", "x"}


@dataclass(frozen=True)
class Marks:
    """Columns that say more of each row than its class; None where there is none.

    Attributes:
        split_by: the value of --split-by.
        roles: "query", "gallery", "neither", or "" for both.
    """

    split_by: list[str] | None = None
    roles: list[str] | None = None

    def groups(self, row: int) -> dict[str, str]:
        """The group of the row that these columns give."""
        return {} if self.roles is None else {ROLE: self.roles[row]}

    def by(self, row: int) -> str | None:
        """The row's value of --split-by."""
        return None if self.split_by is None else self.split_by[row]


def find_marks(table: Table, options: Options, on_paths: bool = False) -> dict[str, int]:
    """The columns of `Marks`. With `on_paths`, --split-by may be no column.

    Raises:
        OneshotError: there is no column for --split-by, or several fit.
    """
    found: dict[str, int | None] = {
        "queries": table.find(None, ("is_query",)), "gallery": table.find(None, ("is_gallery",))
    }  # fmt: skip
    if options.split_by is not None:
        named = plain(options.split_by) in map(plain, table.names)
        found["split by"] = table.find(options.split_by, ()) if named or not on_paths else None
    return {name: column for name, column in found.items() if column is not None}


def marks_of(columns: dict[str, int], cells: dict[int, list[str]]) -> Marks:
    """The marks of each row from the columns of `find_marks`."""
    by = None if "split by" not in columns else cells[columns["split by"]]
    given = [name for name in ("queries", "gallery") if name in columns]
    if not given:
        return Marks(by)
    marked = {name: [c.strip().lower() in TRUE for c in cells[columns[name]]] for name in given}
    first = next(iter(marked.values()))
    # With one column alone, the items that it does not mark have the other role.
    queries = marked.get("queries", [not mark for mark in first])
    gallery = marked.get("gallery", [not mark for mark in first])
    names = {(True, True): "", (True, False): "query", (False, True): "gallery"}
    rows = zip(queries, gallery, strict=True)
    return Marks(by, [names.get(roles, "neither") for roles in rows])


@dataclass(frozen=True)
class Labelled:
    """The rows of a table of paths or texts.

    Attributes:
        items: paths or texts, as they are written.
        labels: as they are written.
        groups: the value of each row, None where no column holds groups.
        places: what each row is called in messages.
        settled: of these, the rows that are bad already.
        splits: the split of each class where a column names them, else None.
        marks: what further columns say of each row.
        reading: how the table was interpreted.
    """

    items: list[str]
    labels: list[str]
    groups: list[str] | None
    places: list[str]
    settled: set[str]
    splits: dict[str, str] | None
    marks: Marks
    reading: Reading


def read_labelled(
    path: Path, options: Options, usual: Sequence[str], role: str, labels: Sequence[str], bad: Bad
) -> Labelled:
    """A table with a column of items (paths or texts) and one of labels.

    Args:
        path: the table.
        options: see there; `path` names the column of the items.
        usual: headings of that column.
        role: what it holds, for the summary.
        labels: headings of the column of labels.
        bad: takes the rows without a split where a column names splits.

    Raises:
        OneshotError: if the table cannot be read or lacks a column, or a class is in two splits.
    """
    reading = Reading()
    with open_table(path) as table:
        item = table.need(options.path, usual, "--path")
        label = table.need(options.label, labels, "--label")
        group = None
        if options.group is not None:
            on_paths = role == "path" and plain(options.group) not in map(plain, table.names)
            group = None if on_paths else table.find(options.group, ())
        marks = find_marks(table, options, on_paths=role == "path")
        roles = {item, label, *marks.values()} | ({group} if group is not None else set())
        maybe_split = find_split(table, roles)
        lines, cells = table.texts(sorted({*roles, *maybe_split}))
    reasons: dict[int, str] = {}
    split, splits = split_of_rows(table, maybe_split, cells)
    if split is not None and states_splits(options):
        reasons[split], split = "not used: an option says how classes are split", None
    of_classes = None
    if split is not None:
        check_split_cells(table, split, cells[split], splits, lines, bad)
        good = [(clean(a) or "", b) for a, b in zip(cells[label], splits, strict=True) if b]
        of_classes = splits_of_classes(table, split, [a for a, _ in good], [b for _, b in good])
    columns = {role: item, "label": label, "group": group, "split": split, **marks}
    report_columns(reading, table, columns, reasons)
    return Labelled(
        cells[item],
        cells[label],
        None if group is None else cells[group],
        [f"{table.place} {line}" for line in lines],
        {name for name, _ in bad.items},
        of_classes,
        marks_of(marks, cells),
        reading,
    )
