"""The items that a table of labelled pairs names: image files, texts, or vectors.

Whatever the kind, an item has one name, and what holds the same under two names is one item.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.data_set import Family
from benchmark.datasets.ink import brighten
from benchmark.datasets.own import npz
from benchmark.datasets.own.bad import printable
from benchmark.datasets.own.decode import (
    Picture,
    Trouble,
    channels_of,
    decode,
    find_scale,
    scan,
)
from benchmark.datasets.own.features import Features, candidates, check_array
from benchmark.datasets.own.finish import clean
from benchmark.datasets.own.folders import is_image
from benchmark.datasets.own.images import located
from benchmark.datasets.own.options import Options
from benchmark.datasets.own.reading import Reading
from benchmark.datasets.own.scale import report_stored
from benchmark.datasets.own.table import as_texts, open_table, report_columns
from benchmark.datasets.own.texts import MOST_LETTERS
from benchmark.datasets.own.vectors import FEATURES
from benchmark.datasets.store import Progress
from benchmark.errors import OneshotError

IDS = ("id", "name", "key", "item")
NUMBERS = re.compile(r"\s*[\[(]?\s*([^\[\]()]*?)\s*[\])]?\s*")


@dataclass(frozen=True, eq=False)
class Items:
    """The items of a table of pairs.

    Attributes:
        family: what they are.
        names: of the items, unique; what a class is called after.
        stored: their contents by item, see `DataSet.stored`; rows of bad ones mean nothing.
        of_cell: the item that each cell of the table means.
        bad: what is wrong with some items.
        notes: what to tell of them.
    """

    family: Family
    names: list[str]
    stored: NDArray[np.generic]
    of_cell: list[int]
    bad: dict[int, str]
    notes: tuple[str, ...] = ()

    def copies(self) -> dict[int, int]:
        """For each good item that holds the same as an earlier one: that one."""
        first: dict[bytes, int] = {}
        found = {}
        for item in range(len(self.names)):
            if item in self.bad:
                continue
            held = self.stored[item]
            content = held.tobytes() if isinstance(held, np.ndarray) else str(held).encode()
            before = first.setdefault(hashlib.blake2b(content, digest_size=16).digest(), item)
            if before != item:
                found[item] = before
        return found


def read_items(
    cells: Sequence[str],
    table: Path,
    options: Options,
    scratch: Path,
    progress: Progress | None,
    reading: Reading,
) -> Items:
    """The items behind the cells of both columns.

    Args:
        cells: the first column's, then the second's.
        table: the table they stand in; paths of images are relative to its folder.
        options: see there; `of` says what the cells are, `items` where vectors lie.
        scratch: folder for large arrays.
        progress: told of each step.
        reading: takes what was understood of the items.

    Raises:
        OneshotError: if nothing can be read at all.
    """
    kind = options.of if options.of != "auto" else _kind(cells, table, options)
    reading.understood["cells"] = {
        "images": "paths of images",
        "texts": "texts",
        "vectors": "vectors"
        if options.items is None
        else f"names of the rows of {options.items.name}",
    }[kind]
    if kind == "images":
        return _images(cells, table, options, scratch, progress, reading)
    if kind == "texts":
        return _texts(cells)
    return (
        _vectors(cells) if options.items is None else _rows(cells, options.items, options, reading)
    )


def _kind(cells: Sequence[str], table: Path, options: Options) -> str:
    """What the cells look like: images by their endings, vectors where all cells are numbers."""
    if options.items is not None:
        return "vectors"
    several = [cell for cell in cells if cell.strip()]
    if several and 2 * sum(map(is_image, several)) > len(several):
        return "images"
    widths = {None if (found := _numbers(cell)) is None else len(found) for cell in several[:1000]}
    return "vectors" if len(widths) == 1 and (widths.pop() or 0) > 1 else "texts"


def _numbered(names: Sequence[str]) -> tuple[list[str], list[int]]:
    """The different names in the order of their first place, and the number of each."""
    number: dict[str, int] = {}
    of = [number.setdefault(name, len(number)) for name in names]
    return list(number), of


def _images(
    cells: Sequence[str],
    table: Path,
    options: Options,
    scratch: Path,
    progress: Progress | None,
    reading: Reading,
) -> Items:
    targets = located(cells, table, options.root)
    names, of_cell = _numbered([place for place, _ in targets])
    files = dict(targets)
    bad: dict[int, str] = {}
    pictures: dict[int, Picture] = {}
    for item, name in enumerate(names):
        target = files[name]
        if clean(name) is None:
            bad[item] = "is empty or not text"
        elif isinstance(target, str):
            bad[item] = target
        else:
            pictures[item] = Picture(target, name)
    everything = list(pictures.values())
    headers = scan(everything, options, progress)
    for item, header in zip(list(pictures), headers, strict=True):
        if isinstance(header, Trouble):
            bad[item] = header.reason
            del pictures[item]
    channels = channels_of(headers, options, reading)
    good = list(pictures)
    if not good:
        reasons = "; ".join(f"{names[item]} {reason}" for item, reason in list(bad.items())[:5])
        raise OneshotError(
            f"{table}: none of the images can be read ({reasons}).",
            "Paths are relative to the table's folder; --of texts|vectors if these are no images.",
        )
    scale = find_scale(everything, headers, options, reading, progress)
    files_read = list(pictures.values())
    stored, troubles = decode(files_read, channels, options, scratch, progress, scale)
    report_stored(stored, reading)
    bad |= {good[row]: trouble.reason for row, trouble in troubles.items()}
    notes: list[str] = []
    if options.family == "character":
        sound = ~np.isin(np.arange(len(good)), list(troubles))
        notes = brighten(stored, [names[item] for item in good], sound, options.ink)
    # Bad files have no row among the decoded ones; the good come in the order of their items.
    renumbered = [*good, *(item for item in range(len(names)) if item not in pictures)]
    new = {item: row for row, item in enumerate(renumbered)}
    return Items(
        options.family,
        [names[item] for item in renumbered],
        stored,
        [new[item] for item in of_cell],
        {new[item]: reason for item, reason in bad.items()},
        tuple(notes),
    )


def _texts(cells: Sequence[str]) -> Items:
    names, of_cell = _numbered([unicodedata.normalize("NFC", cell).strip() for cell in cells])
    bad = {}
    for item, name in enumerate(names):
        if not name or "\0" in name:
            bad[item] = "has an empty text or one with U+0000"
        elif len(name) > MOST_LETTERS:
            bad[item] = f"has a text of {len(name):,} characters, at most {MOST_LETTERS:,}"
    stored = np.array(["" if item in bad else name for item, name in enumerate(names)], np.str_)
    return Items("text", names, stored, of_cell, bad)


def _vectors(cells: Sequence[str]) -> Items:
    """Numbers in the cells themselves, parted by blanks, commas or semicolons."""
    names, of_cell = _numbered([cell.strip() for cell in cells])
    found = [_numbers(name) for name in names]
    widths = [len(numbers) for numbers in found if numbers]
    width = max(set(widths), key=widths.count) if widths else 0
    if not width:
        raise OneshotError(
            "No cell holds numbers.", "Write a vector as '0.1 0.2 0.3', or see --of and --items."
        )
    stored, bad = np.zeros((len(names), width), dtype=np.float32), {}
    for item, numbers in enumerate(found):
        if numbers is None:
            bad[item] = "holds no numbers"
        elif len(numbers) != width:
            bad[item] = f"holds {len(numbers)} numbers, expected {width}"
        else:
            with np.errstate(over="ignore"):
                stored[item] = numbers
            if not np.isfinite(stored[item]).all():
                bad[item] = "holds a missing or infinite number"
    return Items("vector", names, stored, of_cell, bad)


def _numbers(cell: str) -> list[float] | None:
    match = NUMBERS.fullmatch(cell)
    try:
        return [float(part) for part in re.split(r"[\s,;]+", match[1])] if match else None
    except ValueError:
        return None


def _rows(cells: Sequence[str], path: Path, options: Options, reading: Reading) -> Items:
    """Rows of another table, named by its column of ids; of an NPZ file, numbered from 0."""
    names, of_cell = _numbered([cell.strip() for cell in cells])
    if path.suffix.lower() == ".npz":
        every = _array(path, options, reading)
        row_of = {str(row): row for row in range(len(every))}
        rows = np.flatnonzero(~np.isfinite(every).all(axis=1)).tolist()
        wrong = dict.fromkeys(rows, "a number is missing or infinite")
    else:
        every, ids, wrong = _features(path, options, reading)
        row_of = {value: row for row, value in enumerate(ids)}
        if len(row_of) != len(ids):
            twice = Counter(ids).most_common(1)[0][0]
            raise OneshotError(f"{path} has two rows named '{printable(twice)}'.")
    stored, bad = np.zeros((len(names), every.shape[1]), dtype=np.float32), {}
    for item, name in enumerate(names):
        row = row_of.get(name)
        if row is None:
            bad[item] = f"is not among the rows of {path.name}"
        elif row in wrong:
            bad[item] = f"is a row of {path.name} in which {wrong[row]}"
        else:
            stored[item] = every[row]
    return Items("vector", names, stored, of_cell, bad)


def _array(path: Path, options: Options, reading: Reading) -> NDArray[np.float32]:
    """The vectors [n, d] of an NPZ file."""
    known = (options.features,) if options.features else FEATURES

    def wanted(there: list[str]) -> list[str]:
        chosen = next((name for name in known if name in there), None)
        if chosen is None:
            raise OneshotError(f"{path} has no array named {' or '.join(known)}.")
        reading.understood["items"] = f"array '{chosen}' of an NPZ file, rows counted from 0"
        return [chosen]

    (vectors,) = npz.read(path, wanted).values()
    if vectors.ndim != 2 or vectors.dtype.kind not in "biuf" or not vectors.size:
        raise OneshotError(f"{path}: the features must be numbers [n, d], not {vectors.shape}.")
    with np.errstate(over="ignore"):
        values = vectors.astype(np.float32)
    check_array(path, vectors, values, None, options.features is not None, reading)
    return values


def _features(
    path: Path, options: Options, reading: Reading
) -> tuple[NDArray[np.float32], list[str], dict[int, str]]:
    """(vectors, ids, what is wrong with some rows) of a table with a column of ids."""
    with open_table(path) as table:
        key = table.need(None, IDS)
        chosen, reasons = candidates(table, options.features, {key})
        features = Features(table, chosen, options.features is not None)
        held: list[Any] = []
        for block in table.blocks(sorted({key, *chosen})):
            held += block.items(key)
            features.take(block)
    ids = [cell.strip() for cell in as_texts(held)]
    values = features.settle(None, reasons)
    about = Reading()
    features.report(about)
    report_columns(about, table, {"ids": key}, reasons, features.columns)
    for topic, what in about.understood.items():
        reading.understood[f"items: {topic}" if topic == "table" else topic] = what
    reading.left_out += about.left_out
    reading.remarks += about.remarks
    return values, ids, features.bad_rows(values)
