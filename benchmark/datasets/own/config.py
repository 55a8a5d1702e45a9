"""The optional TOML file of a data set: its splits and its tasks.

[splits]                       # lists of classes; shell patterns are allowed
train = ["a*", "b*"]           # without train and validation, data only test
validation = ["c1", "c2"]
test = ["d*"]

[tasks.inside]                 # the tasks NAME-inside-5w1s and so on
within = "parent"              # episodes inside one value of this group
apart = "drawer"               # no value of this one on both sides of an episode
queries = 5                    # a class
episodes = 1000
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from benchmark import toml
from benchmark.datasets.own.options import Options
from benchmark.datasets.own.parts import part_of
from benchmark.datasets.split import LEAST, SPLITS
from benchmark.errors import OneshotError, first_mistake

Lists = dict[str, list[str]]
"""Class names or shell patterns by split."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Splits(_Strict):
    """The table [splits]."""

    train: list[str] = Field(default_factory=list)
    validation: list[str] = Field(default_factory=list)
    test: list[str] = Field(min_length=1)


class TaskConfig(_Strict):
    """A table [tasks.SUFFIX]."""

    within: str | None = None
    apart: str | None = None
    queries: int = Field(default=15, ge=1, le=1_000)
    episodes: int = Field(default=10_000, ge=1, le=100_000)


class Config(_Strict):
    """The whole file."""

    splits: Splits | None = None
    tasks: dict[str, TaskConfig] = Field(default_factory=dict)


def read_config(path: Path) -> tuple[Lists | None, dict[str, dict[str, Any]]]:
    """(lists of classes or None, task families by suffix) of a TOML file.

    Raises:
        OneshotError: if it cannot be read or says something unknown.
    """
    try:
        config = Config.model_validate(toml.read(path, str(path)))
    except ValidationError as error:
        raise OneshotError(f"{path}: {first_mistake(error)}.") from error
    for suffix in config.tasks:
        if not re.fullmatch(r"[a-z][a-z0-9-]*", suffix):
            raise OneshotError(f"{path}: '{suffix}' cannot name tasks.", "Use letters and '-'.")
    lists = config.splits.model_dump() if config.splits else None
    return lists, {suffix: task.model_dump() for suffix, task in config.tasks.items()}


def states_splits(options: Options) -> bool:
    """Whether an option says how classes are split, whatever the data themselves say."""
    if options.split is not None or options.test_only or options.merge_parts:
        return True
    return options.config is not None and read_config(options.config)[0] is not None


def read_lists(path: Path) -> Lists:
    """Classes by split of a CSV file with the columns class,split.

    Raises:
        OneshotError: if it cannot be read, lacks a column or names another split.
    """
    from benchmark.datasets.own.table import LABELS, SPLIT_COLUMNS, open_table  # needs this module

    lists: Lists = {split: [] for split in SPLITS}
    with open_table(path) as table:
        columns = table.need(None, ("class", *LABELS)), table.need(None, SPLIT_COLUMNS)
        lines, cells = table.texts(sorted(columns))
    for line, name, text in zip(lines, *(cells[column] for column in columns), strict=True):
        if not name.strip() or not text.strip():
            raise OneshotError(f"{path}, line {line} lacks a class or a split.")
        split = part_of(text, strict=True)
        if split is None:
            raise OneshotError(f"{path}, line {line}: '{text}' is none of {', '.join(SPLITS)}.")
        lists[split].append(re.sub(r"([*?[])", r"[\1]", name.strip()))  # no patterns here
    return lists


def by_lists(
    lists: Lists, names: list[str], source: str, dropped: Iterable[str] = ()
) -> dict[str, str]:
    """Which split each class is in.

    Args:
        lists: class names or patterns by split.
        names: of the classes.
        source: the file, for messages.
        dropped: names of classes that are left out, which the lists may still name.

    Raises:
        OneshotError: for a class in two splits or in none, an entry that means no class, or a split
            of fewer than two classes.
    """
    found: dict[str, str] = {}
    known = [*names, *dropped]
    for split in SPLITS:
        for pattern in lists[split]:
            matches = [name for name in known if fnmatchcase(name, pattern)]
            if not matches:
                near = get_close_matches(pattern, known, n=1)
                guess = f"Did you mean '{near[0]}'?" if near else ""
                raise OneshotError(f"{source}: there is no class '{pattern}' for {split}.", guess)
            for name in matches:
                if found.setdefault(name, split) != split:
                    raise OneshotError(f"{source}: '{name}' is in {found[name]} and in {split}.")
    missing = [name for name in names if name not in found]
    if missing:
        raise OneshotError(
            f"{source}: {len(missing)} of {len(names)} classes are in no split, "
            f"first {', '.join(missing[:5])}."
        )
    found = {name: found[name] for name in names}
    refuse_small(found, source)
    return found


def refuse_small(split: Mapping[str, str], source: str) -> None:
    """Refuses a split of classes in which the test, or another part that is used, has fewer than 2.

    Raises:
        OneshotError: naming it.
    """
    for part in SPLITS:
        count = sum(value == part for value in split.values())
        if count < LEAST and (count or part == "test"):
            classes = "1 class" if count == 1 else "no class"
            raise OneshotError(f"{source}: {part} has {classes}, {LEAST} classes are the least.")
