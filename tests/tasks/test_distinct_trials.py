"""Trials without repetition: as many as the classes give, each pair once."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.datasets.data_set import Groups, whole
from benchmark.tasks.distinct_trials import draw_distinct, possible
from benchmark.tasks.spec import Task, TrialKind


def data_of(sizes, forged=()):
    counts = [*sizes, *forged]
    labels = np.concatenate([np.repeat(np.arange(len(sizes)), sizes),
                             np.repeat(np.arange(len(forged)), forged)]).astype(int)  # fmt: skip
    kind = np.repeat([1, 0], [sum(sizes), sum(forged)]).astype(np.int32)
    stored = np.arange(sum(counts), dtype=np.float32)[:, None]
    names = [f"c{n}" for n in range(len(sizes))]
    groups = {"kind": Groups(kind, ("forged", "genuine"))}
    return whole("own", "vector", stored, labels, names, groups)


def asked(imitations=None, **trials):
    kinds = tuple(TrialKind(name, count) for name, count in trials.items())
    return Task(
        "own-verification", 1, "own", "test", 1, 1, 1, sum(trials.values()),
        protocol="verification", kinds=kinds, imitations=imitations, distinct=True,
    )  # fmt: skip


def pairs_of(trials, kind):
    chosen = trials.labels.kinds == kind
    both = np.stack([trials.references[chosen, 0], trials.probes[chosen]], axis=1)
    return {tuple(sorted(pair)) for pair in both.tolist()}, int(chosen.sum())


@pytest.mark.parametrize("sizes", [[8] * 4, [2, 2], [1, 5, 30, 2], [3] * 40])
@pytest.mark.parametrize("share", [1.0, 0.9, 0.3, 0.01])
def test_no_pair_comes_twice_and_all_come_where_all_are_wanted(sizes, share):
    there = possible(sizes)
    counts = {name: max(1, int(share * there[name])) for name in ("genuine", "random")}
    data = data_of(sizes)
    trials = draw_distinct(asked(**counts), data, list(range(len(sizes))))
    for number, name in enumerate(counts):
        pairs, count = pairs_of(trials, number)
        assert len(pairs) == count == counts[name]
        same = [data.labels[a] == data.labels[b] for a, b in pairs]
        assert all(same) if name == "genuine" else not any(same)
    sides = data.labels[np.stack([trials.references[:, 0], trials.probes], axis=1)]
    assert np.array_equal(trials.labels.subjects, sides)
    assert 0 < (trials.references[:, 0] > trials.probes).mean() < 1 or len(trials) < 20


def test_counts_of_pairs():
    assert possible([8] * 20) == {"genuine": 560, "random": 12160, "skilled": 0}
    assert possible([2, 3, 0], [1, 0, 4]) == {"genuine": 4, "random": 6, "skilled": 2}
    with pytest.raises(ValueError, match="4 different genuine pairs"):
        draw_distinct(asked(genuine=5, random=1), data_of([2, 3]), [0, 1])


def test_large_classes_do_not_crowd_out_the_others():
    data = data_of([4] * 9 + [1000])
    trials = draw_distinct(asked(genuine=200, random=900), data, list(range(10)))
    same = np.bincount(trials.labels.subjects[trials.labels.kinds == 0, 0], minlength=10)
    assert same.tolist() == [6] * 9 + [146], "all six pairs of the small ones"
    different = trials.labels.subjects[trials.labels.kinds == 1]
    assert (different == 9).any(axis=1).mean() < 0.7


def test_skilled_trials_have_a_genuine_reference_and_an_imitation_of_it():
    data = data_of([4, 4, 4], forged=[2, 0, 3])
    task = asked("kind", genuine=18, random=48, skilled=20)
    trials = draw_distinct(task, data, [0, 1, 2])
    skilled = trials.labels.kinds == 2
    forged = data.groups["kind"].codes == 0
    assert forged[trials.probes[skilled]].all() and not forged[trials.references].any()
    assert not forged[trials.probes[~skilled]].any()
    assert (data.labels[trials.probes] == trials.labels.subjects[:, 1]).all()
    assert len(pairs_of(trials, 2)[0]) == 20


def test_items_that_are_left_out_are_in_no_trial():
    data = data_of([5, 5, 5])
    out = np.zeros(15, dtype=bool)
    out[[0, 7]] = True
    trials = draw_distinct(asked(genuine=22, random=56), data, [0, 1, 2], out)
    assert not set(trials.items().tolist()) & {0, 7}


def test_the_draw_depends_on_the_name_and_the_version_alone():
    data = data_of([9] * 12)
    draw = [draw_distinct(asked(genuine=50, random=70), data, list(range(12))) for _ in range(2)]
    assert draw[0].digest() == draw[1].digest()
    many = draw_distinct(asked(genuine=432, random=5_000), data, list(range(12)))
    assert len(many) == 5_432


def test_thousands_of_classes(monkeypatch):
    data = data_of([2] * 3_000)
    trials = draw_distinct(asked(genuine=1_000, random=2_000), data, list(range(3_000)))
    assert len(pairs_of(trials, 1)[0]) == 2_000
    assert (trials.labels.subjects[1_000:, 0] != trials.labels.subjects[1_000:, 1]).all()
