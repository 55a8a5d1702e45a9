"""Episodes: fair, disjoint, prefix-stable, and what the task says they are."""

import numpy as np
import pytest

from benchmark.tasks.episodes import draw
from benchmark.tasks.spec import Task


def task(**changes):
    facts = {
        "name": "blobs-3w2s", "version": 1, "track": "blobs", "split": "test", "n_way": 3,
        "n_shot": 2, "n_query": 5, "episodes": 200, "within": "alphabet", "apart": "drawer",
    }  # fmt: skip
    return Task(**(facts | changes))


@pytest.fixture(scope="module")
def drawn(blobs):
    return draw(task(), blobs, list(range(12)))


def test_shapes_and_types(drawn):
    assert drawn.support.shape == (200, 3, 2)
    assert drawn.queries.shape == drawn.labels.shape == (200, 15)
    assert (drawn.support.dtype, drawn.queries.dtype, drawn.labels.dtype) == ("i4", "i4", "i2")


def test_labels_name_the_position_of_the_query_s_class(drawn, blobs):
    position_class = blobs.labels[drawn.support]
    assert (position_class == position_class[:, :, :1]).all(), "one class a position"
    chosen = np.take_along_axis(position_class[:, :, 0], drawn.labels.astype(int), axis=1)
    assert np.array_equal(blobs.labels[drawn.queries], chosen)


def test_no_item_twice_in_an_episode(drawn):
    for support, queries in zip(drawn.support, drawn.queries, strict=True):
        items = [*support.ravel(), *queries]
        assert len(set(items)) == len(items)


def test_queries_are_balanced_and_in_random_order(drawn):
    for labels in drawn.labels:
        assert np.bincount(labels).tolist() == [5, 5, 5]
    assert (drawn.labels[:, 0] != 0).mean() > 0.5, "the first query is not always of class 0"


def test_an_episode_stays_inside_its_group(drawn, blobs):
    alphabet = blobs.groups["alphabet"].codes
    used = alphabet[np.concatenate([drawn.support.reshape(200, -1), drawn.queries], axis=1)]
    assert (used == used[:, :1]).all()
    assert [drawn.group_names[g] for g in drawn.groups[:5]] == [f"a{c}" for c in used[:5, 0]]


def test_support_and_queries_are_by_different_drawers(drawn, blobs):
    drawer = blobs.groups["drawer"].codes
    for support, queries in zip(drawn.support, drawn.queries, strict=True):
        assert not set(drawer[support.ravel()]) & set(drawer[queries])


def test_without_apart_a_class_draws_its_own_items(blobs):
    free = draw(task(apart=None, within=None), blobs, list(range(12)))
    drawer = blobs.groups["drawer"].codes[free.support[:, :, 0]]
    assert (drawer != drawer[:, :1]).any()
    assert free.groups is None


def test_classes_outside_the_split_are_never_drawn(blobs):
    few = draw(task(within=None), blobs, [1, 4, 6, 9])
    assert set(blobs.labels[few.items()]) == {1, 4, 6, 9}


def test_a_prefix_is_a_prefix(drawn, blobs):
    short = draw(task(episodes=20), blobs, list(range(12)))
    assert short.digest() == drawn.first(20).digest() != drawn.digest()


def test_the_draw_is_keyed_by_name_and_version(drawn, blobs):
    for changes in ({"name": "blobs-other-3w2s"}, {"version": 2}):
        other = draw(task(**changes), blobs, list(range(12)))
        assert other.digest() != drawn.digest()
    repeated = draw(task(name="else-3w2s", draws="blobs-3w2s"), blobs, list(range(12)))
    assert repeated.digest() == drawn.digest()


def test_nothing_but_the_task_moves_the_draw(drawn, blobs):
    np.random.seed(0)
    assert draw(task(), blobs, list(range(12))).digest() == drawn.digest()


def test_groups_too_small_are_left_out_and_none_left_is_refused(blobs):
    only_large = draw(task(), blobs, [0, 1, 2, 4, 5])
    assert only_large.group_names == ("a0",), "the second alphabet has two classes only"
    with pytest.raises(ValueError, match="needs 3 classes"):
        draw(task(), blobs, [0, 1, 4, 5])


def test_a_class_with_too_few_items_is_refused(blobs):
    with pytest.raises(ValueError, match="distinct"):
        draw(task(n_query=19), blobs, list(range(12)))


def test_uneven_queries_are_the_right_items_of_their_classes(blobs):
    uneven = task(name="blobs-3w2s-dirichlet", dirichlet=2, most=6, n_query=3)
    episodes = draw(uneven, blobs, list(range(12)))
    assert episodes.queries.shape == (200, 9)
    class_of = blobs.labels[episodes.support[:, :, 0]]
    asked = np.take_along_axis(class_of, episodes.labels.astype(int), axis=1)
    assert np.array_equal(blobs.labels[episodes.queries], asked)
    both = [*episodes.support.reshape(200, -1).T, *episodes.queries.T]
    assert all(len(set(items)) == 15 for items in np.stack(both, axis=1).tolist())
    drawer = blobs.groups["drawer"].codes
    for support, queries in zip(episodes.support, episodes.queries, strict=True):
        assert not set(drawer[support.ravel()]) & set(drawer[queries])
    counts = np.stack([np.bincount(labels, minlength=3) for labels in episodes.labels])
    assert counts.max() == 6 and counts.min() == 0
    assert len(np.unique(counts, axis=0)) > 15
    assert draw(uneven, blobs, list(range(12))).digest() == episodes.digest()
