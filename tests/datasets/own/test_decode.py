"""Images of all kinds become the same square pixels; memory stays bounded."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from benchmark.datasets.own import decode as decoding
from benchmark.datasets.own.decode import Picture, Trouble, decode, has_colour, pixels
from benchmark.datasets.own.options import Options
from benchmark.datasets.own.scale import Scale
from tests.datasets.own.conftest import picture

OPTIONS = Options(side=8, fit="stretch")


def square(tmp_path, values, name="x.png", **save):
    path = tmp_path / name
    Image.fromarray(values).save(path, **save)
    return Picture(path, name)


MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "HSV", "YCbCr")
LOOSE = {"1": 255, "P": 60}  # few colours, hence dithered


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_is_read(tmp_path, mode):
    name = "x.tif" if mode in ("CMYK", "YCbCr", "HSV") else "x.png"
    path = tmp_path / name
    grey = Image.fromarray(np.full((8, 8), 120, np.uint8))
    image = grey.convert("RGB").convert(mode) if mode != "I;16" else Image.fromarray(
        np.full((8, 8), 120 * 256 + 7, np.uint16)
    )  # fmt: skip
    try:
        image.save(path)
    except OSError:
        pytest.skip(f"Pillow writes no {mode}")
    for channels in (1, 3):
        out = pixels(Picture(path, name), channels, OPTIONS, Scale(bits=16))
        assert out.shape == (channels, 8, 8)
        assert abs(out.astype(int) - 120).max() <= LOOSE.get(mode, 3)
    assert has_colour(Picture(path, name)) is (mode not in ("1", "L", "LA", "I;16"))


def test_transparency_lies_on_white(tmp_path):
    clear = np.zeros((8, 8, 4), np.uint8)
    assert (pixels(square(tmp_path, clear), 3, OPTIONS) == 255).all()


def test_a_camera_held_upright_is_turned(tmp_path):
    values = np.zeros((8, 8), np.uint8)
    values[:, :2] = 255  # the left
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise: left becomes top
    out = pixels(square(tmp_path, values, exif=exif), 1, OPTIONS)
    assert (out[0, :2] == 255).all() and (out[0, 2:] == 0).all()


def test_the_first_frame_counts(tmp_path):
    frames = [Image.fromarray(np.full((8, 8), v, np.uint8)) for v in (40, 200)]
    frames[0].save(tmp_path / "x.gif", save_all=True, append_images=frames[1:])
    assert abs(int(pixels(Picture(tmp_path / "x.gif", "x"), 1, OPTIONS).mean()) - 40) <= 1


def test_huge_images_are_not_decoded(tmp_path, monkeypatch):
    monkeypatch.setattr(decoding, "MOST_PIXELS", 100)
    found = has_colour(Picture(picture(tmp_path / "x.png"), "x"))
    assert found == Trouble("declares 20x14 pixels; not decoded")


def test_blocks_bound_what_is_in_flight(tmp_path, monkeypatch):
    monkeypatch.setattr(decoding, "BLOCK", 4)
    pictures = [Picture(picture(tmp_path / f"{i}.png", i), str(i)) for i in range(10)]
    (tmp_path / "7.png").write_bytes(b"junk")
    seen = []
    stored, troubles = decode(pictures, 1, OPTIONS, tmp_path, lambda *step: seen.append(step))
    assert [step[1:] for step in seen] == [(4, 10), (8, 10), (10, 10)]
    assert list(troubles) == [7] and not stored[7].any()
    for row in (0, 5, 9):
        assert np.array_equal(stored[row], pixels(pictures[row], 1, OPTIONS))
