"""Which questions a person is asked: single queries of pinned one-shot episodes, with drawings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets import glyphs
from benchmark.records.canonical import digest
from benchmark.report.play.drawings import pack
from benchmark.tasks.catalogue import task as find_task
from benchmark.tasks.episodes import Episodes, draw
from benchmark.tasks.loading import LoadedTask
from benchmark.tasks.tracks import classes_of
from benchmark.tasks.tracks import track as find_track

GLYPHS, LAKE = "glyphs-20w1s", "omniglot-lake-20w1s"
TRIALS = 20  # on glyphs: a test of two minutes


@dataclass(frozen=True)
class HumanTest:
    """Questions in the order in which they are asked.

    Attributes:
        task: the task whose pinned episodes they are of.
        side: of each drawing, in pixels.
        drawings: each different drawing once, as `drawings.pack` gives it.
        supports: of each episode the drawings of its classes, as positions in `drawings`.
        trials: (position in `supports`, position of the query in `drawings`, position of the right
            answer among the classes).
    """

    task: str
    side: int
    drawings: tuple[str, ...]
    supports: tuple[tuple[int, ...], ...]
    trials: tuple[tuple[int, int, int], ...]

    @property
    def digest(self) -> str:
        """By which a browser knows the test again, 12 hex digits."""
        return digest([self.task, self.drawings, self.supports, self.trials])[:12]


@cache
def on_glyphs() -> HumanTest:
    """The first query of each of the first 20 episodes of `glyphs-20w1s`, from the shipped data.

    Every question is an episode of its own, as independent of the others as episodes are.

    Raises:
        OneshotError: if the shipped data are damaged.
    """
    (data, drawings), task = glyphs.load_undrawn(), replace(find_task(GLYPHS), episodes=TRIALS)
    # Each episode is drawn on its own, so the first 20 are those of the whole task.
    episodes = draw(task, data, classes_of(data, find_track(task.track).test))
    asked = ((episode, 0) for episode in range(TRIALS))
    return _test(GLYPHS, data.side, drawings, episodes, asked)


def on_lake(loaded: LoadedTask) -> HumanTest:
    """All 400 questions of Lake's runs: the first of every run, then the second of every run ...

    Whoever stops early has so been asked about all alphabets; and as each class of a run is the
    answer once, that nobody can count on it needs the run's questions to lie far apart.
    """
    episodes = loaded.episodes
    assert isinstance(episodes, Episodes)
    runs, queries = episodes.queries.shape
    asked = ((run, query) for query in range(queries) for run in range(runs))
    drawings = lambda items: loaded.data.take(items).images()  # noqa: E731
    return _test(loaded.task.name, loaded.data.side, drawings, episodes, asked)


def _test(
    task: str,
    side: int,
    drawings: Callable[[NDArray[np.int64]], NDArray[np.uint8]],
    episodes: Episodes,
    asked: Iterable[tuple[int, int]],
) -> HumanTest:
    """The test of these (episode, query) pairs of one-shot episodes."""
    pairs = list(asked)
    support = episodes.support[:, :, 0]  # (e, n_way)
    queries = [int(episodes.queries[pair]) for pair in pairs]
    items = np.unique(np.concatenate([support.ravel(), queries]))
    place = {int(item): number for number, item in enumerate(items)}
    return HumanTest(
        task,
        side,
        pack(drawings(items)[:, 0]),
        tuple(tuple(place[int(item)] for item in row) for row in support),
        tuple(
            (pair[0], place[query], int(episodes.labels[pair]))
            for pair, query in zip(pairs, queries, strict=True)
        ),
    )
