"""Every ranked task, and the rule by which any other NwKs is read.

A family fixes the track and the protocol; "FAMILY-NwKs" is its task, "FAMILY-NwKs-dirichlet" the
one whose queries are uneven, "...@validation" the twin on the validation split. Tables rank only
the tasks listed here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from benchmark.errors import OneshotError, UnknownName
from benchmark.tasks.pairs import RANKED_PAIRS, pair_task
from benchmark.tasks.spec import VALIDATION, Task

EPISODES = 10_000
VALIDATION_EPISODES = 2_000
QUERIES = 15
DIRICHLET = 2  # concentration: Veilleux et al. 2021, section 4.1


@dataclass(frozen=True)
class TaskFamily:
    """What all tasks of one name but for ways and shots share; see `Task` for the fields.

    `per_class` is the number of items each class has at least, which bounds shots and queries;
    `draws` is the family whose episodes these tasks repeat; `validation_classes` is how many
    classes the validation split has where that is fewer than 20.
    """

    name: str
    track: str
    ranked: tuple[str, ...]
    per_class: int = 20
    within: str | None = None
    apart: str | None = None
    runs: Literal["lake"] | None = None
    draws: str | None = None
    validation_classes: int | None = None
    version: int = 1


WITHIN = ("5w1s", "5w5s", "20w1s", "20w5s")
UNEVEN = "5w1s-dirichlet"


FAMILIES: tuple[TaskFamily, ...] = (
    TaskFamily(
        "glyphs", "glyphs", ("5w1s", "5w5s", "20w1s", UNEVEN), within="alphabet",
        apart="drawer",
    ),
    TaskFamily(
        "omniglot-lake", "omniglot-background", ("20w1s",), within="alphabet", apart="drawer",
        runs="lake",
    ),
    TaskFamily(
        "omniglot-within", "omniglot-background", (*WITHIN, UNEVEN), within="alphabet",
        apart="drawer",
    ),
    *(
        family
        for track in ("omniglot-minimal1", "omniglot-minimal2", "glyphs-to-omniglot")
        for family in (
            TaskFamily(
                f"{track}-lake", track, ("20w1s",), within="alphabet", apart="drawer", runs="lake"
            ),
            TaskFamily(
                f"{track}-within", track, ("20w1s",), within="alphabet", apart="drawer",
                draws="omniglot-within",
            ),
        )
    ),
    TaskFamily("omniglot-vinyals", "omniglot-vinyals", WITHIN),
    TaskFamily(
        "mini-imagenet", "mini-imagenet", ("5w1s", "5w5s", UNEVEN), per_class=600,
        validation_classes=16,
    ),
    TaskFamily(
        "mini-imagenet-pickles", "mini-imagenet-pickles", (), per_class=600, validation_classes=16
    ),
)  # fmt: skip

RANKED: tuple[str, ...] = (
    *(f"{family.name}-{shape}" for family in FAMILIES for shape in family.ranked),
    *RANKED_PAIRS,
)


def task(name: str) -> Task:
    """The task of this name: a ranked one, any FAMILY-NwKs[-dirichlet], or either's twin.

    Raises:
        UnknownName: if no family has that name.
        OneshotError: for ways or shots that the family cannot give.
    """
    pair = pair_task(name)
    if pair is not None:
        return pair
    plain = name.removesuffix(VALIDATION)
    shape = r"(?P<family>.+)-(?P<way>[1-9]\d*)w(?P<shot>[1-9]\d*)s(?P<uneven>-dirichlet)?"
    match = re.fullmatch(shape, plain)
    family = next((f for f in FAMILIES if match and f.name == match["family"]), None)
    if match is None or family is None:
        raise UnknownName("task", name, list(RANKED), "Type: oneshot list tasks")
    n_way, n_shot = int(match["way"]), int(match["shot"])
    if n_way < 2:
        raise OneshotError(f"{name}: an episode needs at least 2 classes.")
    uneven = match["uneven"] is not None
    if family.runs == "lake" and (n_way, n_shot, uneven) != (20, 1, False):
        raise OneshotError(
            f"{name}: the official runs are 20-way 1-shot only, one query a class.",
            f"For other shapes take {family.name.removesuffix('-lake')}-within-{n_way}w{n_shot}s."
            if family.track != "omniglot-background"
            else f"For other shapes take omniglot-within-{n_way}w{n_shot}s.",
        )
    left = family.per_class - n_shot
    # Uneven episodes ask fewer, so that a class can have several times its share.
    n_query = min(QUERIES, left // 3 if uneven else left)
    if n_query < 1:
        raise OneshotError(
            f"{name}: a class has {family.per_class} items, so at most "
            f"{family.per_class - (3 if uneven else 1)} shots leave enough for queries."
        )
    found = Task(
        name=plain,
        version=family.version,
        track=family.track,
        split="test",
        n_way=n_way,
        n_shot=n_shot,
        n_query=1 if family.runs == "lake" else n_query,
        episodes=20 if family.runs == "lake" else EPISODES,
        within=family.within,
        apart=family.apart,
        runs=family.runs,
        ranked=plain in RANKED,
        draws=f"{family.draws}{plain.removeprefix(family.name)}" if family.draws else None,
        dirichlet=DIRICHLET if uneven else None,
        most=min(left, n_way * n_query) if uneven else 0,
    )
    if name.endswith(VALIDATION):
        return found.twin(VALIDATION_EPISODES, family.validation_classes)
    return found
