"""Images that are byte for byte the same never stand on both sides of an episode."""

from dataclasses import replace

import numpy as np
import pytest

from benchmark.datasets import catalogue
from benchmark.datasets.copies import later_copies
from benchmark.datasets.data_set import Groups
from benchmark.tasks import RANKED, load_task, task
from benchmark.tasks.loading import bind
from benchmark.tasks.spec import Selection, Task, Track


def with_copies(blobs):
    """Classes 0 to 3 train, 4 to 7 validate, 8 to 11 test; some items are copies of others."""
    stored = blobs.stored.copy()
    of = np.arange(len(blobs)).reshape(12, 20)
    stored[of[8, 3]] = stored[of[8, 2]]  # inside a class of the test
    stored[of[9, 5]] = stored[of[10, 7]]  # across two of them
    stored[of[11, 0]] = stored[of[1, 0]]  # of a training image
    split = Groups((blobs.labels // 4).astype(np.int32), ("train", "validation", "test"))
    return replace(
        blobs, name="own", stored=stored, groups={"split": split}, digest="copies"
    ), of  # fmt: skip


def test_a_copy_is_told_whatever_its_class_and_a_turned_one_is_none(blobs):
    data, of = with_copies(blobs)
    assert np.flatnonzero(later_copies(data)).tolist() == [of[8, 3], of[10, 7], of[11, 0]]
    assert not later_copies(blobs).any()
    turned = blobs.take(np.arange(3)).with_turns()
    assert not later_copies(turned).any()
    assert later_copies(turned.take(np.array([0, 1, 0])))[2]


def test_no_episode_of_own_data_holds_a_copy(blobs):
    data, of = with_copies(blobs)
    parts = [Selection("split", (name,)) for name in ("train", "validation", "test")]
    track = Track("own", "own", *parts, "own-3w2s", "character", 1, 16)
    asked = Task("own-3w2s", 1, "own", "test", 3, 2, 15, episodes=400)
    used = set(bind(asked, track, data).episodes.items().tolist())
    assert not used & {of[8, 3], of[10, 7], of[11, 0]}
    assert {of[8, 2], of[9, 5]} <= used, "the first of equal items stays"
    free = bind(asked, track, replace(blobs, name="own", groups=data.groups)).episodes
    assert {of[8, 3], of[10, 7], of[11, 0]} <= set(free.items().tolist())


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["omniglot", "mini-imagenet"])
def test_no_pinned_episode_shows_an_image_twice(name, real_store):
    data = catalogue.load(name, real_store)
    first = {}
    content = np.arange(len(data))
    for item in np.flatnonzero(later_copies(data) | True):
        key = data.stored[data.rows[item]].tobytes()
        content[item] = first.setdefault(hash(key), item)
    for ranked in RANKED:
        for asked in (ranked, f"{ranked}@validation"):
            loaded = load_task(asked, real_store) if _of(asked, name) else None
            if loaded is None or loaded.data.turns is not None:
                continue  # turned copies of a drawing are classes of their own
            episodes = loaded.episodes
            shown = np.concatenate(
                [episodes.support.reshape(len(episodes), -1), episodes.queries], axis=1
            )
            same = np.sort(content[shown], axis=1)
            assert (np.diff(same, axis=1) > 0).all(), asked


def _of(name, data):
    from benchmark.tasks.loading import data_name
    from benchmark.tasks.tracks import track

    found = task(name)
    return found.protocol == "episodes" and data_name(track(found.track), found.split) == data
