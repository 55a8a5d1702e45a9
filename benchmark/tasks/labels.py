"""What statistics must know of trials and queries, from the pins alone: no data, no torch."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import OneshotError
from benchmark.protocols.catalogue import BY_NAME
from benchmark.tasks.catalogue import task as find_task
from benchmark.tasks.loading import Questions, pins
from benchmark.tasks.queries import classes_of_queries
from benchmark.tasks.spec import Task
from benchmark.tasks.trials import Labels, labels_of


def sizes_of(task: Task, questions: Questions) -> list[list[int]] | None:
    """What a pin says of sizes, as runs [how many, how large]; None for episodes."""
    sizes = BY_NAME[task.protocol].sizes(questions)
    return None if sizes is None else [[len(list(run)), size] for size, run in groupby(sizes)]


def trial_labels(name: str, trials: int, fold: int | None = None) -> Labels | None:
    """Labels of the first so many trials of a verification task; None where it is not pinned."""
    found = _pinned(name, "verification", fold)
    return None if found is None else labels_of(*found, trials)


def query_classes(name: str, queries: int) -> NDArray[np.int64] | None:
    """int64 [q]: class of each of a retrieval task's first queries; None where it is not pinned."""
    found = _pinned(name, "retrieval")
    return None if found is None else classes_of_queries(*found, queries)


def query_matches(name: str, queries: int) -> NDArray[np.int64] | None:
    """int64 [q]: how many matches each of the first queries has; None where it is not pinned."""
    found = _pinned(name, "retrieval")
    if found is None:
        return None
    matches: NDArray[np.int64] = np.asarray(found[1])[classes_of_queries(*found, queries)] - 1
    return matches


def _pinned(
    name: str, protocol: str, fold: int | None = None
) -> tuple[Task, tuple[int, ...]] | None:
    """The task and the sizes of its groups or classes."""
    try:
        task = replace(find_task(name), fold=fold)
    except OneshotError:
        return None
    pin = pins().get(task.pin)
    if task.protocol != protocol or pin is None or pin["version"] != task.version:
        return None
    return task, tuple(size for count, size in pin["sizes"] for _ in range(count))
