"""The 20 official one-shot runs of Lake et al. (2015), as episodes on the Omniglot data set."""

from __future__ import annotations

import numpy as np

from benchmark.datasets.data_set import DataSet
from benchmark.tasks.episodes import Episodes
from benchmark.tasks.lake_runs import LAKE_RUNS


def lake_episodes(omniglot: DataSet) -> Episodes:
    """Run r as episode r - 1: 20 support drawings of one drawer, 20 queries of another.

    Classes and queries stand in upstream's order (class01.., item01..), which is a random one.
    """
    number = {name: c for c, name in enumerate(omniglot.class_names)}
    drawer_names = omniglot.groups["drawer"].names
    codes = omniglot.groups["drawer"].codes
    item = {
        (int(label), drawer_names[int(code)]): i
        for i, (label, code) in enumerate(zip(omniglot.labels, codes, strict=True))
    }
    alphabets = tuple(sorted({run.alphabet for run in LAKE_RUNS}))
    support, queries, labels, groups = [], [], [], []
    for run in LAKE_RUNS:
        classes = [number[f"{run.alphabet}/character{c:02d}"] for c in run.characters]
        support.append([[item[c, f"{run.training_drawer:02d}"]] for c in classes])
        queries.append([item[classes[p], f"{run.test_drawer:02d}"] for p in run.answers])
        labels.append(run.answers)
        groups.append(alphabets.index(run.alphabet))
    return Episodes(
        np.array(support, dtype=np.int32),
        np.array(queries, dtype=np.int32),
        np.array(labels, dtype=np.int16),
        np.array(groups, dtype=np.int16),
        alphabets,
    )
