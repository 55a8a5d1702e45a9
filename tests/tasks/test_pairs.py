"""Trials and queries: balanced, apart, told without data, the same for a prefix."""

import dataclasses

import numpy as np
import pytest

from benchmark.datasets.data_set import Groups, whole
from benchmark.errors import Refused
from benchmark.protocols.verification.task import validation_pairs
from benchmark.tasks import load_task, task
from benchmark.tasks.labels import query_classes, query_matches, sizes_of, trial_labels
from benchmark.tasks.loading import bind, pins
from benchmark.tasks.queries import classes_of_queries, draw_queries
from benchmark.tasks.spec import Selection, Task, Track, TrialKind
from benchmark.tasks.tracks import track as find_track
from benchmark.tasks.trials import draw_trials, labels_of, share


def make(kinds=("genuine", "within", "across"), trials=300, **changes):
    facts = {
        "name": "blobs-verification", "version": 1, "track": "blobs", "split": "test", "n_way": 1,
        "n_shot": 1, "n_query": 1, "episodes": trials * len(kinds), "within": "alphabet",
        "apart": "drawer", "protocol": "verification",
        "kinds": tuple(TrialKind(kind, trials) for kind in kinds),
    } | changes  # fmt: skip
    return Task(**facts)


CLASSES = list(range(12))


@pytest.mark.parametrize("references", [1, 3])
def test_each_kind_is_what_its_name_says(blobs, references):
    trials = draw_trials(make(n_shot=references), blobs, CLASSES)
    left, right = blobs.labels[trials.references], blobs.labels[trials.probes]
    alphabet, drawer = blobs.groups["alphabet"].codes, blobs.groups["drawer"].codes
    genuine, within, across = (trials.labels.kinds == n for n in range(3))
    assert (left == left[:, :1]).all(), "references are of one class"
    left = left[:, 0]
    assert (left[genuine] == right[genuine]).all() and trials.labels.same[genuine].all()
    assert (left[within] != right[within]).all() and not trials.labels.same[~genuine].any()
    sides = alphabet[trials.references[:, 0]], alphabet[trials.probes]
    assert (sides[0][within] == sides[1][within]).all()
    assert (sides[0][across] != sides[1][across]).all()
    assert (drawer[trials.references] != drawer[trials.probes][:, None]).all()
    assert set(left[genuine]) == set(CLASSES)
    everyone = np.sort(np.c_[drawer[trials.references], drawer[trials.probes]], axis=1)
    assert (np.diff(everyone, axis=1) > 0).all(), "no drawer twice in a trial"


def test_labels_need_no_data(blobs):
    wanted = make()
    trials = draw_trials(wanted, blobs, CLASSES)
    told = labels_of(wanted, (4, 4, 4))
    for name in ("same", "kinds", "subjects"):
        assert np.array_equal(getattr(told, name), getattr(trials.labels, name))
    assert np.array_equal(told.subjects[:, 1], blobs.labels[trials.probes])
    assert sizes_of(wanted, trials) == [[3, 4]]


def test_a_prefix_holds_every_kind_and_is_a_prefix_of_each(blobs):
    wanted = make()
    trials, few = draw_trials(wanted, blobs, CLASSES), draw_trials(make(trials=20), blobs, CLASSES)
    assert trials.first(60).digest() == few.digest()
    told = labels_of(wanted, (4, 4, 4), 60)
    assert np.array_equal(told.subjects, trials.first(60).labels.subjects)
    assert share((10, 10, 10), 8) == (3, 3, 2) and sum(share((7, 5), 11)) == 11
    assert share((3, 9_000, 4), 100) == (1, 98, 1), "no kind is missing from a prefix"
    with pytest.raises(ValueError, match="cannot hold"):
        share((5, 5), 1)


def test_people_and_imitations():
    """What faces (random impostors) and signatures (imitations by others) need."""
    labels = np.repeat(np.arange(5), 8)
    forged = np.tile([0, 0, 0, 0, 0, 1, 1, 1], 5).astype(np.int32)
    images = np.arange(40, dtype=np.uint8).reshape(40, 1, 1, 1)
    kind = Groups(forged, ("genuine", "forged"))
    data = whole("signs", "character", images, labels, tuple("abcde"), {"kind": kind})
    wanted = make(("genuine", "random", "skilled"), within=None, apart=None, imitations="kind",
                  n_shot=2)  # fmt: skip
    trials = draw_trials(wanted, data, CLASSES[:5])
    genuine, random, skilled = (trials.labels.kinds == n for n in range(3))
    assert (forged[trials.references] == 0).all() and (forged[trials.probes][~skilled] == 0).all()
    assert (forged[trials.probes][skilled] == 1).all()
    owner, probe = labels[trials.references[:, 0]], labels[trials.probes]
    assert (owner[skilled] == probe[skilled]).all() and (owner[random] != probe[random]).all()
    assert (trials.references[genuine] != trials.probes[genuine][:, None]).all()
    assert (trials.references[:, 0] != trials.references[:, 1]).all()
    with pytest.raises(ValueError, match="skilled"):
        draw_trials(wanted, data.take(np.flatnonzero((forged == 0) | (labels > 0))), CLASSES[:5])


def test_every_item_with_a_match_queries_once_in_pinned_order(blobs):
    wanted = task("glyphs-retrieval")
    some = blobs.take(np.r_[0, 20:240])  # the first class keeps one item
    queries = draw_queries(wanted, some, CLASSES)
    assert sorted(queries.queries) == list(range(1, 221)) and len(queries.gallery) == 221
    assert list(queries.queries) != sorted(queries.queries)
    sizes = tuple(int(size) for size in queries.sizes)
    told = classes_of_queries(wanted, sizes, 50)
    assert np.array_equal(told, some.labels[queries.gallery[queries.queries[:50]]])
    assert queries.first(50).digest() != queries.digest()
    with pytest.raises(ValueError, match="two items"):
        draw_queries(wanted, blobs.take(np.arange(0, 240, 20)), CLASSES)


def test_pinned_tasks_are_told_without_data():
    labels = trial_labels("omniglot-verification", 30_000)
    assert np.bincount(labels.kinds).tolist() == [10_000] * 3
    assert labels.same.sum() == 10_000 and labels.subjects.max() < 659
    classes = query_classes("mini-imagenet-retrieval", 12_000)
    assert np.bincount(classes).tolist() == [600] * 20
    assert (query_matches("omniglot-retrieval", 100) == 19).all()
    assert trial_labels("glyphs-5w1s", 5) is None and query_classes("mine-retrieval", 5) is None


@pytest.mark.parametrize("name", ["glyphs-verification", "glyphs-retrieval"])
def test_glyph_pairs_are_the_pinned_ones(name):
    for twin in (name, f"{name}@validation"):
        assert load_task(twin).episodes.digest() == pins()[twin]["episode_digest"]


def test_a_track_without_a_verification_is_calibrated_on_drawn_pairs(blobs):
    splits = (Selection("split", (name,)) for name in ("train", "validation", "test"))
    track = Track("blobs", "blobs", *splits, "blobs-2w1s", "character", 1, 16)
    task, home = validation_pairs(track, find_track)
    assert home is track and task.name == "blobs-pairs@validation"
    pairs = bind(task, track, blobs).episodes
    labels = blobs.labels[np.column_stack([pairs.references[:, 0], pairs.probes])]
    assert len(pairs) == 4_000 and pairs.labels.same.sum() == 2_000
    assert np.array_equal(labels[:, 0] == labels[:, 1], pairs.labels.same)
    assert (pairs.references[:, 0] != pairs.probes).all()
    split = blobs.groups["split"]
    assert set(split.codes[pairs.items()]) == {split.names.index("validation")}
    assert bind(task, track, blobs).episodes.digest() == pairs.digest()  # a fixed draw


def test_the_same_validation_split_is_asked_the_same_trials():
    own = validation_pairs(find_track("glyphs"), find_track)
    assert own[0].name == "glyphs-verification@validation"
    assert validation_pairs(find_track("glyphs-to-omniglot"), find_track) == own
    turned = validation_pairs(find_track("omniglot-vinyals"), find_track)[0]
    assert turned.name == "omniglot-vinyals-pairs@validation"
    none = dataclasses.replace(find_track("glyphs"), validation=Selection("alphabet", ()))
    with pytest.raises(Refused, match="no validation split"):
        validation_pairs(none, find_track)
