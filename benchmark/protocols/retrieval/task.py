"""The retrieval tasks: every item of a split queries all others.

"TRACK-retrieval" is the task, "TRACK-retrieval@validation" its twin.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmark.tasks import own
from benchmark.tasks.spec import VALIDATION, Task


@dataclass(frozen=True)
class RetrievalFamily:
    """A retrieval task; `queries` and `validation_queries` are the items that have a match."""

    name: str
    track: str
    queries: int
    validation_queries: int
    version: int = 1


RETRIEVAL: tuple[RetrievalFamily, ...] = (
    RetrievalFamily("glyphs-retrieval", "glyphs", 8_300, 4_940),
    RetrievalFamily("omniglot-retrieval", "omniglot-background", 13_180, 3_440),
    RetrievalFamily("mini-imagenet-retrieval", "mini-imagenet", 12_000, 9_600),
)

RANKED = tuple(family.name for family in RETRIEVAL)


def parse(name: str) -> Task | None:
    """The retrieval task of this name, of the suite or of a user's own data; None without."""
    plain = name.removesuffix(VALIDATION)
    for family in RETRIEVAL:
        if family.name == plain:
            return _retrieval(family, plain != name)
    return own.retrieval(name)


def _retrieval(family: RetrievalFamily, twin: bool) -> Task:
    found = Task(
        name=family.name,
        version=family.version,
        track=family.track,
        split="test",
        n_way=1,
        n_shot=1,
        n_query=1,
        episodes=family.queries,
        ranked=True,
        protocol="retrieval",
    )
    return found.twin(family.validation_queries) if twin else found
