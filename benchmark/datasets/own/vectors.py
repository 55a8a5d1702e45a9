"""Vectors with labels from CSV, NPZ or Parquet: structured data, or another model's embeddings.

They are stored as they are. Standardising them belongs to a model, which may look at its training
split; the `mlp` backbone has batch norm behind its first layer and needs none.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.own import npz
from benchmark.datasets.own.bad import Bad, printable
from benchmark.datasets.own.config import states_splits
from benchmark.datasets.own.features import Features, candidates, check_array
from benchmark.datasets.own.finish import Entry, clean, finish, place_of
from benchmark.datasets.own.options import Added, Options
from benchmark.datasets.own.reading import Reading
from benchmark.datasets.own.table import (
    LABELS,
    ONLY_SPLITS,
    Marks,
    Table,
    as_texts,
    check_split_cells,
    find_marks,
    find_split,
    marks_of,
    open_table,
    plain,
    report_columns,
    split_of_rows,
    splits_of_classes,
)
from benchmark.datasets.store import Progress
from benchmark.errors import OneshotError

FEATURES = ("x", "X", "features", "embeddings", "data")


@dataclass(frozen=True)
class Vectors:
    """What a file of vectors holds.

    Attributes:
        values: float32 [rows, features].
        labels: of the rows, as they are written.
        groups: by name, the value of each row.
        places: what each row is called in messages.
        wrong: by row, what is wrong with its numbers.
        splits: the split of each row where the file names them, else None.
        reading: how the file was interpreted.
        bad: rows that are bad already.
        marks: what further columns say of each row.
    """

    values: NDArray[np.float32]
    labels: list[str]
    groups: dict[str, list[str]]
    places: list[str]
    wrong: dict[int, str]
    reading: Reading
    splits: dict[str, str] | None = None
    bad: Bad = field(default_factory=Bad)
    marks: Marks = field(default_factory=Marks)


def read(path: Path, options: Options, scratch: Path, progress: Progress | None) -> Added:
    """Vectors of a file; a table's features are its columns of numbers but the label and the group.

    Row numbers, ids and copies of the label are no features unless `options.features` names them.
    Rows with something else than finite numbers of float32, or without a label, are bad.

    Raises:
        OneshotError: if the file cannot be read or holds no vectors, or for bad rows.
    """
    if progress:
        progress("reading vectors", 0, 1)
    archive = path.suffix.lower() == ".npz"
    found = _archive(path, options) if archive else _table(path, options)
    bad, entries = found.bad, []
    named = {name for name, _ in bad.items}
    for row, label in enumerate(found.labels):
        name = clean(label)
        if found.places[row] in named:
            continue
        if name is None:
            bad.add(
                found.places[row],
                "has no label" if not label.strip() else "has a label that is not text",
            )
        elif row in found.wrong:
            bad.add(found.places[row], found.wrong[row])
        else:
            values = {key: clean(held[row]) or "" for key, held in found.groups.items()}
            values |= found.marks.groups(row)
            place, by = place_of(found.places[row], options), found.marks.by(row)
            entries.append(Entry(row, name, values, place, split_by=by))
    if not found.labels:
        raise OneshotError(f"{path} holds no vectors.")
    good = found.values[[entry.row for entry in entries]]
    if good.size:
        low, high = float(good.min()), float(good.max())
        found.reading.understood["values"] = f"from {low:g} to {high:g}, stored as they are"
    added = finish("vector", found.values, entries, bad, options, found.splits)
    if progress:
        progress("reading vectors", 1, 1)
    return replace(added, reading=found.reading)


def _table(path: Path, options: Options) -> Vectors:
    reading = Reading()
    with open_table(path) as table:
        label = table.need(options.label, LABELS, "--label")
        group = None if options.group is None else table.need(options.group, ())
        marks = find_marks(table, options)
        roles = {label, *marks.values()} | ({group} if group is not None else set())
        maybe_split = find_split(table, roles)
        wanted, reasons = candidates(table, options.features, roles)
        features = Features(table, wanted, options.features is not None)
        texts = sorted({*roles, *maybe_split})
        lines: list[int] = []
        held: dict[int, list[Any]] = {c: [] for c in texts}
        for block in table.blocks(sorted({*wanted, *texts})):
            lines += block.lines
            for c in texts:
                held[c] += block.items(c)
            features.take(block)
    cells = {c: as_texts(values) for c, values in held.items()}
    split, splits = split_of_rows(table, maybe_split, cells)
    if split is not None and split not in features.columns and states_splits(options):
        reasons[split] = "not used: an option says how classes are split"
        split = None
    values = features.settle(cells[label], reasons)
    bad, places = Bad(), [f"{table.place} {line}" for line in lines]
    of_classes = None
    if split is not None:
        check_split_cells(table, split, cells[split], splits, lines, bad)
        good = [(clean(a) or "", b) for a, b in zip(cells[label], splits, strict=True) if b]
        of_classes = splits_of_classes(table, split, [a for a, _ in good], [b for _, b in good])
    features.report(reading)
    columns = {"label": label, "group": group, "split": split, **marks}
    report_columns(reading, table, columns, reasons, features.columns)
    groups = {} if group is None else {str(options.group): cells[group]}
    return Vectors(
        values, cells[label], groups, places, features.bad_rows(values), reading, of_classes, bad,
        marks_of(marks, cells),
    )  # fmt: skip


def _archive(path: Path, options: Options) -> Vectors:
    if options.split_by not in (None, options.group):
        raise OneshotError("--split-by of NPZ arrays must be the array of --group.")
    table = Table(path, [], "NPZ arrays", "row")  # whose columns are the arrays

    def wanted(there: list[str]) -> list[str]:
        labels = (options.label,) if options.label else LABELS
        groups = [(options.group,)] if options.group else []
        features = (options.features,) if options.features else FEATURES
        names = [_named(there, known, path) for known in (features, labels, *groups)]
        if len(set(names)) < len(names):
            raise OneshotError(f"{path}: one array cannot be two of features, labels and groups.")
        for role, name in zip(("features", "label", "group"), names, strict=False):
            reading.understood[role] = f"array '{printable(name)}'"
        table.names = there
        taken = {there.index(name) for name in names}
        known = [c for c in find_split(table, taken) if plain(there[c]) in ONLY_SPLITS]
        return names + [there[c] for c in known[:1]]

    reading = Reading({"file": "NPZ arrays"})
    held = npz.read(path, wanted)
    vectors, labels, *rest = held.values()
    groups = dict(zip([options.group] if options.group else [], rest, strict=False))
    last = list(held)[-1]
    stated = {last: held[last]} if len(rest) > len(groups) else {}
    if vectors.ndim != 2 or vectors.dtype.kind not in "biuf" or not vectors.size:
        raise _no_vectors(path, vectors)
    numbers = f"{vectors.shape[1]:,} numbers ({vectors.dtype}) a row"
    reading.understood["features"] = f"{reading.understood['features']}, {numbers}"
    for name, array in {"labels": labels, **groups, **stated}.items():
        if array.shape != vectors.shape[:1]:
            raise OneshotError(
                f"{path}: {name} have shape {array.shape}, expected {vectors.shape[:1]}: one for "
                f"each of the vectors {vectors.shape}.",
                "Of one-hot labels take the numbers: y.argmax(axis=1)" if array.ndim == 2 else "",
            )
    with np.errstate(over="ignore"):
        values = vectors.astype(np.float32)
    wrong = {
        row: f"holds {values[row, np.flatnonzero(~np.isfinite(values[row]))[0]]}, expected finite "
        "numbers of 32 bits"
        for row in np.flatnonzero(~np.isfinite(values).all(axis=1)).tolist()
    }
    texts = {key: as_texts(array.tolist()) for key, array in groups.items()}
    names = as_texts(labels.tolist())
    check_array(path, vectors, values, names, options.features is not None, reading)
    bad = Bad()
    of_classes = _split_of(table, stated, names, options, bad, reading)
    used = {*held} - (set() if of_classes else {*stated})
    if left := [name for name in table.names if name not in used]:
        reading.leave_out("array", printable(", ".join(left[:12])), "not used", len(left))
    places = [f"row {row}" for row in range(len(values))]
    marks = Marks(texts[options.split_by] if options.split_by is not None else None)
    return Vectors(values, names, texts, places, wrong, reading, of_classes, bad, marks)


def _split_of(
    table: Table, stated: dict[str, NDArray[Any]], names: list[str], options: Options, bad: Bad,
    reading: Reading,
) -> dict[str, str] | None:  # fmt: skip
    """The split of each class by an array of that name, None where there is none."""
    cells = {table.names.index(name): as_texts(array.tolist()) for name, array in stated.items()}
    column, splits = split_of_rows(table, list(cells), cells)
    if column is None or states_splits(options):
        return None
    check_split_cells(table, column, cells[column], splits, range(len(names)), bad)
    reading.understood["split"] = f"array '{table.called(column)}'"
    good = [(clean(a) or "", b) for a, b in zip(names, splits, strict=True) if b]
    return splits_of_classes(table, column, [a for a, _ in good], [b for _, b in good])


def _no_vectors(path: Path, array: NDArray[Any]) -> OneshotError:
    hint = "Save them with their labels: np.savez(FILE, x=x, y=labels)"
    if array.ndim in (3, 4):
        hint = (
            "Save images as files, in a folder for each class: --kind folder. To compare them as "
            "plain vectors: x.reshape(len(x), -1)"
        )
    return OneshotError(
        f"{path}: the features must be numbers [n, d], not {array.dtype} {array.shape}.", hint
    )


def _named(there: list[str], names: tuple[str, ...], path: Path) -> str:
    for name in names:
        if name in there:
            return name
    has = printable(", ".join(there[:12])) or "none"
    raise OneshotError(
        f"{path} has no array {' or '.join(names)}; it has {has}.",
        "Name the arrays: --features NAME --label NAME",
    )
