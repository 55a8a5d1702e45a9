"""Defaults follow what is stored on data of the user's own, and stay pinned everywhere else."""

import dataclasses

import pytest

from baselines.episodic.prototypical import Prototypical
from baselines.siamese.network import Siamese
from benchmark.errors import OneshotError
from benchmark.evaluation.job import RunSpec, build, info_of
from benchmark.protocols import SplitSize, TrackInfo
from benchmark.records.canonical import recipe_hash
from benchmark.registry import resolve
from benchmark.tasks.tracks import TRACKS, track

NT_XENT = "siamese-conv4-cosine-nt-xent"
WRITERS = SplitSize(classes=18, items=90, per_class=5)
MANY = SplitSize(classes=500, items=40_000, per_class=60)


def info(family="character", channels=1, side=96, train=WRITERS, **more):
    return TrackInfo("mine", family, channels, side, train=train, **more)


def recipe(track, model=NT_XENT, budget="quick", **settings):
    return resolve(model, settings).build(0, track, budget).recipe


@pytest.mark.parametrize(
    ("model", "name", "recipe8"),
    [
        (NT_XENT, "glyphs", "ef569919"),
        ("prototypical-conv4", "omniglot-to-signatures", "c44ac1bf"),
        (NT_XENT, "orl-faces", "7385ad57"),
        ("prototypical-conv4", "orl-faces", "9f39bebe"),
        ("siamese-char-cnn-cosine-nt-xent", "languages", "3be9c72e"),
    ],
)
def test_recipes_of_published_records_stay(model, name, recipe8):
    assert recipe_hash(build(RunSpec(resolve(model), track(name), 0, "quick", ()))[1]) == recipe8


def test_only_tracks_without_published_records_follow_their_data():
    following = {each.name for each in TRACKS if each.size is not None}
    assert following == {"cedar", "bhsig260-bengali", "bhsig260-hindi"}
    assert info_of(track("cedar")).train == track("cedar").size
    assert recipe(info_of(track("cedar"))).input_size == 96  # scans are stored at 256


@pytest.mark.parametrize(
    ("side", "size"), [(96, 96), (84, 84), (64, 64), (32, 32), (16, 28), (512, 96)]
)
def test_characters_are_trained_at_the_size_at_which_they_are_stored(side, size):
    assert recipe(info(side=side)).input_size == size
    assert recipe(info(side=side), "prototypical-conv4").input_size == size
    assert recipe(info(side=side), input_size=40).input_size == 40  # what is set stays


@pytest.mark.parametrize(("side", "size"), [(84, 48), (48, 48), (40, 40), (512, 48)])
def test_photographs_are_not_enlarged(side, size):
    assert recipe(info("photograph", 3, side)).input_size == size
    assert recipe(info("photograph", 3, side), budget="standard").input_size <= max(size, side)


def test_larger_characters_take_fewer_items_for_about_the_same_time():
    small, large = (recipe(info(side=side, train=MANY)) for side in (28, 96))
    assert small.items == 60_000 > large.items >= 6_000
    assert large.items * 96**2 < 2.1 * small.items * 28**2
    standard = recipe(info(train=MANY), budget="standard")
    assert standard.items > large.items


def test_few_images_get_small_steps_and_hardly_any_crop():
    few, many = (recipe(info("photograph", 3, train=train)) for train in (WRITERS, MANY))
    assert (few.learning_rate, few.smallest_crop, few.items) == (0.001, 0.85, 6_000)
    assert (many.learning_rate, many.smallest_crop) == (0.004, 0.35)
    between = recipe(info("photograph", 3, train=SplitSize(100, 800, 8)))
    assert few.items < between.items <= many.items


@pytest.mark.parametrize(
    ("train", "classes", "per_class"),
    [
        (WRITERS, 18, 2),
        (SplitSize(40, 400, 10), 32, 2),
        (SplitSize(4, 400, 100), 4, 8),
        (SplitSize(10, 400, 100), 10, 4),
        (SplitSize(4, 12, 3), 4, 3),
        (SplitSize(1, 30, 30), 2, 16),  # refused when it trains: there is nothing to tell apart
    ],
)
def test_a_batch_holds_what_there_is(train, classes, per_class):
    found = recipe(info(train=train))
    assert (found.classes, found.per_class) == (classes, per_class)
    assert recipe(info(train=train), classes=7).classes == 7
    assert recipe(info(train=train), per_class=2).per_class == 2


def test_episodes_need_no_more_items_than_classes_have():
    """The large episodes of the papers, 16 items a class, do not exist in small data."""
    pinned = TrackInfo("pinned", "photograph", 3, 84)
    assert recipe(pinned, "prototypical-conv4", "standard").per_class == 16
    mine = recipe(info("photograph", 3), "prototypical-conv4", "standard")
    assert (mine.classes, mine.per_class) == (18, 5)


def test_texts_are_read_to_the_end():
    for longest, letters in [(20, 32), (60, 60), (433, 96)]:
        found = recipe(info("text", 1, longest), "siamese-char-cnn-cosine-nt-xent")
        assert found.input_size == letters
    assert recipe(TrackInfo("words", "text", 1, 60), "prototypical-char-cnn").input_size == 32


def test_adapted_networks_ask_no_more_queries_than_classes_have_items():
    found = recipe(info(), "reptile-conv4")
    assert (found.support, found.queries, found.per_class) == (1, 4, 5)
    assert recipe(info(), "reptile-conv4", queries=2).queries == 2
    assert recipe(TrackInfo("pinned", "character", 1, 28), "reptile-conv4").queries == 5


def test_few_vectors_are_not_learned_by_heart():
    vectors = {"family": "vector", "channels": 6, "side": 1}
    few = recipe(info(**vectors), "siamese-mlp-cosine-nt-xent")
    many = recipe(info(**vectors, train=MANY), "siamese-mlp-cosine-nt-xent")
    assert few.items == 6_000 < many.items == 60_000


def test_labelled_pairs_keep_their_batches():
    with_pairs = recipe(info(labelled=True), "siamese-conv4-euclidean-contrastive")
    assert (with_pairs.classes, with_pairs.per_class) == (32, 2)


@pytest.mark.parametrize("support", [1, 2, 5, 20])
def test_support_leaves_room_for_queries_and_the_ways_stay(support):
    pinned = TrackInfo("pinned", "character", 1, 28)
    found = Prototypical(0, pinned, support=support).recipe
    assert found.support == support < found.per_class
    assert (found.classes, found.per_class) == (30, support + 1)
    with pytest.raises(OneshotError, match="nothing to learn from"):
        Prototypical(0, pinned, support=support, per_class=2 if support > 1 else 1)


def test_support_and_queries_fit_into_the_classes_of_the_data():
    found = Prototypical(0, info("photograph", 3), support=4).recipe
    assert found.per_class == 5 == WRITERS.per_class
    model = Siamese(0, info())
    assert dataclasses.asdict(model.recipe)["per_class"] == 2
