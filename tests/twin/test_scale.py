"""Single images of floats or of more than 8 bits are read by the scale of the training data."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
from PIL import Image

from benchmark.datasets import catalogue, prepare
from benchmark.datasets.own.options import Options
from benchmark.datasets.own.scale import Scale, StoredScale, stored_scale
from benchmark.errors import OneshotError
from benchmark.tasks import track
from benchmark.tasks.own import looking_in
from benchmark.twin.pictures import form_from, form_of, shown

SIDE, CLASSES, EACH = 12, 8, 3


def scenes():
    """float64 [24, 12, 12] in [0, 1]; only the first reaches 1."""
    drawn = np.random.default_rng(5).random((CLASSES * EACH, SIDE, SIDE)) * 0.2
    drawn[0, 0, 0] = 1.0
    return drawn


MAKE = {
    "12 bits": lambda scene: (scene * 4095).astype(np.uint16),
    "10 bits": lambda scene: (scene * 1023).astype(np.uint16),
    "16 bits": lambda scene: (scene * 65535).astype(np.uint16),
    "floats in [0, 1]": lambda scene: scene.astype(np.float32),
    "floats in [0, 255]": lambda scene: (scene * 254.5).astype(np.float32),
}


def write(root, make):
    for number, scene in enumerate(scenes()):
        path = root / f"c{number // EACH}" / f"{number % EACH}.tif"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(make(scene)).save(path)
    return root


def form_after(root, directory, **options):
    prepare.bring("mine", root, directory, "folder", options=Options(side=SIDE, **options))
    with looking_in(directory):
        return form_of(track("mine"))


@pytest.mark.parametrize("kind", MAKE)
def test_a_single_image_is_shown_as_the_data_set_stores_it(kind, tmp_path):
    root = write(tmp_path / "files", MAKE[kind])
    form = form_after(root, tmp_path / "data")
    stored = catalogue.load("mine", tmp_path / "data").images()
    for number in (0, 7, 23):
        path = root / f"c{number // EACH}" / f"{number % EACH}.tif"
        with Image.open(path) as opened:
            for image in (path, opened, np.asarray(opened)):
                assert np.array_equal(shown(image, form).images()[0], stored[number])
    assert form_from(asdict(form) | {"scale": form.scale.as_json()}) == form  # an exported file


def test_the_range_that_was_given_is_kept(tmp_path):
    root = write(tmp_path / "files", lambda scene: (scene * 8 - 4).astype(np.float32))
    form = form_after(root, tmp_path / "data", value_range=(-4.0, 0.0))
    assert form.scale == StoredScale(Scale(-4.0, 0.0), ("floats",), cut=True)
    stored = catalogue.load("mine", tmp_path / "data").images()
    assert np.array_equal(shown(root / "c3" / "1.tif", form).images()[0], stored[10])
    above = np.full((SIDE, SIDE), 3.5, np.float32)
    assert shown(above, form).images().min() == 255  # cut off, as --range says


UNCERTAIN = {
    "12 bits for 8": (None, np.full((9, 9), 3000, np.uint16)),
    "floats that are neither": (None, np.full((9, 9), 90.5, np.float32)),
    "negative floats": (None, np.full((9, 9), -0.5, np.float32)),
    "beyond the bits": ("12 bits", np.full((9, 9), 5000, np.uint16)),
    "floats for 12 bits": ("12 bits", np.full((9, 9), 0.5, np.float32)),
    "12 bits for floats": ("floats in [0, 1]", np.full((9, 9), 3000, np.uint16)),
    "beyond 1": ("floats in [0, 1]", np.full((9, 9), 1.5, np.float32)),
}


@pytest.mark.parametrize("name", UNCERTAIN)
def test_an_image_of_another_scale_is_refused(name, tmp_path):
    kind, values = UNCERTAIN[name]
    make = MAKE[kind] if kind else lambda scene: (scene * 255).astype(np.uint8)
    form = form_after(write(tmp_path / "files", make), tmp_path / "data")
    assert (form.scale is None) == (kind is None)
    Image.fromarray(values).save(tmp_path / "one.tif")
    for image in (tmp_path / "one.tif", Image.open(tmp_path / "one.tif")):
        with pytest.raises(OneshotError, match="holds (floats|whole numbers) from .*8 bits"):
            shown(image, form)


def test_8_bits_are_shown_as_they_are_to_any_model(tmp_path):
    form = form_after(write(tmp_path / "files", MAKE["12 bits"]), tmp_path / "data")
    grey = np.full((SIDE, SIDE), 77, np.uint8)
    assert (shown(grey, form).images() == 77).all()


def test_adding_data_of_an_earlier_version_again_keeps_their_version(tmp_path, monkeypatch):
    root = write(tmp_path / "files", MAKE["12 bits"])
    with monkeypatch.context() as patched:
        patched.setattr(StoredScale, "as_json", lambda self: None)
        assert form_after(root, tmp_path / "data").scale is None
    assert form_after(root, tmp_path / "data").scale == StoredScale(
        Scale(bits=12), ("whole numbers",)
    )
    with looking_in(tmp_path / "data"):
        from benchmark.tasks import task

        assert task("mine-2w1s").version == 1


@pytest.mark.parametrize(
    "damaged",
    [{}, {"low": 1, "high": 0, "bits": None, "depths": ["floats"], "cut": False},
     {"low": 0, "high": 1, "bits": "8", "depths": ["floats"], "cut": False},
     {"low": 0, "high": 1, "bits": 99, "depths": ["floats"], "cut": False},
     {"low": 0, "high": 1, "bits": None, "depths": ["deep"], "cut": False}, 3],
)  # fmt: skip
def test_a_damaged_scale_is_named(damaged):
    with pytest.raises(ValueError, match="not a scale"):
        stored_scale(damaged)
