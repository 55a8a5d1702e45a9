"""What all tasks of one name but for ways and shots share, and how one of them is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from benchmark.errors import OneshotError, Refused
from benchmark.tasks.spec import VALIDATION, Task

EPISODES = 10_000
VALIDATION_EPISODES = 2_000
QUERIES = 15
DIRICHLET = 2  # concentration: Veilleux et al. 2021, section 4.1
UNEVEN = "-dirichlet"


@dataclass(frozen=True)
class TaskFamily:
    """What all tasks of one name but for ways and shots share; see `Task` for the fields.

    `per_class` is the number of items each class has at least, which bounds shots and queries;
    `draws` is the family whose episodes these tasks repeat; `validation_classes` is how many
    classes the validation split has where that is fewer than 20, `test_classes` how many the test
    split has, for a reason in words; `queries` a class are fewer where the items do not suffice;
    `wider` says in an error's hint how to test more classes.
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
    test_classes: int | None = None
    queries: int = QUERIES
    episodes: int = EPISODES
    version: int = 1
    wider: str = ""

    def task(self, name: str, n_way: int, n_shot: int, ranked: bool) -> Task:
        """The task `name` of this shape, "...-dirichlet", "...@validation" for the twin, or both.

        Raises:
            OneshotError: for ways or shots that the family cannot give.
        """
        if n_way < 2:
            raise OneshotError(f"{name}: an episode needs at least 2 classes.")
        if self.test_classes is not None and n_way > self.test_classes:
            raise OneshotError(
                f"{name}: the test split has {self.test_classes} classes to ask about.",
                f"Type: {self.name}-{self.test_classes}w{n_shot}s{self.wider}",
            )
        if name.endswith(VALIDATION) and self.validation_classes == 0:
            raise Refused(f"The data set '{self.track}' has no validation split.")
        plain = name.removesuffix(VALIDATION)
        uneven = plain.endswith(UNEVEN)
        if self.runs == "lake" and (n_way, n_shot, uneven) != (20, 1, False):
            raise OneshotError(
                f"{name}: the official runs are 20-way 1-shot only, one query a class.",
                f"For other shapes take {self.name.removesuffix('-lake')}-within-{n_way}w{n_shot}s."
                if self.track != "omniglot-background"
                else f"For other shapes take omniglot-within-{n_way}w{n_shot}s.",
            )
        left = self.per_class - n_shot
        # Uneven episodes ask fewer, so that a class can have several times its share.
        n_query = min(self.queries, left // 3 if uneven else left)
        if n_query < 1:
            raise OneshotError(
                f"{name}: a class has {self.per_class} items, so at most "
                f"{self.per_class - (3 if uneven else 1)} shots leave enough for queries."
            )
        found = Task(
            name=plain,
            version=self.version,
            track=self.track,
            split="test",
            n_way=n_way,
            n_shot=n_shot,
            n_query=1 if self.runs == "lake" else n_query,
            episodes=20 if self.runs == "lake" else self.episodes,
            within=self.within,
            apart=self.apart,
            runs=self.runs,
            ranked=ranked,
            draws=f"{self.draws}{plain.removeprefix(self.name)}" if self.draws else None,
            dirichlet=DIRICHLET if uneven else None,
            most=min(left, n_way * n_query) if uneven else 0,
        )
        if name.endswith(VALIDATION):
            return found.twin(VALIDATION_EPISODES, self.validation_classes)
        return found
