"""Which classes an episode asks about is known without the data, and right."""

import numpy as np
import pytest

from benchmark.tasks import RANKED, task
from benchmark.tasks.classes import TEST_CLASSES, episode_classes
from benchmark.tasks.loading import episode_groups, load_task


@pytest.mark.realdata
@pytest.mark.parametrize(
    "name",
    [
        "omniglot-vinyals-5w1s",
        "omniglot-vinyals-20w5s",
        "mini-imagenet-5w1s",
        "orl-faces-5w1s",
        "languages-20w1s",
    ],
)
def test_they_are_those_of_the_drawn_episodes(name, real_store):
    loaded = load_task(name, real_store)
    labels = loaded.data.labels[loaded.episodes.support[:, :, 0]]
    position = np.searchsorted(np.unique(labels), labels)  # of 10,000 episodes: every class occurs
    turns = 4 if "vinyals" in name else 1
    assert len(loaded.classes) == TEST_CLASSES[loaded.task.track]
    assert (position // turns == episode_classes(name, len(loaded.episodes))).all()


def test_a_prefix_is_a_prefix_and_every_class_comes_up():
    classes = episode_classes("mini-imagenet-5w1s", 500)
    assert classes.shape == (500, 5) and set(classes.ravel()) == set(range(20))
    assert all(len(set(row)) == 5 for row in classes)
    assert (episode_classes("mini-imagenet-5w1s", 40) == classes[:40]).all()


@pytest.mark.parametrize(
    "name", ["omniglot-within-20w1s", "mini-imagenet-5w1s@validation", "mini-imagenet-7w1s"]
)
def test_none_where_episodes_stay_in_a_group_or_are_not_pinned(name):
    assert episode_classes(name, 10) is None


@pytest.mark.parametrize("name", [name for name in RANKED if task(name).protocol == "episodes"])
def test_every_ranked_task_names_the_unit_of_new_classes(name):
    """Without one, intervals and p values would be over episodes, thousands of them."""
    groups, classes = episode_groups(name, 10), episode_classes(name, 10)
    assert (groups is None) != (classes is None)
