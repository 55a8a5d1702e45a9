"""Every ranked task, and the rule by which any other NwKs is read.

A family fixes the track and the protocol; "FAMILY-NwKs" is its task, "FAMILY-NwKs-dirichlet" the
one whose queries are uneven, "...@validation" the twin on the validation split. Tables rank only
the tasks listed here.
"""

from __future__ import annotations

import re

from benchmark.errors import UnknownName
from benchmark.tasks import own
from benchmark.tasks.family import TaskFamily
from benchmark.tasks.pairs import RANKED_PAIRS, pair_task
from benchmark.tasks.spec import VALIDATION, Task

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
    TaskFamily(
        "orl-faces", "orl-faces", ("5w1s",), per_class=10, validation_classes=8, test_classes=8
    ),
    # The language with the fewest names of its own has 40.
    TaskFamily(
        "languages", "languages", ("5w1s", "20w1s"), per_class=40, validation_classes=23,
        test_classes=40,
    ),
    TaskFamily("digits", "digits", (), per_class=170, validation_classes=2, test_classes=5),
)  # fmt: skip

RANKED: tuple[str, ...] = (
    *(f"{family.name}-{shape}" for family in FAMILIES for shape in family.ranked),
    *RANKED_PAIRS,
)


SHAPE = re.compile(
    r"(?P<family>.+)-(?P<way>[1-9][0-9]{0,5})w(?P<shot>[1-9][0-9]{0,5})s(?P<uneven>-dirichlet)?"
)


def is_own(name: str) -> bool:
    """Whether a task of this name asks about a data set of the user's own, if there is any."""
    plain = name.removesuffix(VALIDATION)
    match = SHAPE.fullmatch(plain)
    if match is not None:
        return all(family.name != match["family"] for family in FAMILIES)
    return plain not in RANKED


def task_if_known(name: str) -> Task | None:
    """The task of this name, or None where no family has it.

    Raises:
        OneshotError: for ways or shots that the family cannot give.
    """
    try:
        return task(name)
    except UnknownName:
        return None


def task(name: str) -> Task:
    """The task of this name: a ranked one, any FAMILY-NwKs[-dirichlet], or either's twin.

    A family is one of the suite's, or a data set of the user's own (`benchmark.tasks.own`).

    Raises:
        UnknownName: if no family has that name.
        OneshotError: for ways or shots that the family cannot give.
    """
    pair = pair_task(name) or own.verification(name) or own.retrieval(name)
    if pair is not None:
        return pair
    plain = name.removesuffix(VALIDATION)
    match = SHAPE.fullmatch(plain)
    family = None
    if match is not None:
        family = next((f for f in FAMILIES if f.name == match["family"]), None)
        family = family or own.family(match["family"])
    if match is None or family is None:
        raise UnknownName("task", name, list(RANKED), "Type: oneshot list tasks")
    return family.task(name, int(match["way"]), int(match["shot"]), plain in RANKED)
