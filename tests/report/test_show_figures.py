"""Pictures of episodes, trials and maps: what is to be seen is there, in equal bytes every time."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.text import Text
from PIL import Image

from benchmark.datasets.data_set import whole
from benchmark.errors import OneshotError, UnknownName
from benchmark.report.figures import embedding_map, episode, theme, tiles, trials
from benchmark.report.figures.points import episode_items, of_episode, of_split, split_items
from benchmark.report.hardest import Hardest
from benchmark.tasks import load_task

ORANGE = np.array([0xD5, 0x5E, 0x00])


def picture(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def orange(png: bytes) -> int:
    """Pixels that have the colour of a wrong answer."""
    return int((np.abs(picture(png) - ORANGE).sum(axis=2) < 12).sum())


@pytest.fixture
def words(monkeypatch):
    """Every text that is drawn."""
    drawn = []
    init = Text.__init__

    def noted(self, *args, **keywords):
        init(self, *args, **keywords)
        drawn.append(self)

    monkeypatch.setattr(Text, "__init__", noted)
    return lambda: [text.get_text() for text in drawn if text.get_text()]


@pytest.fixture(scope="module")
def loaded():
    return load_task("glyphs-5w1s")


@pytest.fixture(scope="module")
def pairs():
    return load_task("glyphs-verification")


def test_wrong_answers_are_framed_and_named(loaded, words) -> None:
    truth = loaded.episodes.labels[3].astype(np.int64)
    plain = episode.draw(loaded, 3)
    right = episode.draw(loaded, 3, "a model", truth)
    assert orange(plain) == orange(right) == 0
    wrong = truth.copy()
    wrong[10] = (truth[10] + 1) % 5
    one = episode.draw(loaded, 3, "a model", wrong)
    wrong[20] = (truth[20] + 2) % 5
    two = episode.draw(loaded, 3, "a model", wrong)
    assert 0 < orange(one) < orange(two)
    assert any("a model: 74 of 75 right" in text for text in words())
    assert one == episode.draw(loaded, 3, "a model", np.where(np.arange(75) == 20, truth, wrong))


def test_every_item_of_the_episode_is_drawn(loaded, monkeypatch) -> None:
    drawn, draw = [], tiles.Items.draw

    def noted(self, on, item, x, y):
        drawn.append(int(item))
        draw(self, on, item, x, y)

    monkeypatch.setattr(tiles.Items, "draw", noted)
    png = episode.draw(loaded, 0)
    items = [*loaded.episodes.support[0].ravel(), *loaded.episodes.queries[0]]
    assert sorted(drawn) == sorted(items) and len(drawn) == 80
    ink = (picture(png).max(axis=2) < 60).sum()
    assert ink > 80 * 50  # dark drawings on white paper


def test_trials_tell_truth_and_answer(pairs, words) -> None:
    numbers = np.array([0, 5_000, 10_000])
    odds = np.array([1.5, 0.5, -2.0])
    png = trials.draw(pairs, numbers, "a model", odds)
    told = words()
    assert "0: same" in told and "5000: different, within" in told
    assert "10000: different, across" in told and "says same (+0.5)" in told
    assert any("2 of 3 right" in text for text in told)
    assert orange(png) > 0 and orange(trials.draw(pairs, numbers)) == 0
    assert png == trials.draw(pairs, numbers, "a model", odds)


def test_the_hardest_are_drawn_with_their_numbers(loaded, pairs, words) -> None:
    found = Hardest(np.array([9, 4]), np.array([0.25, 0.5]), 7, 2)
    assert picture(episode.draw_hardest(loaded, found)).min() < 60
    assert picture(trials.draw(pairs, found.questions, found=found)).min() < 60
    told = "\n".join(words())
    assert "25.0 %" in told and "episode 9" in told and "25 % right" in told
    assert "7 models" in told and "2 with fewer episodes left out" in told


@pytest.mark.parametrize("kind", ["vector", "text"])
def test_vectors_and_texts_are_drawn_too(loaded, kind, words) -> None:
    count = len(loaded.data)
    stored = (
        np.random.default_rng(0).normal(size=(count, 6)).astype(np.float32)
        if kind == "vector"
        else np.array([f"name {n} and more of it 国" for n in range(count)])
    )
    data = whole("own", kind, stored, loaded.data.labels, loaded.data.class_names, digest="0" * 64)
    png = episode.draw(replace(loaded, data=data), 0)
    assert picture(png).min() < 60
    if kind == "text":
        item = loaded.episodes.queries[0, 0]
        assert f"name {item} and more of it 国"[:20] + "…" in words()


def test_letters_that_the_font_lacks_are_told(words) -> None:
    with theme.theme():
        page = tiles.sheet(200, 80)
        page.text(10, 20, "国")
        page.png()
    assert any("font lacks" in text for text in words())


@pytest.mark.parametrize(
    ("position", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")]
)
def test_letters(position, name) -> None:
    assert tiles.letters(position) == name


def test_principal_components_are_those_of_the_decomposition() -> None:
    x = np.random.default_rng(1).normal(size=(30, 5)) * [5, 3, 1, 1, 1]
    places, told = embedding_map.project(x, "pca")
    centred = x - x.mean(axis=0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    assert np.abs(places) == pytest.approx(np.abs(left * values)[:, :2])
    assert (places[np.abs(places).argmax(axis=0), [0, 1]] > 0).all()
    share = 100 * (values[:2] ** 2).sum() / (values**2).sum()
    assert f"{share:.0f} % of the variance" in told


def test_t_sne_keeps_clusters_and_comes_out_the_same() -> None:
    random = np.random.default_rng(2)
    groups = np.repeat([0, 1, 2], 12)
    x = random.normal(size=(36, 8)) + 30 * np.eye(3, 8)[groups]
    places, told = embedding_map.project(x, "tsne")
    assert np.array_equal(places, embedding_map.project(x, "tsne")[0]) and "t-SNE" in told
    centres = np.stack([places[groups == g].mean(axis=0) for g in range(3)])
    nearest = np.linalg.norm(places[:, None] - centres, axis=2).argmin(axis=1)
    assert np.array_equal(nearest, groups)


def test_maps_that_cannot_be_are_refused(monkeypatch) -> None:
    with pytest.raises(UnknownName, match="umap"):
        embedding_map.project(np.eye(5), "umap")
    with pytest.raises(OneshotError, match="2 items make no map"):
        embedding_map.project(np.eye(2), "pca")
    monkeypatch.setitem(__import__("sys").modules, "sklearn.manifold", None)
    with pytest.raises(OneshotError, match="needs scikit-learn") as told:
        embedding_map.project(np.eye(5), "tsne")
    assert "pip install scikit-learn" in told.value.hint


def test_a_map_of_an_episode_rings_what_was_missed(loaded, words) -> None:
    items = episode_items(loaded, 1)
    vectors = loaded.data.take(items).images(8).reshape(80, -1) / 255
    truth = loaded.episodes.labels[1].astype(np.int64)
    points = of_episode(loaded, 1, vectors, np.where(np.arange(75) < 2, (truth + 1) % 5, truth))
    assert points.support.sum() == 5 and points.wrong.sum() == 2
    assert points.groups.tolist() == [0, 1, 2, 3, 4, *truth.tolist()]
    png = embedding_map.draw(points, "pca", "an episode", "a model")
    assert png == embedding_map.draw(points, "pca", "an episode", "a model")
    assert words().count("taken for another class") == 2
    clean = of_episode(loaded, 1, vectors, truth)
    embedding_map.draw(clean, "pca", "an episode", "a model")
    assert words().count("taken for another class") == 2


def test_a_map_of_a_split_names_its_alphabets(loaded, words) -> None:
    items, count = split_items(loaded, 200)
    assert len(np.unique(items)) == 200 and count == len(loaded.episodes.items())
    points, kind = of_split(loaded, items, np.random.default_rng(0).normal(size=(200, 4)))
    assert kind == "alphabet" and "Tibetan" in points.names and len(points.names) <= 20
    embedding_map.draw(points, "pca", "a split", "a model")
    assert "Tibetan" in words()
