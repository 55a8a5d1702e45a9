"""What the embedded drawings promise: counts, splits, clean pictures and no look-alikes."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest

from benchmark.datasets import glyphs
from benchmark.datasets.data_set import DataSet
from benchmark.errors import OneshotError

OMNIGLOT_EVALUATION = {
    "Avestan",
    "Cyrillic",
    "Ethiopic",
    "Glagolitic",
    "Gurmukhi",
    "Kannada",
    "Malayalam",
    "Meetei Mayek",
    "Mongolian",
    "Oriya",
    "Syloti Nagri",
    "Syriac",
    "Tibetan",
}
KIN = {"Telugu", "Grantha", "Phags Pa", "Marchen", "Manichaean", "Sogdian", "Old Sogdian"}


@pytest.fixture(scope="module")
def data() -> DataSet:
    return glyphs.load()


@pytest.fixture(scope="module")
def header() -> dict:
    return glyphs.read()[0]


@pytest.fixture(scope="module")
def ink(data: DataSet) -> np.ndarray:
    return data.stored[:, 0] > 0


def test_file_is_small_and_pinned():
    assert glyphs.FILE.stat().st_size <= 4_000_000


def test_another_file_is_refused(tmp_path):
    packed = bytearray(glyphs.FILE.read_bytes())
    packed[len(packed) // 2] ^= 1
    damaged = tmp_path / "glyphs.bin.xz"
    damaged.write_bytes(packed)
    with pytest.raises(OneshotError, match="damaged"):
        glyphs.read(damaged)
    with pytest.raises(OneshotError, match="missing"):
        glyphs.read(tmp_path / "nothing.bin.xz")


def test_decodes_once(monkeypatch):
    first = glyphs.load()
    monkeypatch.setattr(glyphs, "read", None)
    assert glyphs.load() is first


def test_counts_and_order(data):
    assert data.stored.dtype == np.uint8 and data.stored.shape[1:] == (1, 105, 105)
    assert set(np.unique(data.stored[::97])) == {0, 255}
    assert len(data.groups["alphabet"].names) >= 80
    assert len(data.class_names) >= 1200
    assert np.array_equal(data.labels, np.repeat(np.arange(len(data.class_names)), 20))
    assert np.array_equal(data.groups["drawer"].codes, np.tile(np.arange(20), len(data) // 20))
    keys = [(n.split("/U+")[0], int(n.split("/U+")[1], 16)) for n in data.class_names]
    assert keys == sorted(set(keys))
    assert [data.groups["alphabet"].names[c] for c in data.class_groups("alphabet")] == [
        script for script, _ in keys
    ]


def test_classes_are_letters(data, header):
    points = [int(name.split("/U+")[1], 16) for name in data.class_names]
    assert len(set(points)) == len(points)
    assert {unicodedata.category(chr(point)) for point in points} <= {"Lo", "Ll", "Lu"}
    named = {point: name for script in header["scripts"] for point, name in script["letters"]}
    assert named == {point: unicodedata.name(chr(point)) for point in points}


def test_splits_cover_every_script_once(data, header):
    listed = [name for names in glyphs.SPLIT.values() for name in names]
    assert list(glyphs.SPLIT) == ["train", "validation", "test"]
    assert sorted(listed) == sorted(data.groups["alphabet"].names)
    assert len(set(listed)) == len(listed)
    told = {script["name"]: script["split"] for script in header["scripts"]}
    assert told == {name: split for split, names in glyphs.SPLIT.items() for name in names}


def test_omniglots_evaluation_scripts_are_for_testing_only():
    assert set(glyphs.SPLIT["test"]) == OMNIGLOT_EVALUATION | KIN


def test_every_split_has_scripts_for_twenty_ways(data):
    sizes = dict(
        zip(
            data.groups["alphabet"].names,
            np.bincount(data.class_groups("alphabet")),
            strict=True,
        )
    )
    shares = {s: sum(sizes[n] for n in names) for s, names in glyphs.SPLIT.items()}
    total = len(data.class_names)
    assert min(sizes.values()) >= 10
    for split, share in {"train": 0.60, "validation": 0.15, "test": 0.25}.items():
        assert abs(shares[split] / total - share) < 0.03
        assert sum(sizes[name] >= 20 for name in glyphs.SPLIT[split]) >= 8


def test_drawings_are_complete_and_inside(ink):
    pixels = ink.sum(axis=(1, 2))
    assert pixels.min() >= 45  # two dots; a letter has 900 in the middle
    assert pixels.max() < 0.33 * 105 * 105  # a grid of nine panes, drawn large
    assert 700 < np.median(pixels) < 1100
    border = [ink[:, 0], ink[:, -1], ink[:, :, 0], ink[:, :, -1]]
    assert not any(side.any() for side in border)


def test_no_two_drawings_are_the_same(ink):
    packed = np.packbits(ink.reshape(len(ink), -1), axis=1)
    assert len({row.tobytes() for row in packed}) == len(packed)


def _boxed(drawing: np.ndarray) -> np.ndarray:
    """The drawing's bounding box, 20 x 20 picked pixels."""
    rows, columns = (np.flatnonzero(drawing.any(axis=axis)) for axis in (1, 0))
    pick = [np.linspace(of[0], of[-1], 20).round().astype(int) for of in (rows, columns)]
    return drawing[np.ix_(*pick)]


def _likeness(ink: np.ndarray) -> np.ndarray:
    """Correlations [classes, classes] of ten hands' mean picture with the other ten's."""
    boxed = np.stack([_boxed(drawing) for drawing in ink]).reshape(-1, 20, 400).astype(np.float32)
    halves = []
    for half in (boxed[:, ::2], boxed[:, 1::2]):
        mean = half.mean(axis=1)
        mean -= mean.mean(axis=1, keepdims=True)
        halves.append(mean / np.linalg.norm(mean, axis=1, keepdims=True))
    return halves[0] @ halves[1].T


@pytest.fixture(scope="module")
def likeness(ink: np.ndarray) -> np.ndarray:
    return _likeness(ink)


def test_the_hands_of_a_class_draw_one_shape(likeness):
    best = likeness.argmax(axis=1)
    assert (best != np.arange(len(best))).mean() < 0.01


def test_no_two_classes_are_one_shape(likeness):
    # Ten hands agree with the other ten of their class to 0.84 in the middle.
    both = np.minimum(likeness, likeness.T)[np.triu_indices(len(likeness), 1)]
    assert np.median(np.diag(likeness)) > 0.8
    assert both.max() < 0.88
    assert (both > 0.8).sum() <= 12


def test_a_class_that_is_there_twice_would_be_found(ink):
    hands = ink[:40].reshape(2, 20, 105, 105)
    # Two classes of ten hands each, made of one class; then two real classes.
    copies = np.repeat(np.stack([hands[0, :10], hands[0, 10:]]), 2, axis=1)
    assert _likeness(copies.reshape(-1, 105, 105))[0, 1] > 0.7
    assert _likeness(ink[:40])[0, 1] < 0.7
