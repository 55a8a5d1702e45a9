"""How many different pairs the trials of a verification hold."""

import numpy as np
import pytest

from benchmark.tasks.catalogue import task
from benchmark.tasks.loading import load_task, pins
from benchmark.tasks.trials import Labels, Trials


def trials(references, probes, same):
    same = np.array(same)
    kinds = np.where(same, 0, 1).astype(np.int8)
    labels = Labels(same, kinds, ("genuine", "random"), np.zeros((len(same), 2), dtype=np.int32))
    return Trials(
        np.array(references, dtype=np.int32)[:, None], np.array(probes, dtype=np.int32), labels,
        ("all",), (2,), (int(same.sum()), int((~same).sum())),
    )  # fmt: skip


def test_a_pair_counts_once_whichever_side_its_items_are_on():
    made = trials([0, 1, 0, 2, 4, 4], [1, 0, 1, 3, 5, 6], [True, True, True, True, False, False])
    assert made.distinct_pairs() == {"genuine": 2, "random": 2}
    assert made.first(2).distinct_pairs() == {"genuine": 1, "random": 1}


@pytest.mark.parametrize("name", ["glyphs-verification", "glyphs-verification@validation"])
def test_the_pinned_numbers_are_those_of_the_pinned_trials(name):
    found = load_task(name).episodes.distinct_pairs()
    assert pins()[name]["distinct"] == found
    assert all(0 < found[kind.name] <= kind.trials for kind in task(name).kinds)


@pytest.mark.realdata
@pytest.mark.parametrize("fold", [0, 4])
def test_those_of_real_data_too(real_store, fold):
    loaded = load_task("orl-faces-verification", real_store, fold)
    found = loaded.episodes.distinct_pairs()
    assert pins()[loaded.task.pin]["distinct"] == found
    assert found["genuine"] <= 8 * 45, "ten images of each of eight people"


def test_every_pinned_verification_with_known_trials_says_so():
    named = [name for name, pin in pins().items() if "distinct" in pin]
    assert {"omniglot-verification", "nfi-signatures-verification"} <= set(named)
    for name in named:
        pin = pins()[name]
        assert sum(pin["distinct"].values()) <= pin["episodes"]
