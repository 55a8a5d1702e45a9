"""Pinned splits of classes: by the order of a hash of their names, never by a generator.

A name's place depends on names alone, so that the same classes are split alike on every machine.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.data_set import Groups

SPLITS = ("train", "validation", "test")
FRACTIONS = (0.6, 0.2, 0.2)
LEAST = 2  # classes of a split: an episode asks about two or more


def ranked(key: str, names: Sequence[str]) -> list[str]:
    """The names by SHA-256 of "key/name": an order that means nothing."""
    return sorted(names, key=lambda name: hashlib.sha256(f"{key}/{name}".encode()).hexdigest())


def by_hash(
    key: str, names: Sequence[str], fractions: tuple[float, float, float] = FRACTIONS
) -> dict[str, str]:
    """Which split each class is in: the ranked names are cut at the fractions.

    The first go to test, the next to validation; every split has two classes at least, but none
    where its fraction is 0.

    Raises:
        ValueError: for fewer names than that.
    """
    least = [LEAST if fraction > 0 else 0 for fraction in fractions]
    if len(names) < sum(least):
        parts = sum(map(bool, least))
        raise ValueError(f"{len(names)} classes cannot be split in {parts} of {LEAST}")
    order = ranked(key, names)
    test = min(len(names) - least[0] - least[1], max(least[2], round(fractions[2] * len(names))))
    most = len(names) - least[0] - test
    validation = min(most, max(least[1], round(fractions[1] * len(names))))
    if fractions[0] == 0:  # whatever rounding leaves
        test, validation = (len(names), 0) if fractions[1] == 0 else (test, most)
    cut = test + validation
    return {
        name: "test" if place < test else "validation" if place < cut else "train"
        for place, name in enumerate(order)
    }


def by_groups(
    key: str,
    groups: Mapping[str, str],
    fractions: tuple[float, float, float] = FRACTIONS,
) -> dict[str, str]:
    """Which split each class is in, where the classes of one group stay together.

    Groups are dealt out in the order of a hash of their names, until test and then validation have
    their fractions of the classes. A group that would make a split half as large again as that is
    passed over.

    Args:
        key: of the hash.
        groups: the group of each class.
        fractions: of the classes, for training, validation and test; none where it is 0.

    Raises:
        ValueError: if the groups are too few or too unlike in size to give each split two classes.
    """
    sizes = Counter(groups.values())
    split = dict.fromkeys(ranked(key, list(sizes)), "train")
    for part in ("test", "validation"):
        fraction = fractions[SPLITS.index(part)]
        wanted, held = max(LEAST, fraction * len(groups)) if fraction > 0 else 0.0, 0
        for group in split:
            fits = held + sizes[group] <= 1.5 * wanted
            if split[group] == "train" and fits and held < wanted - 0.5:
                split[group], held = part, held + sizes[group]
        left = [group for group in split if split[group] == "train"]
        if not held and wanted and left:
            split[min(left, key=sizes.__getitem__)] = part
    if fractions[0] == 0:
        rest = "validation" if fractions[1] > 0 else "test"
        split = {group: rest if part == "train" else part for group, part in split.items()}
    found = {name: split[group] for name, group in groups.items()}
    for part, fraction in zip(SPLITS, fractions, strict=True):
        if fraction > 0 and sum(each == part for each in found.values()) < LEAST:
            raise ValueError(f"{part} gets fewer than {LEAST} of {len(groups)} classes")
    return found


def split_groups(
    split_of: dict[str, str], class_names: Sequence[str], labels: NDArray[np.integer]
) -> Groups:
    """The group "split" of items with `labels` (int [n])."""
    codes = np.array([SPLITS.index(split_of[name]) for name in class_names], dtype=np.int32)
    return Groups(codes[labels], SPLITS)
