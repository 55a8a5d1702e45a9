"""The identification tasks: "FAMILY-NwKs-open" is FAMILY-NwKs with queries of unknown classes.

As in Liu, Kang, Li, Hua, Vasconcelos: Few-Shot Open-Set Recognition using Meta-Learning. CVPR 2020,
section 5: five unknown classes give as many queries each as every support class does. They are
drawn from the same split (and group) as the support classes and are none of these.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.data_set import DataSet
from benchmark.errors import OneshotError, Refused
from benchmark.protocols.few_shot.task import find_family
from benchmark.tasks.episodes import UNKNOWN, Episodes, draw
from benchmark.tasks.family import VALIDATION_EPISODES
from benchmark.tasks.spec import VALIDATION, Task

UNKNOWN_CLASSES = 5
OPEN = "-open"
SHAPE = re.compile(
    r"(?P<family>.+)-(?P<way>[1-9][0-9]{0,5})w(?P<shot>[1-9][0-9]{0,5})s" + OPEN
)  # fmt: skip
RANKED = (
    "glyphs-5w1s-open",
    "omniglot-within-5w1s-open",
    "omniglot-within-20w1s-open",
    "mini-imagenet-5w1s-open",
)


@dataclass(frozen=True)
class IdentificationTask(Task):
    """Episodes some of whose queries belong to none of the support classes.

    Attributes:
        unknown_classes: classes that give queries but no support, `n_query` of each.
    """

    unknown_classes: int = UNKNOWN_CLASSES

    @property
    def known(self) -> int:
        """Queries of an episode that belong to a support class."""
        return self.n_way * self.n_query

    @property
    def unknown(self) -> int:
        """Queries of an episode that belong to none."""
        return self.unknown_classes * self.n_query

    @property
    def queries(self) -> int:
        """Queries in one episode, of either kind."""
        return self.known + self.unknown

    @property
    def width(self) -> int:
        """Random words that one episode takes."""
        return self.drawn.width

    @property
    def drawn(self) -> Task:
        """The few-shot task whose draw this is: its last classes become the unknown ones."""
        values = {field.name: getattr(self, field.name) for field in fields(Task)}
        return Task(**values | {"n_way": self.n_way + self.unknown_classes})


def parse(name: str) -> IdentificationTask | None:
    """The identification task of this name; None where the name is of another form or family.

    Raises:
        OneshotError: for ways or shots that the family cannot give.
    """
    plain = name.removesuffix(VALIDATION)
    match = SHAPE.fullmatch(plain)
    family = None if match is None else find_family(match["family"])
    if match is None or family is None:
        return None
    if family.runs is not None:
        raise OneshotError(
            f"{name}: the official runs have no queries of unknown classes.",
            f"Type: omniglot-within-{match['way']}w{match['shot']}s{OPEN}",
        )
    n_way = int(match["way"])
    twin = plain != name
    closed = plain.removesuffix(OPEN) + VALIDATION * twin
    base = family.task(closed, n_way, int(match["shot"]), ranked=False)
    classes = family.validation_classes if twin else family.test_classes
    n_way, unknown = base.n_way, UNKNOWN_CLASSES
    if classes is not None:
        if twin:
            n_way = min(n_way, classes - 1)
        unknown = min(UNKNOWN_CLASSES, classes - n_way)
        if n_way < 2 or unknown < 1:
            least = f"{base.split} split has {classes} classes"
            raise Refused(
                f"{name}: the {least}, and at least one must be left as an unknown class.",
                f"Type: {family.name}-{classes - 1}w{match['shot']}s{OPEN}" if classes > 2 else "",
            )
    values = {field.name: getattr(base, field.name) for field in fields(Task)}
    return IdentificationTask(
        **values
        | {
            "name": name,
            "n_way": n_way,
            "ranked": plain in RANKED,
            "draws": f"{base.draws}{OPEN}" if base.draws else None,
            "protocol": "identification",
            "episodes": VALIDATION_EPISODES if twin else base.episodes,
        },
        unknown_classes=unknown,
    )


def draw_open(
    task: IdentificationTask,
    data: DataSet,
    classes: list[int],
    left_out: NDArray[np.bool_] | None = None,
) -> Episodes:
    """Draws the task's episodes; the label of a query of an unknown class is `UNKNOWN`.

    Raises:
        ValueError: where the data cannot give such episodes.
    """
    wide = draw(task.drawn, data, classes, left_out)
    labels = np.where(wide.labels < task.n_way, wide.labels, UNKNOWN)
    support = np.ascontiguousarray(wide.support[:, : task.n_way])
    return replace(wide, support=support, labels=labels.astype(np.int16))
