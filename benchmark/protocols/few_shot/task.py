"""The families of few-shot tasks, and the rule by which any NwKs of one is read.

A family fixes the track; "FAMILY-NwKs" is its task, "FAMILY-NwKs-dirichlet" the one whose queries
are uneven, "...@validation" the twin on the validation split.
"""

from __future__ import annotations

import re

from benchmark.tasks import own
from benchmark.tasks.family import TaskFamily
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

RANKED = tuple(f"{family.name}-{shape}" for family in FAMILIES for shape in family.ranked)
SHAPE = re.compile(
    r"(?P<family>.+)-(?P<way>[1-9][0-9]{0,5})w(?P<shot>[1-9][0-9]{0,5})s(?P<uneven>-dirichlet)?"
)


def find_family(name: str) -> TaskFamily | None:
    """The suite's family of this name, or that of a data set of the user's own."""
    return next((family for family in FAMILIES if family.name == name), None) or own.family(name)


def parse(name: str) -> Task | None:
    """The few-shot task of this name; None where the name is of another form or family.

    Raises:
        OneshotError: for ways or shots that the family cannot give.
    """
    plain = name.removesuffix(VALIDATION)
    match = SHAPE.fullmatch(plain)
    family = None if match is None else find_family(match["family"])
    if match is None or family is None:
        return None
    return family.task(name, int(match["way"]), int(match["shot"]), plain in RANKED)
