"""What a data set holds, in numbers: sizes, balance, splits, groups, and doubles across splits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmark.datasets.copies import doubles
from benchmark.datasets.data_set import DataSet

TOLD = 10


@dataclass(frozen=True)
class Balance:
    """How many items the classes have; `fewest` and `most` name the classes at either end."""

    classes: int
    least: int
    median: float
    greatest: int
    fewest: str
    most: str


@dataclass(frozen=True)
class Double:
    """Two items that are equal bit for bit, by (row, class); the first one comes first in order."""

    first: tuple[int, str]
    second: tuple[int, str]


@dataclass(frozen=True)
class Summary:
    """What `oneshot data describe` prints.

    Attributes:
        items: how many there are.
        shape: what an item is, in words.
        balance: over all classes.
        splits: (split, classes, items); empty where the data set has no split of its own.
        groups: (group, values, whether classes lie whole inside its values).
        doubles: items beyond the first of each set of equal ones.
        across_classes: of these, how many lie in another class than the first.
        across_splits: of these, how many lie in another split.
        examples: some of them, those across splits first.
        copied_classes: (class, how many of its items are doubles), most first.
        pairs: (split, pairs labelled the same, different); empty where nobody labelled pairs.
        classes: (class, split, items) of every class; the split is "" where there is none.
    """

    items: int
    shape: str
    balance: Balance
    splits: tuple[tuple[str, int, int], ...]
    groups: tuple[tuple[str, int, bool], ...]
    doubles: int
    across_classes: int
    across_splits: int
    examples: tuple[Double, ...]
    pairs: tuple[tuple[str, int, int], ...] = ()
    classes: tuple[tuple[str, str, int], ...] = ()
    copied_classes: tuple[tuple[str, int], ...] = ()


def summarise(data: DataSet) -> Summary:
    """Counts everything; each item is read once, and a 16-byte digest of it kept."""
    counts = np.bincount(data.labels, minlength=len(data.class_names))
    names = data.class_names
    balance = Balance(
        classes=len(names),
        least=int(counts.min()),
        median=float(np.median(counts)),
        greatest=int(counts.max()),
        fewest=names[int(counts.argmin())],
        most=names[int(counts.argmax())],
    )
    splits = []
    if "split" in data.groups:
        group, of_class = data.groups["split"], data.class_groups("split")
        for code, name in enumerate(group.names):
            splits.append((name, int((of_class == code).sum()), int((group.codes == code).sum())))
    groups = tuple(
        (key, len(group.names), bool(data.class_groups(key).min() >= 0))
        for key, group in sorted(data.groups.items())
        if key != "split"
    )
    found = doubles(data)
    split = data.groups["split"].codes if "split" in data.groups else np.zeros(len(data), np.int32)
    crossing = [double for double in found if split[double[0]] != split[double[1]]]
    inside = [double for double in found if split[double[0]] == split[double[1]]]

    def named(row: int) -> tuple[int, str]:
        return row, names[data.labels[row]]

    return Summary(
        items=len(data),
        shape=_shape(data),
        balance=balance,
        splits=tuple(splits),
        groups=groups,
        doubles=len(found),
        across_classes=sum(bool(data.labels[a] != data.labels[b]) for a, b in found),
        across_splits=len(crossing),
        examples=tuple(Double(named(a), named(b)) for a, b in [*crossing, *inside][:TOLD]),
        pairs=tuple(_labelled(data)),
        classes=tuple(_classes(data, counts.tolist())),
        copied_classes=tuple(Counter(names[data.labels[b]] for _, b in found).most_common()),
    )


def _classes(data: DataSet, counts: list[int]) -> Iterator[tuple[str, str, int]]:
    group = data.groups.get("split")
    codes = data.class_groups("split").tolist() if group is not None else [-1] * len(counts)
    for name, code, count in zip(data.class_names, codes, counts, strict=True):
        yield name, group.names[code] if group is not None and code >= 0 else "", count


def _labelled(data: DataSet) -> Iterator[tuple[str, int, int]]:
    """Of each list of pairs, and of each split where there is one: how many, by their label."""
    pairs = data.pairs
    if pairs is None:
        return
    for name in pairs.names:
        listed = pairs.of(name)
        split = data.groups.get("split")
        places = np.zeros(len(data), dtype=np.int32) if split is None else split.codes
        parts = ("",) if split is None else split.names
        for code, part in enumerate(parts):
            same = listed.same[places[listed.left] == code]
            words = [part] * bool(part) + [name] * (len(pairs.names) > 1 or not part)
            yield ", ".join(words), int(same.sum()), int((~same).sum())


def _shape(data: DataSet) -> str:
    if data.kind == "image":
        colour = "grey" if data.channels == 1 else "colour"
        return f"{colour} images of {data.side}x{data.stored.shape[3]} pixels ({data.family}s)"
    if data.kind == "vector":
        low, high = float(np.min(data.stored)), float(np.max(data.stored))
        return f"vectors of {data.channels} numbers from {low:g} to {high:g}"
    lengths = np.char.str_len(data.stored.astype(np.str_))
    return f"texts of {lengths.min()} to {lengths.max()} characters (median {np.median(lengths):g})"
