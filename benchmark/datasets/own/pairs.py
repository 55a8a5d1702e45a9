"""Your own labelled pairs: a table input1,input2,label of image files, texts or vectors.

A class is what the pairs labelled "same" connect; pairs labelled "different" stay what they are.
Both are kept: those of the training split to learn from, the others as the trials of the
verification task. No item is in two splits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.data_set import Groups, Pairs, whole
from benchmark.datasets.own import people_pairs
from benchmark.datasets.own.bad import TOLD, Bad, printable
from benchmark.datasets.own.finish import clean, gather
from benchmark.datasets.own.graph import (
    Edge,
    by_classes,
    by_components,
    components,
    contradictions,
    positions,
)
from benchmark.datasets.own.options import Added, Options
from benchmark.datasets.own.pair_items import Items, read_items
from benchmark.datasets.own.parts import part_of
from benchmark.datasets.own.reading import Reading
from benchmark.datasets.own.table import find_split, open_table, report_columns, split_of_rows
from benchmark.datasets.split import SPLITS, split_groups
from benchmark.datasets.store import Progress
from benchmark.errors import OneshotError, Refused

CONNECTED = "connected"
LISTED = "labelled"  # the name of the list, and of its pairs that are different
FIRST = ("input1", "first", "image1", "text1", "question1", "sentence1", "left", "a")
SECOND = ("input2", "second", "image2", "text2", "question2", "sentence2", "right", "b")
LABELS = ("label", "same", "is_same", "is_duplicate", "target", "y")
SAME = {"1", "1.0", "same", "true", "yes", "genuine", "match", "positive", "t", "y"}
DIFFERENT = {"0", "0.0", "-1", "different", "false", "no", "impostor", "forged", "negative", "f",
             "n"}  # fmt: skip
NOT_FOR_PAIRS = ("group", "least", "split", "config", "path", "split_by", "parts", "merge_parts",
                 "imitations", "trials")  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A line of the table as it is written."""

    line: int
    first: str
    second: str
    label: str
    split: str | None


def read(path: Path, options: Options, scratch: Path, progress: Progress | None) -> Added:
    """The pairs with their items, split so that no item is in two splits.

    A list of people's pairs as LFW writes it is read by `people_pairs`.

    Raises:
        Refused: an option that is about classes.
        OneshotError: if the table lacks a column; for bad lines that are not to be left out; or if
            a split would lack one of the two labels.
    """
    if (people := people_pairs.file_of(path)) is not None:
        return people_pairs.read(people, options, scratch, progress)
    for name in NOT_FOR_PAIRS:
        if getattr(options, name) != getattr(Options(), name):
            raise Refused(
                f"--{name.replace('_', '-')} is about classes, which labelled pairs have none of.",
                "The splits of pairs can be named line by line, in a column 'split'.",
            )
    if progress:
        progress("reading pairs", 0, 1)
    reading = Reading()
    rows = _rows(path, options, reading)
    cells = [row.first for row in rows] + [row.second for row in rows]
    items = read_items(cells, path, options, scratch, progress, reading)
    bad = Bad()
    lines = _Lines(rows, items, bad)
    edges, notes = lines.edges, [*items.notes, *lines.notes()]
    for edge, chain in contradictions(len(items.names), edges):
        by = f"line{'s' if len(chain) > 1 else ''} {', '.join(map(str, chain))}"
        why = f" ({by})" if chain else ""
        bad.add(
            f"line {edge.line}",
            f"says that {_short(items, edge.left)} and {_short(items, edge.right)} are different, "
            f"but others make them the same{why}",
        )
    notes += bad.settle(options.on_bad)
    wrong = {name for name, _ in bad.items}
    edges = [edge for edge in edges if f"line {edge.line}" not in wrong]
    if not edges:
        raise OneshotError(f"{path} has no good pair.", "See --on-bad and --label.")
    split, more = _split(items.names, edges, lines.named, options)
    notes += more
    stated = options.test_only or lines.named is not None
    added = _finish(items, edges, split, set(split) | {"test"} if stated else set(SPLITS))
    if progress:
        progress("reading pairs", 1, 1)
    return Added(added.data_set, {}, (*notes, *added.notes), reading)


def _rows(path: Path, options: Options, reading: Reading) -> list[Row]:
    with open_table(path) as table:
        roles: dict[str, int | None] = {
            "first": table.need(None, FIRST),
            "second": table.need(None, SECOND),
            "label": table.need(options.label, LABELS, "--label"),
        }
        chosen = [c for c in roles.values() if c is not None]
        if len(set(chosen)) < len(chosen):
            raise OneshotError(f"{path}: one column cannot be two of both items and the label.")
        maybe_split = find_split(table, set(chosen))
        lines, cells = table.texts(sorted({*chosen, *maybe_split}))
    split, _ = split_of_rows(table, maybe_split, cells)
    if split is None and maybe_split and table.names[maybe_split[0]].strip().lower() == "split":
        split = maybe_split[0]  # whose cells are then named as no splits
    roles["split"] = split
    report_columns(reading, table, roles, {})
    first, second, label = (cells[c] for c in chosen)
    splits: Sequence[str | None] = [None] * len(lines) if split is None else cells[split]
    columns = zip(lines, first, second, label, splits, strict=True)
    rows = [Row(*cells) for cells in columns if any(cells[1:4])]
    if not rows:
        raise OneshotError(f"{path} holds no pairs.")
    return rows


class _Lines:
    """The table read line by line: its good pairs, each once, and what to tell of the others.

    Items that hold the same are one item, named by the earlier.

    Attributes:
        edges: the good pairs.
        named: the split of each item where the lines name it, else None.
    """

    def __init__(self, rows: list[Row], items: Items, bad: Bad) -> None:
        self.items, self.bad = items, bad
        self.edges: list[Edge] = []
        self.named: dict[int, str] | None = None if rows[0].split is None else {}
        self._copies = items.copies()
        self._told: dict[int, str] = {}
        self._seen: dict[tuple[int, int], Edge] = {}
        self._repeated = 0
        for number, row in enumerate(rows):
            pair = items.of_cell[number], items.of_cell[number + len(rows)]
            reasons = self._unreadable(row, pair)
            if reasons:
                bad.add(f"line {row.line}", "; ".join(reasons))
            else:
                self._take(row, pair)

    def notes(self) -> list[str]:
        """What to tell of copies and repeated lines."""
        lines = list(self._told.values())
        more = len(lines) - TOLD
        lines = lines[:TOLD] + ([f"and {more:,} more copies"] if more > 0 else [])
        if self._repeated:
            several = "line repeats" if self._repeated == 1 else "lines repeat"
            lines.append(f"{self._repeated:,} {several} an earlier pair: it counts once")
        return lines

    def _unreadable(self, row: Row, pair: tuple[int, int]) -> list[str]:
        """What is wrong with the line's own cells."""
        items = self.items
        reasons = [f"{_short(items, i)} {items.bad[i]}" for i in pair if i in items.bad]
        if _label(row) is None:
            reasons.append(f"has the label '{row.label}', expected 1 or 0, same or different")
        if self.named is not None and _split_name(row.split) is None:
            reasons.append(f"has the split '{row.split}', expected one of {', '.join(SPLITS)}")
        return reasons

    def _take(self, row: Row, pair: tuple[int, int]) -> None:
        """Keeps the pair, or says what speaks against it."""
        items, here = self.items, f"line {row.line}"
        for item in pair:
            if item in self._copies:
                first = _short(items, self._copies[item])
                text = f"{here}: {_short(items, item)} holds the same as {first}; taken as one item"
                self._told.setdefault(item, text)
        left, right = sorted(self._copies.get(item, item) for item in pair)
        edge = Edge(left, right, bool(_label(row)), row.line)
        before = self._seen.setdefault((left, right), edge)
        split, named = _split_name(row.split) or "", self.named or {}
        elsewhere = [item for item in (left, right) if named.get(item, split) != split]
        if left == right:
            self.bad.add(here, f"compares {_short(items, left)} with itself")
        elif before.same != edge.same:
            why = f"contradicts line {before.line}: the same pair with the other label"
            self.bad.add(here, why)
        elif elsewhere:
            first = f"{_short(items, elsewhere[0])} is in {named[elsewhere[0]]}"
            self.bad.add(here, f"{first} by an earlier line and in {split} by this one")
        elif before is not edge:
            self._repeated += 1
        else:
            self.edges.append(edge)
            if self.named is not None:
                self.named |= {left: split, right: split}


def _split(
    names: list[str], edges: list[Edge], named: dict[int, str] | None, options: Options
) -> tuple[list[str], list[str]]:
    """The split of each item, and what to tell of how it came about."""
    if options.test_only:
        return ["test"] * len(names), ["all pairs are tested: nothing is trained or calibrated"]
    if named is not None:
        return [named.get(item, "train") for item in range(len(names))], []
    found = by_components(names, edges, options.fractions)
    if found is not None:
        return found, ["split by connected items: every pair lies inside one split"]
    of_class = components(len(names), [edge for edge in edges if edge.same])
    found = by_classes(names, edges, of_class, options.fractions)
    lost = [edge.line for edge in edges if found[edge.left] != found[edge.right]]
    different = sum(not edge.same for edge in edges)
    lines = ", ".join(map(str, lost[:TOLD])) + (", ..." if len(lost) > TOLD else "")
    return found, [
        "the pairs hang together too much to be split whole: split by what is the same; "
        f"{len(lost):,} of {different:,} different pairs lie across splits and are left out: "
        f"line{'' if len(lost) == 1 else 's'} {lines}",
        "to keep them, name the splits in a column 'split' and draw different pairs inside them",
    ]


def _finish(items: Items, edges: list[Edge], split: list[str], parts: set[str]) -> Added:
    """The data set of the pairs that lie inside one split, and of their items alone.

    `parts` are the splits that must hold pairs.
    """
    kept = [edge for edge in edges if split[edge.left] == split[edge.right]]
    _refuse_one_sided(kept, split, parts)
    new = positions([i for edge in kept for i in (edge.left, edge.right)], len(items.names))
    rows = np.array([item for item, number in enumerate(new) if number >= 0], dtype=np.int64)
    of_class = components(len(items.names), [edge for edge in kept if edge.same])
    roots = sorted({of_class[item] for item in rows.tolist()})
    number = {root: code for code, root in enumerate(roots)}
    labels = np.array([number[of_class[item]] for item in rows.tolist()], dtype=np.int64)
    class_names = [_class_name(items, root) for root in roots]
    in_split = {name: split[root] for name, root in zip(class_names, roots, strict=True)}
    order = np.array([[new[e.left], new[e.right]] for e in kept], dtype=np.int64)
    same = np.array([edge.same for edge in kept])
    pairs = Pairs(order[:, 0], order[:, 1], same, np.zeros(len(kept), np.int8), (LISTED,))
    groups = {
        "split": split_groups(in_split, class_names, labels),
        CONNECTED: _connected(len(items.names), kept, rows),
    }
    stored: NDArray[np.generic] = gather(items.stored, rows)
    data_set = whole("own", items.family, stored, labels, class_names, groups, pairs=pairs)
    counts = []
    for part in SPLITS:
        inside = [edge for edge in kept if split[edge.left] == part]
        held = sum(edge.same for edge in inside)
        counts.append(f"{part}: {held:,} pairs the same, {len(inside) - held:,} different")
    return Added(data_set, {}, tuple(counts))


def _connected(count: int, kept: list[Edge], rows: NDArray[np.int64]) -> Groups:
    """Which component of all pairs each item is in.

    Batches that come group by group then show together what somebody took care to tell apart.
    """
    every = np.array(components(count, kept))[rows]
    roots, codes = np.unique(every, return_inverse=True)
    return Groups(codes.astype(np.int32), tuple(f"{n:07d}" for n in roots.tolist()))


def _refuse_one_sided(kept: list[Edge], split: list[str], parts: set[str]) -> None:
    """These splits must hold pairs of either label: to learn from, to calibrate on, to test."""
    for part in [part for part in SPLITS if part in parts]:
        for label in (True, False):
            if not any(e.same == label and split[e.left] == part for e in kept):
                raise OneshotError(
                    f"No pair labelled {'same' if label else 'different'} is in the split "
                    f"'{part}'.",
                    "Give more pairs, other --fractions, or a column 'split' with train, "
                    "validation or test on every line.",
                )


def _label(row: Row) -> bool | None:
    """Whether the line says "same", or None where it says neither."""
    text = row.label.strip().lower()
    return True if text in SAME else False if text in DIFFERENT else None


def _split_name(text: str | None) -> str | None:
    return part_of(text or "", strict=True)


def _class_name(items: Items, item: int) -> str:
    """Unique and printable: the item's own name where it is short, with its number elsewhere."""
    name = clean(items.names[item]) or ""
    return name if items.family in ("photograph", "character") else f"{item:07d} {name[:40]}"


def _short(items: Items, item: int) -> str:
    """An item's name as it stands in messages."""
    name = printable(items.names[item])
    return f"'{name if len(name) <= 60 else name[:57] + '...'}'"
