"""Recipes: defaults by track, settings by name, and what is said of wrong ones."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from baselines.episodic.prototypical import Prototypical
from baselines.fixed.pixels import Pixels
from baselines.siamese.network import Siamese
from benchmark.errors import OneshotError, Refused, UnknownName
from benchmark.protocols import TrackInfo


def test_recipes_are_json(track: TrackInfo) -> None:
    recipe = asdict(Siamese(0, track).recipe)
    assert json.loads(json.dumps(recipe)) == recipe
    assert recipe["backbone"] == "conv4" and recipe["threads"] == 2 and recipe["budget"] == "quick"


def test_defaults_follow_the_track(track: TrackInfo, photographs: TrackInfo) -> None:
    characters, pictures = Siamese(0, track).recipe, Siamese(0, photographs).recipe
    assert (characters.input_size, characters.channels, characters.embedding) == (28, 1, 64)
    assert (pictures.input_size, pictures.channels, pictures.embedding) == (48, 3, 576)
    longer = Siamese(0, photographs, "standard").recipe
    assert (longer.input_size, longer.channels, longer.embedding) == (84, 3, 1600)
    assert characters.augmentation == "character" and pictures.augmentation == "photograph"
    assert not pictures.turns


def test_aligned_things_are_hardly_cropped() -> None:
    faces = Siamese(0, TrackInfo("faces", "photograph", 1, 112, aligned=True)).recipe
    others = Siamese(0, TrackInfo("faces", "photograph", 1, 112)).recipe
    assert faces.augmentation == others.augmentation == "photograph"
    assert faces.smallest_crop > 0.8 > others.smallest_crop
    assert faces.learning_rate < others.learning_rate and faces.budget == "quick"
    aligned = TrackInfo("faces", "photograph", 1, 112, aligned=True)
    assert Siamese(0, aligned, smallest_crop=0.5).recipe.smallest_crop == 0.5


@pytest.mark.parametrize(
    ("budget", "items"), [("quick", 60_000), ("standard", 400_000), ("full", 2_000_000)]
)
def test_budgets_count_items(track: TrackInfo, budget: str, items: int) -> None:
    assert Siamese(0, track, budget).recipe.items == items
    assert Prototypical(0, track, budget).recipe.items == items


def test_a_length_of_ones_own_is_a_custom_budget(track: TrackInfo) -> None:
    assert Siamese(0, track, items=1000).recipe.budget == "custom"


def test_the_margin_follows_the_distance(track: TrackInfo) -> None:
    euclidean, cosine = Siamese(0, track), Siamese(0, track, distance="cosine")
    assert 0 < cosine.recipe.margin < 2 and cosine.recipe.margin != euclidean.recipe.margin


def test_the_temperature_follows_the_backbone() -> None:
    texts = TrackInfo("words", "text", 1, 32)
    given = {"distance": "cosine", "loss": "nt-xent"}
    plain = Siamese(0, texts, backbone="mlp", **given).recipe
    sharp = Siamese(0, texts, backbone="char-cnn", **given).recipe
    assert (plain.temperature, sharp.temperature) == (0.1, 0.05)
    asked = Siamese(0, texts, backbone="char-cnn", temperature=0.2, **given).recipe
    assert asked.temperature == 0.2


def test_settings_may_be_strings(track: TrackInfo) -> None:
    settings = {"margin": "0.25", "classes": "1_6", "turns": "no", "optimiser": "sgd", "width": "1"}
    recipe = Siamese(0, track, **settings).recipe
    assert (recipe.margin, recipe.classes, recipe.turns) == (0.25, 16, False)
    assert recipe.optimiser == "sgd" and recipe.width == 1.0


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"margn": 1}, "no setting 'margn'. Did you mean 'margin'.*Known: backbone, "),
        ({"classes": "many"}, "classes=many is not a whole number"),
        ({"classes": 2.5}, "classes=2.5 is not a whole number"),
        ({"turns": "perhaps"}, "turns=perhaps is not true or false"),
        ({"optimiser": "lion"}, "optimiser=lion is not one of adam, adamw or sgd"),
        ({"classes": 1}, "classes must be at least 2"),
        ({"learning_rate": 0}, "learning_rate must be above zero"),
        ({"learning_rate": "nan"}, "learning_rate must be above zero"),
        ({"scale": 1.5}, "scale must lie between 0 and 1"),
        ({"embedding": 3}, "no setting 'embedding'"),
        ({"input_size": 8}, "needs images of 16 pixels"),
    ],
)
def test_wrong_settings_are_named(
    track: TrackInfo, setting: dict[str, object], message: str
) -> None:
    with pytest.raises(OneshotError, match=message):
        Siamese(0, track, **setting)


def test_other_models_name_their_own_settings(track: TrackInfo) -> None:
    with pytest.raises(OneshotError, match="no setting 'margin'"):
        Prototypical(0, track, margin=1)
    with pytest.raises(OneshotError, match="shots"):
        Prototypical(0, track, shots=6, per_class=6)
    with pytest.raises(OneshotError, match="no distance named .l3.. Known: .*euclidean"):
        Pixels(distance="l3")


def test_budgets_and_tracks_that_do_not_exist(track: TrackInfo) -> None:
    with pytest.raises(UnknownName, match="standard"):
        Siamese(0, track, budget="standart")
    with pytest.raises(Refused, match="vector"):
        Siamese(0, TrackInfo("numbers", "vector", 1, 1))
