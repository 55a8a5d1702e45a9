"""Vectors with labels from CSV, NPZ or Parquet: structured data, or another model's embeddings.

They are stored as they are. Standardising them belongs to a model, which may look at its training
split; the `mlp` backbone has batch norm behind its first layer and needs none.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.own import npz
from benchmark.datasets.own.bad import Bad, printable
from benchmark.datasets.own.finish import Entry, clean, finish
from benchmark.datasets.own.options import Added, Options
from benchmark.datasets.own.table import column, column_name, read_table
from benchmark.datasets.store import Progress
from benchmark.errors import OneshotError

LABELS = ("label", "class", "target", "labels", "y")
FEATURES = ("x", "X", "features", "embeddings", "data")


def read(path: Path, options: Options, scratch: Path, progress: Progress | None) -> Added:
    """Vectors of a file; a table's features are its columns of numbers but the label and the group.

    Rows with a missing or infinite number, or one beyond float32, or without a label are bad.

    Raises:
        OneshotError: if the file cannot be read or holds no vectors, or for bad rows.
    """
    if progress:
        progress("reading vectors", 0, 1)
    if path.suffix.lower() == ".npz":
        vectors, labels, groups = _archive(path, options)
        first = 0
    else:
        vectors, labels, groups = _table(path, options)
        first = 2 if path.suffix.lower() == ".csv" else 0  # as editors number the lines
    with np.errstate(over="ignore"):
        stored = vectors.astype(np.float32)
    bad, entries = Bad(), []
    finite = np.asarray(np.isfinite(stored).all(axis=1))
    for row, label in enumerate(labels):
        name = clean(label)
        if name is None:
            bad.add(f"row {row + first}", "has no label")
        elif not finite[row]:
            bad.add(f"row {row + first}", "has a missing or infinite number")
        else:
            values = {key: clean(held[row]) or "" for key, held in groups.items()}
            entries.append(Entry(row, name, values))
    added = finish("vector", stored, entries, bad, options)
    if progress:
        progress("reading vectors", 1, 1)
    return added


def _table(path: Path, options: Options) -> tuple[NDArray[Any], list[str], dict[str, list[str]]]:
    table = read_table(path, numbers=True)
    label = column_name(table, path, options.label, LABELS)
    labels = column(table, path, label, ())
    groups, rest = {}, [name for name in table.columns if name != label]
    if options.group is not None:
        groups[options.group] = column(table, path, options.group, ())
        rest.remove(options.group)
    wrong = [str(name) for name in rest if table[name].dtype.kind not in "biuf"]
    if wrong or not rest:
        what = f"holds no numbers in {', '.join(wrong[:5])}" if wrong else "has no features"
        raise OneshotError(
            f"{path} {what}.",
            "Every column but the label and the group must hold numbers; see --label and --group.",
        )
    return table[rest].to_numpy(dtype=np.float64), labels, groups


def _archive(path: Path, options: Options) -> tuple[NDArray[Any], list[str], dict[str, list[str]]]:
    def wanted(there: list[str]) -> list[str]:
        labels = (options.label,) if options.label else LABELS
        groups = [(options.group,)] if options.group else []
        names = [_named(there, known, path) for known in (FEATURES, labels, *groups)]
        if len(set(names)) < len(names):
            raise OneshotError(f"{path}: one array cannot be two of features, labels and groups.")
        return names

    held = npz.read(path, wanted)
    vectors, labels, *rest = held.values()
    groups = dict(zip([options.group] if options.group else [], rest, strict=True))
    if vectors.ndim != 2 or vectors.dtype.kind not in "biuf" or not vectors.size:
        raise OneshotError(f"{path}: the features must be numbers [n, d], not {vectors.shape}.")
    for name, array in {"labels": labels, **groups}.items():
        if array.shape != vectors.shape[:1]:
            raise OneshotError(f"{path}: {name} have shape {array.shape}, vectors {vectors.shape}.")
    texts = {key: [str(value) for value in array] for key, array in groups.items()}
    return vectors, [str(label) for label in labels], texts


def _named(there: list[str], names: tuple[str, ...], path: Path) -> str:
    for name in names:
        if name in there:
            return name
    has = printable(", ".join(there[:12])) or "none"
    raise OneshotError(f"{path} has no array {' or '.join(names)}; it has {has}.")
