"""From items with class names to a data set: classes in order, small ones named, classes split."""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.data_set import Family, Groups, whole
from benchmark.datasets.own.bad import Bad
from benchmark.datasets.own.config import by_lists, read_config, read_lists
from benchmark.datasets.own.options import Added, Options
from benchmark.datasets.split import LEAST, SPLITS, by_hash, split_groups
from benchmark.errors import OneshotError

MOVED = 1_024  # rows at a time


@dataclass(frozen=True)
class Entry:
    """One good item: its row among the stored ones, its class, and its value of each group."""

    row: int
    label: str
    groups: dict[str, str] = field(default_factory=dict)


def clean(name: str) -> str | None:
    """A class or group name in Unicode's composed form, or None where it cannot be kept."""
    name = unicodedata.normalize("NFC", name).strip()
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:  # bytes of a file name that are no UTF-8
        return None
    return name if name and name.isprintable() else None


def finish(
    family: Family,
    stored: NDArray[np.generic],
    entries: list[Entry],
    bad: Bad,
    options: Options,
    own_split: dict[str, str] | None = None,
) -> Added:
    """The data set of all good items whose class has enough of them.

    Classes come in the order of their names, items by class and then row.

    Args:
        family: what the items are.
        stored: items by row; a memory map is put in order in place, its rows being by class.
        entries: the good ones among them.
        bad: what was found wrong so far; classes that are too small join it.
        options: see there.
        own_split: which split each class is in, where the source itself says so.

    Raises:
        OneshotError: for bad items that are not to be left out, or a split that cannot be made.
    """
    lists, tasks, source = _stated(options)
    counts = Counter(entry.label for entry in entries)
    for label, count in sorted(counts.items()):
        if count < options.least:
            held = f"{count} good item{'' if count == 1 else 's'}"
            bad.add(f"class '{label}'", f"has {held}, at least {options.least} are needed")
    notes = list(bad.settle(options.on_bad))
    kept = [entry for entry in entries if counts[entry.label] >= options.least]
    kept.sort(key=lambda entry: (entry.label, entry.row))
    if not kept:
        raise OneshotError("There is no good item left to add.", "See --on-bad and --least.")
    names = sorted({entry.label for entry in kept})
    number = {name: code for code, name in enumerate(names)}
    labels = np.array([number[entry.label] for entry in kept], dtype=np.int64)
    groups = {
        key: _group([entry.groups.get(key, "") for entry in kept])
        for key in sorted({key for entry in kept for key in entry.groups})
    }
    for suffix, task in tasks.items():
        for key in (task["within"], task["apart"]):
            if key is not None and key not in groups:
                known = ", ".join(groups) or "none; see --group"
                raise OneshotError(f"Tasks '{suffix}': there is no group '{key}' ({known}).")
    if lists is not None:
        split = by_lists(lists, names, source)
    elif own_split is not None:
        every = {part: [name for name in names if own_split[name] == part] for part in SPLITS}
        split = by_lists(every, names, "The data's own split")
    elif len(names) >= LEAST * len(SPLITS):
        # Not keyed by the data set's name: the same classes are split alike under any name.
        split = by_hash("own", names, options.fractions)
    else:
        split = {}
        notes.append(
            f"{len(names)} classes are too few to be split ({LEAST * len(SPLITS)} are needed): "
            "there are no tasks"
        )
    if split:
        groups["split"] = split_groups(split, names, labels)
    ordered = gather(stored, np.array([entry.row for entry in kept]))
    return Added(whole("own", family, ordered, labels, names, groups), tasks, tuple(notes))


def _stated(options: Options) -> tuple[dict[str, list[str]] | None, dict[str, Any], str]:
    lists, tasks = read_config(options.config) if options.config else (None, {})
    if options.split and lists is not None:
        raise OneshotError("--split and the file of --config both split the classes.", "Take one.")
    if options.split:
        return read_lists(options.split), tasks, str(options.split)
    return lists, tasks, str(options.config)


def _group(values: list[str]) -> Groups:
    names = sorted(set(values))
    number = {name: code for code, name in enumerate(names)}
    return Groups(np.array([number[value] for value in values], dtype=np.int32), tuple(names))


def gather(stored: NDArray[np.generic], rows: NDArray[np.int64]) -> NDArray[np.generic]:
    """The rows of `stored`, moved forward in place where it is a memory map."""
    if not isinstance(stored, np.memmap):
        return np.ascontiguousarray(stored[rows])
    if (np.diff(rows) <= 0).any():
        raise ValueError("rows of a memory map must ascend")  # else one would overwrite another
    for start in range(0, len(rows), MOVED):
        block = rows[start : start + MOVED]
        if block[0] != start or block[-1] != start + len(block) - 1:
            stored[start : start + len(block)] = stored[block]
    stored.flush()
    return stored[: len(rows)]
