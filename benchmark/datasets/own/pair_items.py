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

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.data_set import Family
from benchmark.datasets.ink import brighten
from benchmark.datasets.own.decode import Picture, Trouble, decode, scan
from benchmark.datasets.own.finish import clean
from benchmark.datasets.own.images import is_image
from benchmark.datasets.own.options import Options
from benchmark.datasets.own.table import column, column_name, read_table
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
    cells: Sequence[str], table: Path, options: Options, scratch: Path, progress: Progress | None
) -> Items:
    """The items behind the cells of both columns.

    Args:
        cells: the first column's, then the second's.
        table: the table they stand in; paths of images are relative to its folder.
        options: see there; `of` says what the cells are, `items` where vectors lie.
        scratch: folder for large arrays.
        progress: told of each step.

    Raises:
        OneshotError: if nothing can be read at all.
    """
    kind = options.of if options.of != "auto" else _kind(cells, table, options)
    if kind == "images":
        return _images(cells, table, options, scratch, progress)
    if kind == "texts":
        return _texts(cells)
    return _vectors(cells) if options.items is None else _rows(cells, options.items)


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
    cells: Sequence[str], table: Path, options: Options, scratch: Path, progress: Progress | None
) -> Items:
    root = table.parent.resolve()
    places = [cell.strip().replace("\\", "/").removeprefix("./") for cell in cells]
    names, of_cell = _numbered(places)
    bad: dict[int, str] = {}
    pictures: dict[int, Picture] = {}
    for item, name in enumerate(names):
        try:
            target = (root / name).resolve()
            there = target.is_file()
        except (OSError, ValueError):  # too long a name, or one with U+0000
            there = False
        if clean(name) is None:
            bad[item] = "is empty or no text"
        elif not there:
            bad[item] = "is not there"
        elif not target.is_relative_to(root):
            bad[item] = "lies outside the table's folder"
        else:
            pictures[item] = Picture(target, name)
    looked = scan(list(pictures.values()), options, progress)
    colour = dict(zip(pictures, looked, strict=True))
    for item, found in colour.items():
        if isinstance(found, Trouble):
            bad[item] = found.reason
            del pictures[item]
    channels = {"rgb": 3, "grey": 1, "auto": 3 if True in looked else 1}[options.colour]
    good = list(pictures)
    if not good:
        reasons = "; ".join(f"{names[item]} {reason}" for item, reason in list(bad.items())[:5])
        raise OneshotError(
            f"{table}: none of the images can be read ({reasons}).",
            "Paths are relative to the table's folder; --of texts|vectors if these are no images.",
        )
    stored, troubles = decode(list(pictures.values()), channels, options, scratch, progress)
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


def _rows(cells: Sequence[str], path: Path) -> Items:
    """Rows of another table, named by its column of ids; of an NPZ file, numbered from 0."""
    names, of_cell = _numbered([cell.strip() for cell in cells])
    if path.suffix.lower() == ".npz":
        try:
            with np.load(path, allow_pickle=False) as file:
                key = next((name for name in FEATURES if name in file.files), None)
                vectors = None if key is None else file[key]
        except (OSError, ValueError) as error:
            raise OneshotError(f"{path} is no NPZ file of plain arrays ({error}).") from error
        if vectors is None or vectors.ndim != 2 or vectors.dtype.kind not in "biuf":
            raise OneshotError(f"{path} has no numbers [n, d] named {' or '.join(FEATURES)}.")
        row_of = {str(row): row for row in range(len(vectors))}
    else:
        table = read_table(path, numbers=True)
        key = column_name(table, path, None, IDS)
        rest = [name for name in table.columns if name != key]
        wrong = [str(name) for name in rest if table[name].dtype.kind not in "biuf"]
        if wrong or not rest:
            what = f"holds no numbers in {', '.join(wrong[:5])}" if wrong else "has no features"
            raise OneshotError(f"{path} {what}.", f"All columns but '{key}' must hold numbers.")
        ids = column(read_table(path), path, key, ())  # as they are written, zeros in front too
        if len(set(ids)) != len(ids):
            twice = Counter(ids).most_common(1)[0][0]
            raise OneshotError(f"{path} has two rows named '{twice}'.")
        row_of = {value: row for row, value in enumerate(ids)}
        vectors = table[rest].to_numpy(dtype=np.float64)
    with np.errstate(over="ignore"):
        every = vectors.astype(np.float32)
    stored, bad = np.zeros((len(names), every.shape[1]), dtype=np.float32), {}
    for item, name in enumerate(names):
        if name not in row_of:
            bad[item] = f"is no row of {path.name}"
        elif not np.isfinite(every[row_of[name]]).all():
            bad[item] = f"has a missing or infinite number in {path.name}"
        else:
            stored[item] = every[row_of[name]]
    return Items("vector", names, stored, of_cell, bad)
