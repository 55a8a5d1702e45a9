"""Labelled pairs as a graph: what is the same, what contradicts, and a split without leaks.

Items are numbers; an edge is a pair of them with its label and the line of the table it stands on.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.datasets.own.bad import TOLD
from benchmark.datasets.split import SPLITS, ranked

KEY = "own"  # not the data set's name: the same pairs are split alike under any name
OVERSHOOT = 1.5  # how much larger than its share a component may make a split
SHORT = 0.5  # a split that gets less than this part of its share of either label is too small


@dataclass(frozen=True)
class Edge:
    """Two different items, whether they are the same, and the line that says so."""

    left: int
    right: int
    same: bool
    line: int


def components(count: int, edges: Iterable[Edge]) -> list[int]:
    """For each of `count` items the smallest item that it is connected with (union-find)."""
    root = list(range(count))

    def find(item: int) -> int:
        while root[item] != item:
            root[item] = root[root[item]]
            item = root[item]
        return item

    for edge in edges:
        a, b = sorted((find(edge.left), find(edge.right)))
        root[b] = a
    return [find(item) for item in range(count)]


def contradictions(count: int, edges: Sequence[Edge]) -> list[tuple[Edge, list[int]]]:
    """Edges of "different" whose items are the same by others, with the lines of a shortest chain.

    Any of the lines may be the wrong one. Chains are looked up for the first `TOLD` alone.
    """
    same = [edge for edge in edges if edge.same]
    of = components(count, same)
    wrong = [e for e in edges if not e.same and of[e.left] == of[e.right]]
    beside: dict[int, list[Edge]] = defaultdict(list)
    for edge in same if wrong else ():
        beside[edge.left].append(edge)
        beside[edge.right].append(edge)
    return [(e, _chain(e, beside) if n < TOLD else []) for n, e in enumerate(wrong)]


def by_components(
    names: Sequence[str], edges: Sequence[Edge], fractions: tuple[float, float, float]
) -> list[str] | None:
    """The split of each item, such that no pair lies across splits; None where that cannot be.

    Whole components of the graph of all pairs are dealt out in the order of a hash, those with a
    same pair and those without apart, until a split has its share of the pairs.

    Args:
        names: of the items.
        edges: all pairs.
        fractions: of the pairs, for training, validation and test.
    """
    of = components(len(names), edges)
    weight: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for edge in edges:
        weight[of[edge.left]][edge.same] += 1
    split = dict.fromkeys(weight, "train")
    called = _called(names, of)
    for stratum in (True, False):
        members = {called[c]: c for c, counts in weight.items() if (counts[1] > 0) == stratum}
        order = [members[name] for name in ranked(KEY, list(members))]
        total = sum(sum(weight[c]) for c in order)
        for part in ("test", "validation"):
            wanted, held = fractions[SPLITS.index(part)] * total, 0
            for c in order:
                pairs = sum(weight[c])
                fits = held + pairs <= max(1.0, OVERSHOOT * wanted)
                if held < wanted and split[c] == "train" and fits:
                    split[c], held = part, held + pairs
    found = [split.get(of[item], "train") for item in range(len(names))]
    for label in (True, False):
        every = [edge for edge in edges if edge.same == label]
        for part, fraction in zip(SPLITS, fractions, strict=True):
            held = sum(found[edge.left] == part for edge in every)
            if held < max(1.0, SHORT * fraction * len(every)):
                return None
    return found


def by_classes(
    names: Sequence[str],
    edges: Sequence[Edge],
    of_class: Sequence[int],
    fractions: tuple[float, float, float],
) -> list[str]:
    """The split of each item where one component holds too much: classes are kept whole.

    Classes of two items and more are dealt out by a hash. An item that is the same as no other goes
    where most of its partners are, which loses the fewest pairs, or by the hash. What then lies
    across splits must be left out.

    Args:
        names: of the items.
        edges: all pairs.
        of_class: per item a number of its class: what is the same by the pairs.
        fractions: of the classes, for training, validation and test.
    """
    sizes, called = Counter(of_class), _called(names, of_class)
    split: dict[int, str] = {}
    several = {called[c]: c for c, size in sizes.items() if size > 1}
    single = {called[c]: c for c, size in sizes.items() if size == 1}
    for position, name in enumerate(ranked(KEY, list(several))):
        split[several[name]] = _cut(position, len(several), fractions)
    partners: dict[int, list[int]] = defaultdict(list)
    for edge in edges:
        if not edge.same:
            a, b = of_class[edge.left], of_class[edge.right]
            partners[a].append(b)
            partners[b].append(a)
    for position, name in enumerate(ranked(KEY, list(single))):
        c = single[name]
        near = [split[other] for other in partners[c] if other in split]
        most = [part for part in SPLITS if near and near.count(part) == max(map(near.count, near))]
        split[c] = most[0] if most else _cut(position, len(single), fractions)
    return [split[c] for c in of_class]


def _called(names: Sequence[str], of: Sequence[int]) -> dict[int, str]:
    """The first name in each part by the alphabet, however the table is sorted."""
    first: dict[int, str] = {}
    for name, part in zip(names, of, strict=True):
        first[part] = min(name, first.get(part, name))
    return first


def _cut(position: int, count: int, fractions: tuple[float, float, float]) -> str:
    """The first of so many go to test, the next to validation, the rest to training."""
    test = max(1, round(fractions[2] * count))
    validation = max(1, round(fractions[1] * count))
    return "test" if position < test else "validation" if position < test + validation else "train"


def _chain(edge: Edge, beside: dict[int, list[Edge]]) -> list[int]:
    """Lines of a shortest way over same pairs from one end of the edge to the other."""
    reached: dict[int, tuple[int, int]] = {edge.left: (edge.left, 0)}  # from which item, which line
    waiting = deque([edge.left])
    while edge.right not in reached:
        item = waiting.popleft()
        for step in beside[item]:
            other = step.right if step.left == item else step.left
            if other not in reached:
                reached[other] = item, step.line
                waiting.append(other)
    lines, item = [], edge.right
    while item != edge.left:
        item, line = reached[item]
        lines.append(line)
    return sorted(lines)


def positions(used: Iterable[int], count: int) -> list[int]:
    """New numbers of the `used` ones of `count` items, in their order; -1 for the others."""
    number = np.full(count, -1, dtype=np.int64)
    kept = sorted(set(used))
    number[kept] = np.arange(len(kept))
    told: list[int] = number.tolist()
    return told
