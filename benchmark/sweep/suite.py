"""A suite: blocks of models x tasks x seeds, read from a TOML file.

    title = "Distance and loss"

    [[block]]
    models = ["siamese-conv4-{distance}-{loss}"]   # names, or patterns over the catalogue
    distance = ["euclidean", "cosine"]             # fills {distance}; "all" for all there are
    loss = "all"
    tasks = ["omniglot-within-20w1s"]              # names, or patterns over the ranked tasks
    seeds = "0-2"                                  # default "0"
    budget = "quick"                               # the default
    episodes = 2000                                # only the first so many; default: all
    settings = { classes_from = "any" }            # default: none
    tune = "siamese-conv4-cosine-{loss}"           # take what a search for this model chose

Parts that cannot be combined are no error in a suite: they are listed with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from importlib import resources
from itertools import product
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from benchmark import toml
from benchmark.errors import OneshotError, UnknownName, first_mistake
from benchmark.evaluation.job import check_budget
from benchmark.registry import catalogue_keys, part_names
from benchmark.tasks import RANKED
from benchmark.tasks import task as find_task

PARTS = {"backbone": "backbones", "distance": "distances", "loss": "losses"}
SIGNS = "*?["
NUMBER = "[0-9]{1,9}"  # any longer one is a slip
MOST_SEEDS = 10_000
MOST_EPISODES = 10**9  # as a record can count


@dataclass(frozen=True)
class RunGrid:
    """Runs of one model that differ in tasks, seeds and folds alone; the model is not built yet.

    Attributes:
        model: what `registry.resolve` takes.
        tasks: names of tasks.
        seeds: of the trainings.
        budget: of the trainings.
        settings: laid over the model's own.
        tune: the model whose search is to be followed, or None.
        folds: only these of a track's folds; None for all.
        episodes: only the first so many of each task of episodes; None for all.
    """

    model: str
    tasks: tuple[str, ...]
    seeds: tuple[int, ...]
    budget: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    tune: str | None = None
    folds: tuple[int, ...] | None = None
    episodes: int | None = None


@dataclass(frozen=True)
class Suite:
    """All runs of a suite, block after block."""

    title: str
    grids: tuple[RunGrid, ...]


class _Block(BaseModel):
    """A block as it is written; unknown words are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)

    models: list[str] = Field(min_length=1)
    tasks: list[str] = Field(min_length=1)
    backbone: list[str] | str = []
    distance: list[str] | str = []
    loss: list[str] | str = []
    seeds: str = "0"
    budget: str = "quick"
    episodes: int | None = Field(default=None, ge=1, le=MOST_EPISODES)
    settings: dict[str, Any] = {}
    tune: str | None = None


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    title: str
    block: list[_Block] = Field(min_length=1)


def shipped() -> tuple[str, ...]:
    """Names of the suites that come with the benchmark."""
    names = (entry.name for entry in resources.files("benchmark.suites").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def load(name: str) -> Suite:
    """The suite of this name, or the one in this TOML file.

    Raises:
        UnknownName: there is no such suite, or it names a part or task that does not exist.
        OneshotError: the file cannot be read or says something else than a suite.
    """
    if name.endswith(".toml"):
        return _suite(toml.read(Path(name), f"the suite {name}"), name)
    if name in shipped():
        text = (resources.files("benchmark.suites") / f"{name}.toml").read_text(encoding="utf-8")
        return parse(text, name)
    hint = f"There are: {', '.join(shipped())}; or give a file: my_suite.toml."
    raise UnknownName("suite", name, list(shipped()), hint)


def parse(text: str, name: str) -> Suite:
    """The suite that a TOML text describes; `name` is for messages. See `load` for the errors."""
    return _suite(toml.parse(text, f"the suite {name}"), name)


def _suite(tables: dict[str, Any], name: str) -> Suite:
    try:
        file = _File.model_validate(tables)
    except ValidationError as error:
        raise OneshotError(
            f"The suite {name} is wrong at {first_mistake(error)}.",
            "What a suite may say stands at the top of benchmark/sweep/suite.py.",
        ) from error
    grids = tuple(each for block in file.block for each in _grids_of(block))
    return Suite(file.title, grids)


def _grids_of(block: _Block) -> Iterator[RunGrid]:
    tasks, seeds = tuple(tasks_of(block.tasks)), tuple(seeds_of(block.seeds))
    budget = check_budget(block.budget)
    found: dict[tuple[str, str | None], None] = {}  # a set that keeps the order
    for template in block.models:
        for filling in _fillings(block, template):
            tune = _filled(block.tune, filling) if block.tune else None
            for model in _models(_filled(template, filling)):
                found[model, tune] = None
    for model, tune in found:
        yield RunGrid(
            model, tasks, seeds, budget, block.settings, tune, episodes=block.episodes
        )  # fmt: skip


def _filled(template: str, filling: Mapping[str, str]) -> str:
    filled = re.sub(
        "|".join("{" + part + "}" for part in filling) or "(?!)",
        lambda found: filling[found[0][1:-1]],
        template,
    )
    if "{" in filled or "}" in filled:  # no str.format: a template may come from anywhere
        raise OneshotError(
            f"The model '{template}' has a blank that the block does not fill.",
            f"Blanks are {', '.join('{' + part + '}' for part in PARTS)}; give the block a list.",
        )
    return filled


def _fillings(block: _Block, template: str) -> Iterator[dict[str, str]]:
    """Every way to fill the blanks of a template."""
    names = [part for part in PARTS if "{" + part + "}" in template and getattr(block, part)]
    lists = [_part_names(part, getattr(block, part)) for part in names]
    for values in product(*lists):
        yield dict(zip(names, values, strict=True))


def _part_names(part: str, given: list[str] | str) -> Sequence[str]:
    known = part_names(PARTS[part])
    if given == "all":
        return known
    names = [given] if isinstance(given, str) else given
    for name in names:
        if name not in known and ":" not in name:
            raise UnknownName(part, name, list(known), f"Known: {', '.join(known)}.")
    return names


def _models(pattern: str) -> list[str]:
    if not any(sign in pattern for sign in SIGNS):
        return [pattern]
    keys = catalogue_keys()
    found = [key for key in keys if fnmatchcase(key, pattern)]
    if not found:
        raise UnknownName("model like", pattern, keys, "Type: oneshot list models")
    return found


def tasks_of(patterns: Sequence[str]) -> list[str]:
    """Task names that the patterns mean, in catalogue order; a plain name may be any NwKs.

    Raises:
        UnknownName: for a name or pattern that means no task.
    """
    found: list[str] = []
    for pattern in patterns:
        if any(sign in pattern for sign in SIGNS):
            matches = [name for name in RANKED if fnmatchcase(name, pattern)]
            if not matches:
                raise UnknownName("task like", pattern, list(RANKED), "Type: oneshot list tasks")
            found += matches
        else:
            found.append(find_task(pattern).name)
    return list(dict.fromkeys(found))


def seeds_of(text: str) -> list[int]:
    """Seeds from "0", "0-2" or "0,3,5-7".

    Raises:
        OneshotError: for anything else.
    """
    seeds: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not re.fullmatch(NUMBER, first) or (dash and not re.fullmatch(NUMBER, last)):
            raise OneshotError(f"'{text}' is no list of seeds.", "Type for example 0-2 or 0,3.")
        named = range(int(first), int(last or first) + 1)
        if len(seeds) + len(named) > MOST_SEEDS:  # before they are counted out
            raise OneshotError(f"'{text}' names too many seeds; expected 1 to {MOST_SEEDS:,}.")
        seeds += named
    if not seeds:
        raise OneshotError(f"'{text}' names no seeds; expected 1 to {MOST_SEEDS:,}.")
    return list(dict.fromkeys(seeds))
