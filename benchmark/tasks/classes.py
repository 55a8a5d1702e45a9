"""Which classes each episode asks about, without the data: for tasks whose episodes share them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.tasks.catalogue import task as find_task
from benchmark.tasks.draw import distinct, heads
from benchmark.tasks.loading import pins
from benchmark.tasks.tracks import track as find_track

TURNS = 4
# Test classes of tracks whose episodes mix them freely, turns of one character counted once.
TEST_CLASSES = {
    "omniglot-vinyals": 423,
    "mini-imagenet": 20,
    "mini-imagenet-pickles": 20,
    "orl-faces": 8,  # people of fold 0
    "languages": 40,
}


def episode_classes(name: str, episodes: int) -> NDArray[np.int64] | None:
    """int64 [episodes, n_way]: the test classes of each episode, in the data set's order from 0.

    A character and its quarter turns are one class here: they are no independent examples of a
    new one. None for tasks whose episodes stay inside a group, and for those that are not pinned.
    """
    task = find_task(name).drawn
    count = TEST_CLASSES.get(task.track)
    if task.within is not None or task.split != "test" or count is None or name not in pins():
        return None
    turns = TURNS if find_track(task.track).turns else 1
    random = heads(task.key, episodes, task.width, 1 + 2 * task.n_way)[:, 1:]
    return distinct(random, count * turns, task.n_way) // turns
