"""From items with class names to a data set: classes in order, small ones named, classes split."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.copies import identical_groups, surplus_copies
from benchmark.datasets.data_set import Family, Groups, whole
from benchmark.datasets.own.bad import Bad
from benchmark.datasets.own.config import by_lists, read_config, read_lists, refuse_small
from benchmark.datasets.own.imitations import FORGED, GENUINE, KIND, Imitations
from benchmark.datasets.own.options import Added, Options
from benchmark.datasets.own.parts import ROLE, completed, split_of_parts
from benchmark.datasets.split import LEAST, SPLITS, by_groups, by_hash, split_groups
from benchmark.errors import OneshotError

MOVED = 1_024  # rows at a time
EXAMPLES = 20  # copies that are named
TRIALS = 10_000  # of each kind of a verification, where there are as many


@dataclass(frozen=True)
class Entry:
    """One item: its row among the stored ones, its class, and its value of each group.

    Attributes:
        row: among the stored items.
        label: its class; for an imitation the class that it imitates.
        groups: values by the group's name.
        name: in messages, such as the path of a file.
        part: "train", "validation" or "test" where its folder or table says so.
        split_by: its value of --split-by.
        imitation: whether it imitates its class.
    """

    row: int
    label: str
    groups: dict[str, str] = field(default_factory=dict)
    name: str = ""
    part: str | None = None
    split_by: str | None = None
    imitation: bool = False


def place_of(place: str, options: Options) -> str:
    """The name of an item that has a line instead of a path; --imitations is about paths."""
    return place if options.imitations is None else ""


def clean(name: str) -> str | None:
    """A class or group name in Unicode's composed form, or None where it cannot be kept."""
    name = unicodedata.normalize("NFC", name).strip()
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:  # bytes of a file name that are no UTF-8
        return None
    return name if name and name.isprintable() else None


def check(
    entries: Sequence[Entry], options: Options, own_split: dict[str, str] | None = None
) -> None:
    """Refuses splits and tasks that cannot be, before any image is decoded.

    Args:
        entries: all items that may be good.
        options: see there.
        own_split: as for `finish`.

    Raises:
        OneshotError: as `finish` does for the same items.
    """
    lists, tasks, source = _stated(options)
    _check_tasks(tasks, {key for entry in entries for key in entry.groups})
    entries = imitating(entries, options, Bad())
    counts = Counter(entry.label for entry in entries if not entry.imitation)
    kept = [entry for entry in entries if counts[entry.label] >= options.least]
    if kept:
        _split(kept, options, lists, source, set(counts), own_split)


def finish(
    family: Family,
    stored: NDArray[np.generic],
    entries: list[Entry],
    bad: Bad,
    options: Options,
    own_split: dict[str, str] | None = None,
) -> Added:
    """The data set of all good items whose class has enough of them.

    Classes come in the order of their names, items by class and then row. Copies stay in the data
    set; a class counts as too small where too few of its items are left without them.

    Args:
        family: what the items are.
        stored: items by row; a memory map is put in order in place, its rows being by class.
        entries: the good ones among them.
        bad: what was found wrong so far; classes that are too small join it.
        options: see there.
        own_split: the split of each class, where a column of the source names it; else items may
            name the part that they are in.

    Raises:
        OneshotError: for bad items that are not to be left out, or a split that cannot be made.
    """
    lists, tasks, source = _stated(options)
    entries = imitating(entries, options, bad)
    known = {entry.label for entry in entries}
    counts = Counter(entry.label for entry in entries if not entry.imitation)
    for label in sorted(known):
        if counts[label] < options.least:
            held = f"{counts[label]} good item{'' if counts[label] == 1 else 's'}"
            bad.add(f"class '{label}'", f"has {held}, at least {options.least} are needed")
    kept = [entry for entry in entries if counts[entry.label] >= options.least]
    kept.sort(key=lambda entry: (entry.label, entry.row))
    kept, identical, surplus, split, notes = _without_copies(
        stored,
        kept,
        bad,
        options,
        lambda some: _split(some, options, lists, source, known, own_split),
    )
    notes = [*bad.settle(options.on_bad), *notes]
    if not kept:
        raise OneshotError("There is no good item left to add.", "See --on-bad and --least.")
    names = sorted({entry.label for entry in kept})
    number_of = {name: code for code, name in enumerate(names)}
    labels = np.array([number_of[entry.label] for entry in kept], dtype=np.int64)
    groups = {
        key: _group([entry.groups.get(key, "") for entry in kept])
        for key in sorted({key for entry in kept for key in entry.groups})
    }
    if any(entry.imitation for entry in kept):
        if KIND in groups:
            raise OneshotError(f"--imitations makes a group '{KIND}'; call that of --group else.")
        groups[KIND] = Groups(
            np.array([int(not entry.imitation) for entry in kept], dtype=np.int32),
            (FORGED, GENUINE),
        )
    _check_tasks(tasks, set(groups))
    if split:
        groups["split"] = split_groups(split, names, labels)
    notes += [*_marked(kept, options), *_copies(kept, identical, split)]
    facts: dict[str, Any] = {
        "trials": options.trials or TRIALS,
        "copies": np.flatnonzero(surplus).tolist(),
    }
    if any(entry.imitation for entry in kept):
        facts["imitations"] = KIND
    ordered = gather(stored, np.array([entry.row for entry in kept]))
    data_set = whole("own", family, ordered, labels, names, groups)
    return Added(data_set, tasks, tuple(notes), facts=facts)


def _without_copies(
    stored: NDArray[np.generic],
    kept: list[Entry],
    bad: Bad,
    options: Options,
    split_of: Callable[[Sequence[Entry]], tuple[dict[str, str], list[str]]],
) -> tuple[list[Entry], list[list[int]], NDArray[np.bool_], dict[str, str], list[str]]:
    """The items of the classes that are large enough without copies, and how they are split.

    Which copy counts depends on the split, and the split on the classes that are left.

    Returns:
        The items, their groups of identical ones, which of them do not count, the split of the
        classes and how it came about.
    """
    identical = identical_groups(stored, [entry.row for entry in kept])
    total = Counter(entry.label for entry in kept if not entry.imitation)
    while True:
        try:
            split, notes = split_of(kept) if kept else ({}, [])
        except OneshotError:
            bad.settle(options.on_bad)
            raise
        surplus = surplus_copies(identical, np.array([_rank(e, split) for e in kept], dtype=int))
        counted = (e for e, out in zip(kept, surplus, strict=True) if not (out or e.imitation))
        left = Counter(entry.label for entry in counted)
        small = sorted({e.label for e in kept if left[e.label] < options.least})
        if not small:
            return kept, identical, surplus, split, notes
        for label in small:
            copies = total[label] - left[label]
            are = "is" if left[label] == 1 else "are"
            bad.add(
                f"class '{label}'",
                f"{copies} of {total[label]} items are copies of another; {left[label]} {are} "
                f"left, at least {options.least} are needed",
            )
        large = np.array([entry.label not in small for entry in kept])
        number = np.where(large, np.cumsum(large) - 1, -1)
        moved = ([int(number[n]) for n in group if large[n]] for group in identical)
        identical = [group for group in moved if len(group) > 1]
        kept = [entry for entry in kept if entry.label not in small]


def imitating(entries: Sequence[Entry], options: Options, bad: Bad) -> list[Entry]:
    """The items with imitations in the class that they imitate.

    An imitation of a class that is not there is bad.

    Raises:
        OneshotError: if --imitations matches nothing, or everything.
    """
    if options.imitations is None:
        return list(entries)
    pattern = Imitations(options.imitations)
    keys = [pattern.of(entry.label, entry.name) for entry in entries]
    genuine = sorted({e.label for e, key in zip(entries, keys, strict=True) if key is None})
    forged = sorted({key for key in keys if key is not None})
    if not forged or not genuine:
        what = "nothing" if not forged else "every item"
        raise OneshotError(
            f"--imitations {options.imitations} matches {what}.",
            "It is a regular expression that the paths or classes of imitations match, and no "
            "others, such as _forged",
        )
    target = pattern.targets(forged, genuine)
    found = []
    for entry, key in zip(entries, keys, strict=True):
        label = None if key is None else target[key]
        if key is None:
            found.append(entry)
        elif label is None:
            bad.add(
                entry.name or f"row {entry.row}",
                f"imitates '{key}', of which there is no genuine class",
            )
        else:
            found.append(replace(entry, label=label, imitation=True))
    return found


def _split(
    kept: Sequence[Entry],
    options: Options,
    lists: dict[str, list[str]] | None,
    source: str,
    known: set[str],
    own_split: Mapping[str, str] | None,
) -> tuple[dict[str, str], list[str]]:
    """The split of each class and how it came about; empty where there are too few classes.

    `known` are all classes that the data name, those that are left out included.
    """
    names = sorted({entry.label for entry in kept})
    if options.test_only or options.fractions[2] == 1:
        if lists is not None:
            raise OneshotError(f"--test-only tests all classes; {source} splits them.")
        if len(names) < LEAST:
            return {}, [_too_few(len(names), LEAST)]
        told = "; its parts are merged" if own_split or any(e.part for e in kept) else ""
        return dict.fromkeys(names, "test"), [
            f"all {len(names):,} classes are tested{told}: nothing is trained on them, and nothing "
            "can be calibrated, since there is no validation split"
        ]
    notes: list[str] = []
    stated: dict[str, str] | None = None
    if lists is not None:
        stated = by_lists(lists, names, source, known - set(names))
        notes.append(f"the split is that of {source}")
        if any(entry.part for entry in kept):
            notes.append("the folders that name parts of the data do not count")
    else:
        parts = [entry.part or (own_split or {}).get(entry.label) for entry in kept]
        labels = [entry.label for entry in kept]
        stated, notes = split_of_parts(labels, parts, options.merge_parts)
        if stated is not None:
            stated, more = completed(stated, options.fractions)
            notes += more
            refuse_small(stated, "The parts of the data")
    together = _together(kept) if options.split_by is not None else None
    if stated is not None:
        if together is not None:
            _refuse_divided(together, stated, str(options.split_by))
        return stated, notes
    needed = LEAST * sum(fraction > 0 for fraction in options.fractions)
    if len(names) < needed:
        return {}, [*notes, _too_few(len(names), needed)]
    # Not keyed by the data set's name: the same classes are split alike under any name.
    if together is None:
        return by_hash("own", names, options.fractions), notes
    try:
        split = by_groups("own", together, options.fractions)
    except ValueError as error:
        count = len(set(together.values()))
        raise OneshotError(
            f"--split-by {options.split_by}: {count:,} separate "
            f"group{'' if count == 1 else 's'} of classes cannot be split ({error}).",
            "Classes that share a value stay together. Choose another --split-by or other "
            "--fractions, or --test-only to test all classes.",
        ) from error
    values = len({entry.split_by for entry in kept})
    return split, [
        *notes, f"split by {options.split_by}: none of its {values:,} values is in two splits"
    ]  # fmt: skip


def _too_few(count: int, needed: int) -> str:
    return (
        f"{count} classes are too few to be split ({needed} are needed): there are no tasks. "
        "Add --test-only to test all of them"
    )


def _together(kept: Sequence[Entry]) -> dict[str, str]:
    """For each class the first class that it is connected with by shared values of --split-by."""
    root = {entry.label: entry.label for entry in kept}

    def find(name: str) -> str:
        while root[name] != name:
            root[name] = root[root[name]]
            name = root[name]
        return name

    first: dict[str, str] = {}
    for entry in kept:
        a, b = sorted((find(entry.label), find(first.setdefault(str(entry.split_by), entry.label))))
        root[b] = a
    return {name: find(name) for name in sorted(root)}


def _refuse_divided(together: Mapping[str, str], split: Mapping[str, str], option: str) -> None:
    first: dict[str, str] = {}
    for name, group in together.items():
        other = first.setdefault(group, name)
        if split[other] != split[name]:
            raise OneshotError(
                f"--split-by {option}: '{other}' ({split[other]}) and '{name}' ({split[name]}) "
                "belong together and are in two splits.",
                "Put them into one split, or leave out --split-by.",
            )


def _rank(entry: Entry, split: Mapping[str, str]) -> int:
    return SPLITS.index(split[entry.label]) if split else 0


def _marked(kept: Sequence[Entry], options: Options) -> list[str]:
    """How many imitations, queries and gallery items there are."""
    notes = []
    forged = Counter(entry.label for entry in kept if entry.imitation)
    if forged:
        notes.append(
            f"{forged.total():,} imitations of {len(forged):,} classes (--imitations "
            f"{options.imitations}): skilled forgeries in the verification, in no other task"
        )
    roles = Counter(entry.groups.get(ROLE, "") for entry in kept)
    if set(roles) - {""}:
        both = f", {roles['']:,} items are both" if roles[""] else ""
        neither = f", {roles['neither']:,} neither" if roles["neither"] else ""
        notes.append(
            f"retrieval: {roles['query']:,} items query {roles['gallery']:,} of the gallery"
            f"{both}{neither}"
        )
    return notes


def _copies(
    kept: Sequence[Entry], identical: Sequence[Sequence[int]], split: Mapping[str, str]
) -> list[str]:
    """How many items are copies, and of what; those across splits and classes come first."""

    def place(entry: Entry) -> str:
        name = entry.name or f"row {entry.row}"
        part = f", {split[entry.label]}" if split else ""
        return f"{name} (class '{entry.label}'{part})"

    told: list[tuple[int, str]] = []
    for group in identical:
        first, *rest = sorted(group, key=lambda n: (_rank(kept[n], split), n))
        for other in rest:
            a, b = kept[first], kept[other]
            across = (
                0 if split and split[a.label] != split[b.label] else 1 if a.label != b.label else 2
            )
            told.append((across, f"  {place(b)} is identical to {place(a)}"))
    if not told:
        return []
    told.sort(key=lambda each: each[0])
    count = Counter(across for across, _ in told)
    several = "item is a copy" if len(told) == 1 else "items are copies"
    lines = [
        f"{len(told):,} {several} of another ({count[0]:,} in another split, {count[1]:,} in "
        f"another class, {count[2]:,} in the same class); tasks use each once, in the earliest "
        "split"
    ]
    lines += [text for _, text in told[:EXAMPLES]]
    if len(told) > EXAMPLES:
        lines.append(f"  and {len(told) - EXAMPLES:,} more")
    return lines


def _check_tasks(tasks: Mapping[str, Mapping[str, Any]], groups: Iterable[str]) -> None:
    known = sorted(groups)
    for suffix, task in tasks.items():
        for key in (task["within"], task["apart"]):
            if key is not None and key not in known:
                there = ", ".join(known) or "none; see --group"
                raise OneshotError(f"Tasks '{suffix}': there is no group '{key}' ({there}).")


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
