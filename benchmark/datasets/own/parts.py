"""Folders and cells that name a part of the data (train, val, test, query, gallery), not a class.

A folder is a part because of its name and of what lies beside it: `train` beside `test` is one,
`train` beside `bus` and `bicycle` is a class.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from benchmark.datasets.split import LEAST, SPLITS, ranked
from benchmark.errors import OneshotError

Part = Literal["train", "validation", "test", "query", "gallery"]

NAMES: dict[Part, tuple[str, ...]] = {
    "train": ("train", "training", "trn", "trainval", "learn", "learning", "background"),
    "validation": ("val", "valid", "validation", "validate", "validating", "dev", "devel",
                   "development", "vld"),
    "test": ("test", "testing", "tst", "eval", "evaluation", "evaluate", "holdout", "heldout"),
    "query": ("query", "queries", "probe", "probes"),
    "gallery": ("gallery", "galleries", "support", "enrol", "enroll", "enrolment", "enrollment"),
}  # fmt: skip
PART_OF: dict[str, Part] = {word: part for part, words in NAMES.items() for word in words}
FILLERS = {"set", "sets", "data", "dataset", "image", "images", "img", "imgs", "photo", "photos",
           "pic", "pics", "picture", "pictures", "split", "part", "fold", "folder", "dir", "files",
           "bounding", "box", "class", "classes", "the", "jpg", "jpeg", "png", "all"}  # fmt: skip
ROLE = "role"  # the group of query and gallery items
ROLES = ("query", "gallery")
KEEP_HINT = "--parts none takes the folder names as class names."


def part_of(name: str, strict: bool = False) -> Part | None:
    """The part that a folder or a cell names, or None.

    "Train", "train_images", "images-val2017", "TestSet" and "bounding_box_test" name parts. With
    `strict`, only the bare words do, and only those of the three splits; so is a cell read.
    """
    text = name.strip()
    if strict:
        part = PART_OF.get(text.lower())
        return part if part in SPLITS else None
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)  # trainSet
    text = re.sub(r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])", " ", text)  # val2017
    words = [word for word in re.split(r"[\W_]+", text.lower()) if word and not word.isdecimal()]
    joined = "".join(words)
    if joined in PART_OF:  # hold-out, train val
        return PART_OF[joined]
    for ending in ("set", "data", "images", "imgs"):  # testset
        words = [word.removesuffix(ending) or word for word in words]
    found = {PART_OF[word] for word in words if word in PART_OF}
    rest = [word for word in words if word not in PART_OF and word not in FILLERS]
    return found.pop() if len(found) == 1 and not rest else None


@dataclass(frozen=True)
class Parts:
    """What the folders of a tree mean.

    Attributes:
        classes: the class of each file: its folder without the folders that name parts.
        parts: the split of each file, or None where no folder names one.
        roles: "query", "gallery" or None of each file.
        named: how each part is written, by part.
        notes: how ambiguous folder names are interpreted.
    """

    classes: list[str]
    parts: list[Part | None]
    roles: list[str | None]
    named: dict[Part, str]
    notes: list[str]


def read_parts(places: Sequence[str], enabled: bool = True) -> Parts:
    """Which folders of these files name parts, at any depth.

    The folders beside each other decide: where all of them name parts, or two different parts are
    named by no fewer folders than are not, the names are parts. At least two different parts must
    be named in all.

    Args:
        places: paths below the root with forward slashes, file names included.
        enabled: otherwise every folder name belongs to a class name.

    Raises:
        OneshotError: if folders that name parts and others lie beside each other in such a way
            that either could be meant, or if one path names two different splits.
    """
    folders = [tuple(place.split("/")[:-1]) for place in places]
    below: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for folder, count in Counter(folders).items():
        for depth, name in enumerate(folder):
            below[folder[:depth]][name] += count
    whole: dict[tuple[str, ...], set[Part]] = {}  # folders all of whose folders name parts
    mixed: list[tuple[tuple[str, ...], list[str], list[str]]] = []
    notes: list[str] = []
    for parent, names in sorted(below.items()) if enabled else ():
        parts = {name: part for name in names if (part := part_of(name)) is not None}
        others = sorted(name for name in names if name not in parts)
        if not parts:
            continue
        if not others:
            whole[parent] = set(parts.values())
        elif len(set(parts.values())) > 1 and len(parts) >= len(others):
            mixed.append((parent, sorted(parts), others))
        else:
            notes.append(_taken_as_class(parent, sorted(parts), others))
    if mixed:
        parent, named, others = mixed[0]
        raise OneshotError(
            f"{_in(parent)}the folders {_list(named)} name parts of the data, and {_list(others)} "
            f"beside {'them' if len(named) > 1 else 'it'} {'do' if len(others) > 1 else 'does'} "
            "not.",
            f"Move {_list(others)} elsewhere, or into one of the parts. {KEEP_HINT}",
        )
    if len(set().union(*whole.values())) < 2:
        notes += [_alone(parent, sorted(below[parent])) for parent in whole]
        whole = {}
    if enabled and not whole:
        _refuse_parts_in_names(folders)
    return _interpreted(folders, whole, notes)


def _refuse_parts_in_names(folders: Sequence[tuple[str, ...]]) -> None:
    """Refuses classes such as train_cat and test_cat: they are one class in two parts.

    Raises:
        OneshotError: naming the first two.
    """
    met: dict[tuple[str, ...], dict[Part, tuple[str, ...]]] = defaultdict(dict)
    for folder in sorted(set(folders)):
        for depth, name in enumerate(folder):
            for word, rest in _first_and_last_word(name):
                part = PART_OF.get(word)
                if part in SPLITS and rest:
                    met[*folder[:depth], rest, *folder[depth + 1 :]].setdefault(part, folder)
    several = [list(found.values()) for found in met.values() if len(found) > 1]
    if several:
        first, second = ("/".join(folder) for folder in several[0][:2])
        raise OneshotError(
            f"The folders '{first}' and '{second}' are one class in two parts of the data by their "
            f"names; {len(several):,} class{'' if len(several) == 1 else 'es'} of this kind. A "
            "class that is learned from must not be tested.",
            f"Move the images into folders of the parts, such as train/CLASS and test/CLASS. "
            f"{KEEP_HINT}",
        )


def _first_and_last_word(name: str) -> list[tuple[str, str]]:
    """(word, the rest of the name) for the word before the first mark and after the last one."""
    found = []
    if match := re.fullmatch(r"([A-Za-z]+)[\s_.-]+(.+)", name):
        found.append((match[1].lower(), match[2].casefold()))
    if match := re.fullmatch(r"(.+?)[\s_.-]+([A-Za-z]+)", name):
        found.append((match[2].lower(), match[1].casefold()))
    return found


def _interpreted(
    folders: Sequence[tuple[str, ...]], whole: Mapping[tuple[str, ...], object], notes: list[str]
) -> Parts:
    known: dict[tuple[str, ...], tuple[str, Part | None, str | None]] = {}
    named: dict[Part, set[str]] = defaultdict(set)
    for folder in dict.fromkeys(folders):
        found: dict[Part, str] = {}
        rest = []
        for depth, name in enumerate(folder):
            part = part_of(name) if folder[:depth] in whole else None
            if part is None:
                rest.append(name)
            else:
                found.setdefault(part, name)
                named[part].add(name)
        role: str | None = None
        roles, splits = ([p for p in found if (p in ROLES) == inside] for inside in (True, False))
        if len(splits) > 1 or len(roles) > 1 or (roles and splits and splits != ["test"]):
            raise OneshotError(
                f"The folder '{'/'.join(folder)}' names two different parts of the data.",
                f"Let one folder of each path name its part. {KEEP_HINT}",
            )
        if roles:
            role = roles[0]
        known[folder] = ("/".join(rest), "test" if roles else splits[0] if splits else None, role)
    return Parts(
        [known[folder][0] for folder in folders],
        [known[folder][1] for folder in folders],
        [known[folder][2] for folder in folders],
        {part: "', '".join(sorted(names)) for part, names in named.items()},
        notes,
    )


def split_of_parts(
    classes: Iterable[str], parts: Iterable[str | None], merge: bool = False
) -> tuple[dict[str, str] | None, list[str]]:
    """The split of each class by the parts that its items are in, and how it came about.

    Args:
        classes: the class of each item.
        parts: "train", "validation", "test" or None of each item.
        merge: ignore the parts: a class may be in several, and all classes are split anew.

    Returns:
        None where nothing names a part, or where the parts are merged.

    Raises:
        OneshotError: if a class is in two parts, or some items are in none; naming a class.
    """
    held: dict[str, dict[str | None, None]] = {}
    for name, part in dict.fromkeys(zip(classes, parts, strict=True)):
        held.setdefault(name, {})[part] = None
    every = {part for found in held.values() for part in found}
    if every <= {None}:
        return None, []
    several = sorted(name for name, found in held.items() if len(found) > 1)
    where = ", ".join(part for part in SPLITS if part in every)
    if merge:
        return None, [
            f"the parts {where} are merged: {len(several):,} of {len(held):,} classes were in "
            "several; classes are split as if there were no parts"
        ]
    if several:
        first = several[0]
        both = " and in ".join(str(p or "none") for p in (*SPLITS, None) if p in held[first])
        count = (
            "1 class is" if len(several) == 1 else f"{len(several):,} of {len(held):,} classes are"
        )
        raise OneshotError(
            f"The class '{first}' is in {both}; {count} in more than one part. A class that is "
            "learned from must not be tested.",
            "Add --merge-parts to make one class of both and to split the classes anew, add one "
            "of the parts alone, or move classes so that each is in one part.",
        )
    lone = sorted(name for name, found in held.items() if None in found)
    if lone:
        raise OneshotError(
            f"The class '{lone[0]}' is in none of the parts {where}; {len(lone):,} of "
            f"{len(held):,} classes are in none.",
            f"Move them into a part, or add --merge-parts to split all classes anew. {KEEP_HINT}",
        )
    split = {name: str(next(iter(found))) for name, found in held.items()}
    counts = Counter(split.values())
    told = ", ".join(f"{part} {counts[part]:,}" for part in SPLITS if part in counts)
    notes = [f"the parts of the data are the split (classes: {told})"]
    return split, notes + _differ_by_case(split)


def _differ_by_case(split: Mapping[str, str]) -> list[str]:
    first: dict[str, str] = {}
    for name in sorted(split):
        other = first.setdefault(name.casefold(), name)
        if other != name and split[other] != split[name]:
            return [
                f"the classes '{other}' ({split[other]}) and '{name}' ({split[name]}) differ by "
                "case alone; give them one name if they are one class"
            ]
    return []


def completed(
    split: Mapping[str, str], fractions: tuple[float, float, float]
) -> tuple[dict[str, str], list[str]]:
    """A stated split with what it lacks: a test, and a validation split for what is trained.

    Classes of training become validation by a hash of their names where there is no validation
    split; where there is no test split, the validation split is the test.

    Args:
        split: of each class.
        fractions: of the classes for training, validation and test; the first two say how many of
            the training classes validate.

    Raises:
        OneshotError: if there is neither a test nor a validation split.
    """
    found, notes = dict(split), []
    if "test" not in found.values():
        if "validation" not in found.values():
            raise OneshotError(
                "All classes are for training; there is nothing to test.",
                "Add --merge-parts to split them by --fractions, or --test-only to test all.",
            )
        found = {n: "test" if part == "validation" else part for n, part in found.items()}
        notes.append("there is no test part: the validation part is the test")
    learned = [name for name, part in found.items() if part == "train"]
    if learned and "validation" not in found.values():
        share = fractions[1] / max(1e-9, fractions[0] + fractions[1])
        if len(learned) < 2 * LEAST or not share:
            notes.append("there is no validation part: models that are trained are refused")
            return found, notes
        count = min(max(LEAST, round(share * len(learned))), len(learned) - LEAST)
        found |= dict.fromkeys(ranked("own", learned)[:count], "validation")
        notes.append(
            f"there is no validation part: {count:,} of {len(learned):,} classes of the training "
            "part are taken for it, by a hash of their names"
        )
    return found, notes


def _taken_as_class(parent: tuple[str, ...], named: list[str], others: list[str]) -> str:
    several = len(named) > 1
    return (
        f"{_in(parent)}{_list(named)} {'are classes' if several else 'is a class'} like "
        f"{_list(others)} beside {'them' if several else 'it'}, not "
        f"{'parts' if several else 'a part'} of the data"
    )


def _alone(parent: tuple[str, ...], names: list[str]) -> str:
    return (
        f"{_in(parent)}the folder {_list(names)} names the only part: it says nothing about the "
        "split and belongs to the class names"
    )


def _in(parent: tuple[str, ...]) -> str:
    return f"in '{'/'.join(parent)}', " if parent else ""


def _list(names: Sequence[str]) -> str:
    told = ", ".join(f"'{name}'" for name in names[:4])
    return told + (f" and {len(names) - 4:,} more" if len(names) > 4 else "")
