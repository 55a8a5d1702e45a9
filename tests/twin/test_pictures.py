"""Images of any mode and size come out as the data sets store them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.datasets.data_set import DataSet
from benchmark.datasets.ink import inked
from benchmark.errors import OneshotError
from benchmark.tasks.tracks import GLYPHS
from benchmark.tasks.tracks import track as find_track
from benchmark.twin.pictures import form_of, shown

FORM = form_of(GLYPHS)
PHOTOGRAPHS = form_of(find_track("mini-imagenet"))


def clear(paper: Image.Image) -> Image.Image:
    """Black ink on nothing at all."""
    above = Image.new("RGBA", paper.size, (0, 0, 0, 0))
    above.putalpha(Image.fromarray(255 - np.asarray(paper)))
    return above


KINDS = {
    "grey": lambda paper: paper,
    "one bit": lambda paper: paper.convert("1"),
    "colour": lambda paper: paper.convert("RGB"),
    "palette": lambda paper: paper.convert("P"),
    "transparent": clear,
    "sixteen bits": lambda paper: Image.fromarray(np.asarray(paper).astype(np.uint16) * 257),
    "light on dark": lambda paper: Image.fromarray(255 - np.asarray(paper)),
    "array": np.asarray,
    "colour array": lambda paper: np.asarray(paper.convert("RGB")),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_character_of_any_mode_is_the_stored_one(
    kind: str, letters: DataSet, png: Callable[..., Path], tmp_path: Path
) -> None:
    stored = letters.take(np.array([7])).images()
    paper = Image.open(png(letters, 7))
    image = KINDS[kind](paper)
    assert np.array_equal(shown(image, FORM).images(), stored)
    if isinstance(image, Image.Image):
        image.save(tmp_path / "image.png")
        assert np.array_equal(shown(tmp_path / "image.png", FORM).images(), stored)
        assert np.array_equal(shown([str(tmp_path / "image.png")], FORM).images(), stored)


def test_every_glyph_is_taken_for_dark_ink(letters: DataSet) -> None:
    images = letters.images()
    for image in images[::17]:
        assert np.array_equal(inked(255 - image), image)
        assert np.array_equal(inked(image), image)
    faint = (60 + (255 - images[0]) / 4).astype(np.uint8)  # grey paper, badly lit
    assert inked(faint)[0][images[0, 0] > 0].min() > inked(faint)[0][images[0, 0] == 0].max()


def test_a_wide_character_is_padded_with_paper(letters: DataSet) -> None:
    image = 255 - letters.take(np.array([7])).images()[0, 0]
    wide = np.pad(image, ((0, 0), (0, 105)), constant_values=255)
    found = shown(wide, FORM).images()[0, 0]
    assert found.shape == (105, 105)
    assert found[:26].max() == 0 and found[-26:].max() == 0 and found[26:79].max() > 200


def test_photographs_keep_their_colours() -> None:
    half = np.zeros((40, 80, 3), dtype=np.uint8)
    half[:, :40, 0], half[:, 40:, 2] = 250, 200
    found = shown(half, PHOTOGRAPHS).images()[0]
    assert found.shape == (3, 84, 84)
    assert found[0, 40, 5] == 250 and found[2, 40, 80] == 200 and found[1].max() == 0
    assert found[:, 0, 5].tolist() == [250, 0, 0]  # stretched: no edge is repeated
    grey = shown(half, form_of(find_track("orl-faces"))).images()[0]
    assert grey.shape == (1, 112, 112) and (grey[0, 0] == grey[0, 56]).all()  # padded by the edge


def test_an_upright_photograph_is_told_by_its_exif(tmp_path: Path) -> None:
    image = Image.new("RGB", (60, 60), "black")
    image.paste((250, 250, 250), (0, 0, 60, 20))
    exif = Image.Exif()
    exif[0x0112] = 6  # taken with the camera turned
    image.save(tmp_path / "turned.jpg", exif=exif, quality=95)
    found = shown(tmp_path / "turned.jpg", PHOTOGRAPHS).images()[0, 0]
    assert found[:, -10:].min() > 200 and found[:, :40].max() < 50


def test_what_is_said_of_images_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"nothing")
    (tmp_path / "empty.jpg").write_bytes(b"")
    for wrong, message in (
        (tmp_path / "broken.png", "is no image that can be read"),
        (tmp_path / "empty.jpg", "is empty"),
        (tmp_path / "none.png", "is not there"),
        (tmp_path, "is a folder"),
        ([np.zeros((3, 3, 7), np.uint8)], "image 0 is no image"),
        ([np.full((4, 4), 300.0, np.float32)], "holds floats from 300 to 300"),
        ([], "There is no image"),
    ):
        with pytest.raises(OneshotError, match=message):
            shown(wrong, FORM)
