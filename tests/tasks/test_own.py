"""Tasks of a user's own data: derived from what is there, refused with a reason."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.datasets import store
from benchmark.datasets.data_set import Groups, whole
from benchmark.datasets.description import Own
from benchmark.datasets.split import SPLITS
from benchmark.errors import OneshotError, Refused, UnknownName
from benchmark.tasks import load_task, task, track
from benchmark.tasks.own import looking_in, names

INSIDE = {"within": "colour", "apart": None, "queries": 2, "episodes": 50}


def put(directory, name="mine", classes=18, each=6, tasks=None, split=True, version=1):
    """Vectors of classes in two colours; a third of the classes in each split."""
    labels = np.repeat(np.arange(classes), each)
    stored = np.random.Generator(np.random.Philox(1)).normal(size=(len(labels), 5))
    groups = {"colour": Groups((labels // 3 % 2).astype(np.int32), ("red", "blue"))}
    if split:
        groups["split"] = Groups((labels % 3).astype(np.int32), SPLITS)
    data = whole(
        name, "vector", stored.astype(np.float32), labels, [f"c{c:02d}" for c in range(classes)],
        groups,
    )  # fmt: skip
    store.save(data, directory, own=Own(tasks=tasks or {}, version=version))
    return data


@pytest.fixture
def mine(tmp_path, monkeypatch):
    monkeypatch.setenv("ONESHOT_DATA", str(tmp_path))
    put(tmp_path, tasks={"inside": INSIDE})
    return tmp_path


def test_a_track_and_tasks_follow_from_the_data(mine):
    assert names() == ["mine"]
    known = track("mine")
    assert (known.family, known.channels, known.side) == ("vector", 5, 1)
    assert known.chooses == "mine-5w1s"
    found = task("mine-5w1s")
    assert (found.track, found.n_query, found.episodes, found.ranked) == ("mine", 5, 10_000, False)
    assert task("mine-6w2s@validation").n_way == 6


def test_episodes_stay_in_the_split_and_inside_the_group(mine):
    loaded = load_task("mine-inside-3w1s")
    assert loaded.episodes.support.shape == (50, 3, 1) and loaded.episodes.queries.shape == (50, 6)
    labels = loaded.data.labels[loaded.episodes.support[:, :, 0]]
    assert set(labels.ravel() % 3) == {2}, "test classes alone"
    assert ((labels // 3 % 2) == (labels // 3 % 2)[:, :1]).all(), "one colour an episode"
    assert task("mine-inside-3w1s").n_query == 2


@pytest.mark.parametrize(
    ("name", "error", "says"),
    [
        ("mine-7w1s", OneshotError, "test split has 6 classes.*mine-6w1s"),
        ("mine-5w6s", OneshotError, "a class has 6 items"),
        ("mine-inside-4w1s", OneshotError, "3 classes"),
        ("mine-outside-2w1s", UnknownName, "no task"),
        ("min-5w1s", UnknownName, "no task"),
    ],
)
def test_what_the_data_cannot_give_is_refused(mine, name, error, says):
    with pytest.raises(error, match=says):
        task(name)


def test_data_without_a_split_have_no_tasks(mine):
    put(mine, "few", classes=4, split=False)
    for find in (lambda: task("few-2w1s"), lambda: track("few")):
        with pytest.raises(Refused, match="4 classes, too few to be split"):
            find()


def test_another_directory_is_looked_into(mine, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    put(other, "yours")
    with pytest.raises(UnknownName):
        task("yours-5w1s")
    with looking_in(other):
        assert task("yours-5w1s").track == "yours" and names() == ["yours"]
        with pytest.raises(UnknownName):
            task("mine-5w1s")
    assert load_task("yours-5w1s", other).task.name == "yours-5w1s"


def test_data_that_are_replaced_are_read_anew(mine):
    assert task("mine-5w1s").version == 1
    put(mine, each=9, version=2)
    found = task("mine-5w1s")
    assert (found.version, found.n_query) == (2, 8)


def test_a_smaller_test_split_is_asked_more_narrowly(mine):
    put(mine, "narrow", classes=9)
    assert track("narrow").chooses == "narrow-3w1s"
    assert task("narrow-3w1s@validation").n_way == 3
