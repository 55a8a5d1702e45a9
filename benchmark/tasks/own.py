"""Tracks and tasks of a user's own data sets, derived from what the data directory says of them.

The data set NAME is the track NAME; its tasks are NAME-NwKs, NAME-SUFFIX-NwKs for each further
family that its TOML file states, NAME-verification and NAME-retrieval. Of labelled pairs there is
the verification alone, whose trials they are. Their version is that of the data set, see `prepare`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.catalogue import KNOWN
from benchmark.datasets.data_set import Family, Groups, Pairs
from benchmark.datasets.description import (
    DESCRIPTION,
    folder_of,
    pairs_of,
    read_description,
)
from benchmark.datasets.own.scale import StoredScale, stored_scale
from benchmark.datasets.split import SPLITS
from benchmark.datasets.store import data_directory, present
from benchmark.errors import OneshotError, Refused
from benchmark.protocols import SplitSize
from benchmark.tasks.distinct_trials import possible
from benchmark.tasks.family import TaskFamily
from benchmark.tasks.queries import ROLE, roles_of
from benchmark.tasks.spec import VALIDATION, Selection, Split, Task, Track, TrialKind
from benchmark.tasks.trials import FORGED

WAYS = 5  # of the task that chooses, where the data allow it
TRIALS = 2_000  # of each kind, for data sets that earlier versions added
ASKED = "-verification"
SEARCHED = "-retrieval"
IMITATIONS = "kind"  # the group of genuine and forged items
KINDS: tuple[Literal["genuine", "random", "skilled"], ...] = ("genuine", "random", "skilled")

DIRECTORY: ContextVar[Path | None] = ContextVar("DIRECTORY", default=None)
"""The data directory whose data sets names mean; None for the usual one."""


@contextmanager
def looking_in(directory: Path | None) -> Iterator[None]:
    """Lets names mean the data sets of this directory."""
    token = DIRECTORY.set(directory)
    try:
        yield
    finally:
        DIRECTORY.reset(token)


@dataclass(frozen=True)
class Told:
    """What tasks need to know of a data set that has been added.

    Attributes:
        counts: items of each class, without copies and imitations.
        forged: imitations of each class without copies, or None.
        queries: items of each class that query a retrieval and have a match.
        split: int [classes], the split of each class, or None where there is none.
        class_groups: int [classes] by group, -1 where a class spreads over several.
        group_values: how many values each group has.
        tasks: further families by suffix.
        trials: of each kind of a verification at most; None where they are drawn with repetition.
        pairs: how many pairs labelled same and different each split has; None where there are none.
        lists: the names of the lists they stand in.
        folds: of people that a list of pairs tests one by one; 1 where it is one test, 0 where the
            pairs are labelled without any classes.
        of_folds: pairs of one person and of two of each fold.
        fit: how images became square, None where they are none.
        scale: of images of floats or of more than 8 bits.
    """

    name: str
    family: Family
    channels: int
    side: int
    counts: NDArray[np.int64]
    split: NDArray[np.int64] | None
    class_groups: dict[str, NDArray[np.int64]]
    group_values: dict[str, int]
    tasks: dict[str, dict[str, Any]]
    version: int
    pairs: dict[str, tuple[int, int]] | None = None
    lists: tuple[str, ...] = ()
    folds: int = 0
    of_folds: tuple[tuple[int, int], ...] = ()
    fit: str | None = None
    scale: StoredScale | None = None
    forged: NDArray[np.int64] | None = None
    queries: NDArray[np.int64] | None = None
    trials: int | None = None

    def of_split(self, counts: NDArray[np.int64], split: str) -> list[int]:
        """The counts of the classes of this split."""
        assert self.split is not None
        found: list[int] = counts[self.split == SPLITS.index(split)].tolist()
        return found


def names() -> list[str]:
    """Names of the user's own data sets that are there, sorted."""
    return [name for name in present(data_directory(DIRECTORY.get())) if name not in KNOWN]


def track(name: str) -> Track | None:
    """The track of the data set `name`, or None if it is not there.

    Raises:
        Refused: the data set has too few classes to be split.
        OneshotError: its description is damaged.
    """
    told = _told(name)
    if told is None:
        return None
    if told.folds > 1:
        return _of_people(told)
    sizes = _split_sizes(told)
    chooses = f"{name}-{min(WAYS, sizes['test'])}w1s"
    if told.pairs is not None or told.forged is not None:
        chooses = name + ASKED
    part = {split: Selection("split", (split,) if sizes[split] else ()) for split in SPLITS}
    return Track(
        name, name, part["train"], part["validation"], part["test"], chooses,
        told.family, told.channels, told.side,
        labelled=told.pairs is not None and not told.folds,
        listed=told.lists[0] if told.folds else None,
        size=_training_size(told),
        imitations=None if told.forged is None else IMITATIONS,
    )  # fmt: skip


def scale_of(name: str) -> StoredScale | None:
    """The scale that deep images of the data set `name` were stored by; None without any."""
    told = _told(name)
    return None if told is None else told.scale


def fit_of(name: str) -> str | None:
    """How the images of the data set `name` became square; None if it is no set of own images."""
    told = _told(name)
    return None if told is None else told.fit


def _training_size(told: Told) -> SplitSize | None:
    """What the training split holds; None where no class of it has two items."""
    if told.split is None:
        return None
    return _size_of(told.counts[told.split == SPLITS.index("train")])


def _size_of(counts: NDArray[np.int64]) -> SplitSize | None:
    counts = np.sort(counts[counts >= 2])
    if not len(counts):
        return None
    return SplitSize(len(counts), int(counts.sum()), int(counts[len(counts) // 10]))


def verification(name: str) -> Task | None:
    """The task NAME-verification of a data set NAME, or its validation twin; else None.

    Labelled pairs are its trials themselves. Of classes, different pairs are drawn: of one, of two,
    and of one and its imitations.

    Raises:
        Refused: the data set has too few classes to be split.
        OneshotError: its description is damaged.
    """
    plain = name.removesuffix(VALIDATION)
    told = _told(plain.removesuffix(ASKED)) if plain.endswith(ASKED) else None
    if told is None:
        return None
    split: Split = "test" if plain == name else "validation"
    if told.folds < 2:
        _refuse_absent(told, split)
    kinds: tuple[TrialKind, ...]
    if told.pairs is not None:
        pairs = told.of_folds[int(split == "validation")] if told.of_folds else told.pairs[split]
        same, different = pairs
        kinds = TrialKind("genuine", same), TrialKind("labelled", different)
    elif told.trials is None:
        kinds = TrialKind("genuine", TRIALS), TrialKind("random", TRIALS)
    else:
        genuine = told.of_split(told.counts, split)
        forged = [] if told.forged is None else told.of_split(told.forged, split)
        there = possible(genuine, forged)
        kinds = tuple(
            TrialKind(kind, min(told.trials, there[kind])) for kind in KINDS if there[kind]
        )
    return Task(
        name=name,
        version=told.version,
        track=told.name,
        split=split,
        n_way=1,
        n_shot=1,
        n_query=1,
        episodes=sum(kind.trials for kind in kinds),
        protocol="verification",
        kinds=kinds,
        listed=told.lists[0] if told.lists else None,
        imitations=None if told.forged is None else IMITATIONS,
        distinct=told.pairs is None and told.trials is not None,
        folds=max(1, told.folds),
        of_folds=told.of_folds,
    )


def retrieval(name: str) -> Task | None:
    """The task NAME-retrieval of a data set NAME with classes, or its validation twin; else None.

    Raises:
        Refused: the data set has labelled pairs, too few classes, or no query with a match.
        OneshotError: its description is damaged.
    """
    plain = name.removesuffix(VALIDATION)
    told = _told(plain.removesuffix(SEARCHED)) if plain.endswith(SEARCHED) else None
    if told is None:
        return None
    _refuse_pairs(told)
    split: Split = "test" if plain == name else "validation"
    _refuse_absent(told, split)
    assert told.queries is not None
    queries = sum(told.of_split(told.queries, split))
    if not queries:
        raise Refused(f"{name}: no query of the {split} split has a match in the gallery.")
    return Task(
        name=name, version=told.version, track=told.name, split=split, n_way=1, n_shot=1,
        n_query=1, episodes=queries, protocol="retrieval",
        imitations=None if told.forged is None else IMITATIONS, distinct=True,
    )  # fmt: skip


def family(name: str) -> TaskFamily | None:
    """The task family NAME or NAME-SUFFIX of a data set NAME, or None if none is there.

    Raises:
        Refused: the data set has too few classes to be split.
        OneshotError: its description is damaged.
    """
    told, stated = _told(name), None
    if told is None:
        for cut in (place for place, letter in enumerate(name) if letter == "-"):
            told = _told(name[:cut])
            stated = None if told is None else told.tasks.get(name[cut + 1 :])
            if stated is not None:
                break
    if told is None or (stated is None and told.name != name):
        return None
    _refuse_pairs(told)
    task = stated or {"within": None, "apart": None, "queries": 15, "episodes": 10_000}
    sizes, assigned = _split_sizes(told), told.split
    assert assigned is not None  # or the sizes were refused
    asked = assigned != SPLITS.index("train")
    per_class = int(told.counts[asked].min())
    if task["apart"] is not None:
        per_class = min(per_class, told.group_values[task["apart"]])
    if task["within"] is not None:
        groups = told.class_groups[task["within"]]
        for split in ("validation", "test"):
            if not sizes[split]:
                continue
            inside = groups[(assigned == SPLITS.index(split)) & (groups >= 0)]
            sizes[split] = int(np.bincount(inside, minlength=1).max()) if len(inside) else 0
            if sizes[split] < 2:
                raise Refused(
                    f"{name}: no '{task['within']}' has two classes in the {split} split.",
                    f"Look at: oneshot data describe {told.name}",
                )
    return TaskFamily(
        name, told.name, (), per_class=per_class, within=task["within"], apart=task["apart"],
        validation_classes=sizes["validation"], test_classes=sizes["test"],
        queries=task["queries"], episodes=task["episodes"], version=told.version,
        wider="" if sizes["test"] == len(told.counts) else (
            ", or add the data again with --test-only, which tests all "
            f"{len(told.counts)} classes, or with other --fractions"
        ),
    )  # fmt: skip


def described(name: str) -> list[str]:
    """The tasks of a data set, a line each, and what to type for others."""
    told = _told(name)
    if told is None or (told.split is None and told.folds < 2):
        return []
    if told.pairs is not None:
        return [_line(verification(name + ASKED))]
    sizes, lines = _split_sizes(told), []
    for each in (name, *(f"{name}-{suffix}" for suffix in told.tasks)):
        try:
            found = family(each)
        except Refused as refusal:
            lines.append(str(refusal))
            continue
        assert found is not None
        most = found.test_classes or 2
        usual = list(dict.fromkeys(min(n, most) for n in (WAYS, 20)))
        names = " and ".join(f"{each}-{n}w1s" for n in usual)
        lines.append(
            f"{names} (any NwKs of 2 to {most:,} ways and 1 to {found.per_class - 1:,} shots)"
        )
    lines.append(_line(verification(name + ASKED)))
    try:
        lines.append(_line(retrieval(name + SEARCHED)))
    except Refused as refusal:
        lines.append(str(refusal))
    if not sizes["train"] or not sizes["validation"]:
        lacking = " and ".join(s for s in SPLITS[:2] if not sizes[s])
        lines.append(f"without {lacking}: models that are trained are refused")
    elif sizes["test"] < WAYS:
        lines.append(
            f"{sizes['test']} of {len(told.counts)} classes are tested; --test-only tests all of "
            "them, --fractions 0.4,0.2,0.4 more of them"
        )
    return lines


def _line(task: Task | None) -> str:
    assert task is not None
    if task.protocol == "retrieval":
        return f"{task.name} ({task.episodes:,} queries)"
    kinds = {"labelled": "different", "random": "different", "skilled": "skilled forgeries"}
    told = ", ".join(f"{k.trials:,} {kinds.get(k.name, k.name)}" for k in task.kinds)
    return f"{task.name} ({told})"


def _refuse_pairs(told: Told) -> None:
    if told.pairs is not None:
        raise Refused(
            f"The data set '{told.name}' holds labelled pairs, no classes to make episodes of.",
            f"Type: --task {told.name}{ASKED}",
        )


def _refuse_absent(told: Told, split: Split) -> None:
    if not _split_sizes(told)[split]:
        raise Refused(f"The data set '{told.name}' has no {split} split.")


def _split_sizes(told: Told) -> dict[str, int]:
    """Classes of each split."""
    if told.split is None:
        raise Refused(
            f"The data set '{told.name}' has {len(told.counts)} classes, too few to be split into "
            "training, validation and test.",
            "Six classes are the least. To test all classes, which trains nothing, add it again: "
            f"oneshot data add {told.name} PATH --kind KIND --test-only",
        )
    sizes = np.bincount(told.split, minlength=len(SPLITS))
    return {split: int(size) for split, size in zip(SPLITS, sizes, strict=True)}


def _told(name: str) -> Told | None:
    directory = data_directory(DIRECTORY.get())
    if name in KNOWN:
        return None
    try:
        path = folder_of(name, directory) / DESCRIPTION
        status = path.stat()
    except (OneshotError, OSError):
        return None
    return _read(name, directory, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=64)
def _read(name: str, directory: Path, written: int, size: int) -> Told:
    """What the description says; read once for as long as its file does not change."""
    description = read_description(name, directory)
    labels = np.asarray(description["labels"], dtype=np.int64)
    count = len(description["class_names"])
    class_groups = {
        key: _of_classes(np.asarray(group["codes"], dtype=np.int64), labels, count)
        for key, group in description["groups"].items()
    }
    split = description["groups"].get("split")
    if split and tuple(split["names"]) == SPLITS and class_groups["split"].min() < 0:
        raise OneshotError(
            f"The data set '{name}' has a class in two splits.", "Add it again: oneshot data add"
        )
    own = description.get("own") or {"tasks": {}, "version": 1}
    used = np.ones(len(labels), dtype=bool)
    used[own.get("copies", [])] = False
    forged = np.zeros(len(labels), dtype=bool)
    if own.get("imitations") is not None:
        group = description["groups"][own["imitations"]]
        forged = np.asarray(group["codes"]) == group["names"].index(FORGED)
    counts = np.bincount(labels[used & ~forged], minlength=count)
    shape, kind = description["shape"], description["family"]
    pairs = pairs_of(description)
    of_split: dict[str, tuple[int, int]] | None = {} if own.get("folds", 0) > 1 else None
    if pairs is not None and split is not None:
        place, same = np.asarray(split["codes"])[pairs.left], pairs.same
        of_split = {
            part: (int((same & (place == n)).sum()), int((~same & (place == n)).sum()))
            for n, part in enumerate(SPLITS)
        }
    return Told(
        name=name,
        family=kind,
        channels=1 if kind == "text" else shape[1],
        side=_side(kind, shape, description["dtype"]),
        counts=counts,
        split=class_groups["split"] if split and tuple(split["names"]) == SPLITS else None,
        class_groups=class_groups,
        group_values={key: len(group["names"]) for key, group in description["groups"].items()},
        tasks=own["tasks"],
        version=own["version"],
        pairs=of_split,
        lists=pairs.names if pairs is not None else (),
        folds=own.get("folds", 0),
        of_folds=_of_folds(description, pairs, own.get("folds", 0)),
        fit=own.get("fit", "pad") if kind in ("character", "photograph") else None,
        scale=stored_scale(own.get("scale")),
        forged=np.bincount(labels[used & forged], minlength=count) if forged.any() else None,
        queries=_queries(
            description["groups"].get(ROLE),
            labels,
            used & ~forged,
            counts,
            class_groups.get("split"),
        ),
        trials=own.get("trials"),
    )


def _side(kind: Family, shape: list[int], dtype: str) -> int:
    """Pixels of an image's side, letters of the longest text; a vector counts as one pixel."""
    if kind == "text":
        return int(dtype.partition("U")[2])
    return 1 if kind == "vector" else shape[2]


def _of_people(told: Told) -> Track:
    """The track of a list of people's pairs in several folds, the first of them tested."""
    names = [str(fold) for fold in range(told.folds)]
    fold = told.class_groups["fold"]
    return Track(
        told.name, told.name, Selection("fold", tuple(sorted(names[2:]))),
        Selection("fold", ("1",)), Selection("fold", ("0",)), told.name + ASKED,
        told.family, told.channels, told.side, folds=told.folds, listed=told.lists[0],
        size=_size_of(told.counts[fold >= 2]),
    )  # fmt: skip


def _of_folds(
    description: dict[str, Any], pairs: Pairs | None, folds: int
) -> tuple[tuple[int, int], ...]:
    if pairs is None or folds < 2:
        return ()
    of = np.asarray(description["groups"]["fold"]["codes"])[pairs.left]
    return tuple(
        (int((pairs.same & (of == fold)).sum()), int((~pairs.same & (of == fold)).sum()))
        for fold in range(folds)
    )


def _queries(
    group: dict[str, Any] | None,
    labels: NDArray[np.int64],
    used: NDArray[np.bool_],
    counts: NDArray[np.int64],
    split: NDArray[np.int64] | None,
) -> NDArray[np.int64]:
    """Of each class the items that query and have a match; marks count for the test alone."""
    every: NDArray[np.int64] = np.where(counts > 1, counts, 0)
    if group is None or split is None:
        return every
    roles = Groups(np.asarray(group["codes"], dtype=np.int32), tuple(group["names"]))
    asks, found = roles_of(roles)
    matches = np.bincount(labels[used & found], minlength=len(counts))[labels] - found
    marked = np.bincount(labels[used & asks & (matches > 0)], minlength=len(counts))
    return np.where(split == SPLITS.index("test"), marked, every)


def _of_classes(
    codes: NDArray[np.int64], labels: NDArray[np.int64], count: int
) -> NDArray[np.int64]:
    first = np.full(count, -1, dtype=np.int64)
    first[labels[::-1]] = codes[::-1]
    first[np.unique(labels[codes != first[labels]])] = -1
    return first
