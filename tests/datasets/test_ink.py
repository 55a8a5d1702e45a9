"""Ink is brought to one geometry, whatever the paper, the noise and which of both is darker."""

import numpy as np
import pytest
from PIL import Image

from benchmark.datasets import catalogue, prepare
from benchmark.datasets.ink import ink_box
from benchmark.datasets.own.options import Options
from benchmark.datasets.square import fitted
from benchmark.errors import OneshotError
from benchmark.tasks import own, track
from benchmark.twin.pictures import form_of, read

TOP, BOTTOM, LEFT, RIGHT = 60, 100, 150, 290


def written(height=200, width=400, paper=235, ink=40, noise=0.0, channels=1, thickness=3):
    """A zigzag between rows TOP and BOTTOM, columns LEFT and RIGHT, on noisy paper."""
    random = np.random.Generator(np.random.Philox(5))
    image = np.full((channels, height, width), float(paper))
    columns = np.arange(LEFT, RIGHT)
    wave = np.abs((columns - LEFT) % 40 - 20) / 20
    rows = (TOP + wave * (BOTTOM - TOP - thickness)).astype(int)
    for line in range(thickness):
        image[:, rows + line, columns] = ink
    image += noise * random.normal(size=image.shape[1:])
    return image.clip(0, 255).astype(np.uint8)


def close(box, margin=4):
    return np.abs(np.array(box) - (TOP, BOTTOM, LEFT, RIGHT)).max() <= margin


@pytest.mark.parametrize(
    "look",
    [
        {},
        {"paper": 20, "ink": 220},  # light on dark
        {"noise": 6.0},
        {"noise": 12.0},
        {"paper": 200, "ink": 140, "noise": 4.0},  # a pencil on grey paper
        {"channels": 3, "noise": 5.0},
        {"paper": 255, "ink": 0, "thickness": 1},
    ],
)
def test_the_box_is_where_the_ink_is(look):
    assert close(ink_box(written(**look)))


def test_specks_do_not_widen_the_box():
    image = written(noise=3.0)
    image[:, 5:7, 5:7] = 0
    image[:, 190:192, 380:382] = 0
    assert close(ink_box(image))


def test_many_words_are_no_specks():
    image = np.full((1, 100, 2_000), 240, dtype=np.uint8)
    for start in range(20, 1_980, 200):
        image[:, 40:60, start : start + 8] = 10
    image[:, 40:44, 1_900:1_904] = 10
    top, bottom, left, right = ink_box(image)
    assert left <= 20 and right >= 1_828 and top <= 40 and bottom >= 60


def test_a_gradient_of_light_is_no_ink():
    slope = np.linspace(-15, 15, 400)
    image = (written(noise=2.0).astype(float) + slope).clip(0, 255).astype(np.uint8)
    assert close(ink_box(image))


@pytest.mark.parametrize("scale", [3, 8])
def test_large_scans_are_found_by_a_smaller_view(scale):
    image = written(noise=2.0).repeat(scale, axis=1).repeat(scale, axis=2)
    assert close(np.array(ink_box(image)) / scale, margin=6)


@pytest.mark.parametrize("paper", [0, 20, 128, 255])
@pytest.mark.parametrize("noise", [0.0, 6.0])
@pytest.mark.parametrize("size", [(200, 400), (5, 5), (1, 300)])
def test_a_blank_picture_stays_whole(paper, noise, size):
    random = np.random.Generator(np.random.Philox(5))
    image = (paper + noise * random.normal(size=(1, *size))).clip(0, 255).astype(np.uint8)
    assert ink_box(image) is None
    assert (fitted(image, 32, "ink") == fitted(image, 32, "pad")).all()


def test_one_signature_on_two_sheets_is_stored_alike():
    """Where it was written, and on how large a sheet, is no part of a signature."""
    here = written(noise=0)
    there = np.full((1, 500, 450), 235, dtype=np.uint8)
    there[:, 300:400, 20:240] = here[:, 30:130, 100:320]
    stored = [fitted(image, 96, "ink").astype(int) for image in (here, there)]
    assert np.abs(stored[0] - stored[1]).max() <= 1
    padded = [fitted(image, 96, "pad").astype(int) for image in (here, there)]
    assert np.abs(padded[0] - padded[1]).max() > 50


@pytest.mark.parametrize("look", [{}, {"paper": 20, "ink": 220}, {"noise": 8.0, "channels": 3}])
def test_proportions_stay_and_the_rest_is_clean_paper(look):
    stored = fitted(written(**look), 96, "ink")
    assert stored.shape == (look.get("channels", 1), 96, 96)
    paper = look.get("paper", 235)
    ink = np.abs(stored[0].astype(int) - paper) > 60
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    tall, wide = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert wide >= 84 and abs(tall / wide - (BOTTOM - TOP) / (RIGHT - LEFT)) < 0.06
    assert np.ptp(stored[:, :20].astype(int), axis=(1, 2)).max() <= 1  # no streaks


def test_ink_that_touches_the_edge_is_kept():
    image = np.full((1, 60, 60), 250, dtype=np.uint8)
    image[:, 0:40, 20:24] = 10
    top, bottom, left, right = ink_box(image)
    assert top == 0 and 38 <= bottom <= 42 and 18 <= left <= 20 and 24 <= right <= 26


def test_a_folder_is_cropped_by_an_option_that_is_recorded(tmp_path):
    """What is compared with the data later goes the same way as the data."""
    for word in range(6):
        folder = tmp_path / "mine" / f"w{word}"
        folder.mkdir(parents=True)
        for number in range(3):
            image = np.roll(written(noise=2.0), 10 * number - 10, axis=2)
            Image.fromarray(image[0] - word).save(folder / f"{number}.png")
    Image.new("L", (40, 30), 240).save(tmp_path / "mine" / "w0" / "blank.png")
    options = Options(side=64, family="character", fit="ink")
    brought = prepare.bring("mine", tmp_path / "mine", tmp_path / "data", "folder", None, options)
    told = " ".join(brought.notes)
    assert "cropped to their ink: 18 of 19" in told and "no ink was found in 1" in told
    assert "w0/blank.png" in told
    with own.looking_in(tmp_path / "data"):
        form = form_of(track("mine"))
        assert form.fit == "ink"
        assert form_of(track("mine"), "pad").fit == "pad"
        (stored,) = read([tmp_path / "mine" / "w1" / "2.png"], form)
    kept = catalogue.load("mine", tmp_path / "data").stored
    assert (kept == stored).all(axis=(1, 2, 3)).any()


def test_photographs_have_no_ink(tmp_path):
    with pytest.raises(OneshotError, match="--family character"):
        Options(fit="ink").check()
