"""The optional TOML file of a data set: its splits and its tasks.

[splits]                       # lists of classes; shell patterns are allowed
train = ["a*", "b*"]
validation = ["c1", "c2"]
test = ["d*"]

[tasks.inside]                 # the tasks NAME-inside-5w1s and so on
within = "parent"              # episodes inside one value of this group
apart = "drawer"               # no value of this one on both sides of an episode
queries = 5                    # a class
episodes = 1000
"""

from __future__ import annotations

import csv
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from benchmark import toml
from benchmark.datasets.split import LEAST, SPLITS
from benchmark.errors import OneshotError, first_mistake

SPLIT_NAMES = {"train": "train", "training": "train", "val": "validation", "valid": "validation",
               "dev": "validation", "validation": "validation", "test": "test"}  # fmt: skip
Lists = dict[str, list[str]]
"""Class names or shell patterns by split."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Splits(_Strict):
    """The table [splits]."""

    train: list[str] = Field(min_length=1)
    validation: list[str] = Field(min_length=1)
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


def states_splits(split: Path | None, config: Path | None) -> bool:
    """Whether --split or the file of --config says which class is in which split."""
    return split is not None or (config is not None and read_config(config)[0] is not None)


def read_lists(path: Path) -> Lists:
    """Classes by split of a CSV file with the columns class,split.

    Raises:
        OneshotError: if it cannot be read, lacks a column or names another split.
    """
    lists: Lists = {split: [] for split in SPLITS}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number, row in enumerate(csv.DictReader(file), 2):
                if row["class"] is None or row["split"] is None:
                    raise OneshotError(f"{path}, line {number} lacks a class or a split.")
                split = {"val": "validation", "valid": "validation"}.get(row["split"], row["split"])
                if split not in lists:
                    raise OneshotError(
                        f"{path}, line {number}: '{split}' is none of {', '.join(SPLITS)}."
                    )
                lists[split].append(re.sub(r"([*?[])", r"[\1]", row["class"]))  # no patterns here
    except OSError as error:
        raise OneshotError(f"Cannot read {path}: {error.strerror}.") from error
    except (KeyError, UnicodeDecodeError, csv.Error) as error:
        raise OneshotError(f"{path} is no CSV file with the columns class,split.") from error
    return lists


def by_lists(lists: Lists, names: list[str], source: str) -> dict[str, str]:
    """Which split each class is in.

    Raises:
        OneshotError: for a class in two splits or in none, an entry that means no class, or a split
            of fewer than two classes.
    """
    found: dict[str, str] = {}
    for split in SPLITS:
        for pattern in lists[split]:
            matches = [name for name in names if fnmatchcase(name, pattern)]
            if not matches:
                raise OneshotError(f"{source}: there is no class '{pattern}' for {split}.")
            for name in matches:
                if found.setdefault(name, split) != split:
                    raise OneshotError(f"{source}: '{name}' is in {found[name]} and in {split}.")
    missing = [name for name in names if name not in found]
    if missing:
        raise OneshotError(
            f"{source}: {len(missing)} of {len(names)} classes are in no split, "
            f"first {', '.join(missing[:5])}."
        )
    for split in SPLITS:
        if sum(value == split for value in found.values()) < LEAST:
            raise OneshotError(f"{source}: {split} needs {LEAST} classes at least.")
    return found
