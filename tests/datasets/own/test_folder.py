"""A class-per-folder tree: classes, groups, splits; what is bad is named, all of it at once."""

from __future__ import annotations

import os
import unicodedata

import numpy as np
import pytest

from benchmark.datasets import catalogue, prepare, store
from benchmark.datasets.own.options import Options
from benchmark.errors import OneshotError, Refused, UnknownName
from tests.datasets.own.conftest import picture


def bring(path, directory, kind="folder", name="mine", **options):
    return prepare.bring(name, path, directory, kind, options=Options(**{"side": 8} | options))


def test_a_tree_is_added_and_looks_like_any_data_set(tree, tmp_path):
    brought = bring(tree, tmp_path / "data")
    assert not brought.notes
    data = catalogue.load("mine", tmp_path / "data")
    assert data.stored.shape == (24, 3, 8, 8) and data.stored.dtype == np.uint8
    assert isinstance(data.stored.base, np.memmap)
    assert data.class_names == tuple(sorted(data.class_names)) and "a/日本" in data.class_names
    assert np.bincount(data.labels).tolist() == [3] * 8
    assert np.bincount(data.class_groups("split")).tolist() == [4, 2, 2]
    assert store.present(tmp_path / "data") == ["mine"]
    assert not list((tmp_path / "data").glob(".adding-*")), "nothing is left behind"


def test_names_alone_decide_the_data(tree, tmp_path):
    digest = bring(tree, tmp_path / "data").verified.digest
    assert bring(tree, tmp_path / "data", name="other").verified.digest == digest
    for workers in (1, 3):
        assert bring(tree, tmp_path / str(workers), workers=workers).verified.digest == digest
    decomposed = tree / "a" / unicodedata.normalize("NFD", "ä")
    (tree / "a" / "ä").rename(decomposed)
    assert bring(tree, tmp_path / "mac").verified.digest == digest, "as macOS writes names"


def test_groups_come_from_the_parent_or_a_pattern(tree, tmp_path):
    bring(tree, tmp_path, group="parent")
    data = catalogue.load("mine", tmp_path)
    assert data.groups["parent"].names == ("a", "b")
    assert data.class_groups("parent").tolist() == [0] * 4 + [1] * 4
    bring(tree, tmp_path, group=r"(?P<camera>cam\d)_(?P<shot>\d)")
    data = catalogue.load("mine", tmp_path)
    assert data.groups["camera"].names == ("cam0", "cam1", "cam2")
    assert len(data.groups["shot"].names) == 8
    with pytest.raises(OneshotError, match=r"24 bad items: a/b/cam0_1.png: does not match"):
        bring(tree, tmp_path, group="nothing like this")
    with pytest.raises(OneshotError, match="not a valid regular expression.*--group parent"):
        bring(tree, tmp_path, group="(")


def hostile(tree, outside):
    """Spoils the tree in every way; gives what must be said of each."""
    (tree / "b/e/broken.jpg").write_bytes(b"\xff\xd8\xff no image")
    (tree / "b/e/nothing.png").write_bytes(b"")
    whole = picture(tree / "b/e/cut.png", 3, size=(60, 60)).read_bytes()
    (tree / "b/e/cut.png").write_bytes(whole[: len(whole) // 2])
    (tree / "empty").mkdir()
    (tree / "notes").mkdir()
    (tree / "notes/readme.txt").write_text("no image")
    picture(tree / "lonely/one.png", 77)
    picture(tree / "loose.png", 78)
    picture(outside / "secret.png", 79)
    (tree / "b/f/out.png").symlink_to(outside / "secret.png")
    (tree / "b/f/gone.png").symlink_to(outside / "gone.png")
    (tree / "b/linked").symlink_to(outside)
    (tree / "b/f/.DS_Store").write_bytes(b"junk")
    (tree / "b/f/list.csv").write_text("no image either")
    return {
        "b/e/broken.jpg": "is no image that can be read",
        "b/e/nothing.png": "is empty",
        "b/e/cut.png": "is damaged",
        "folder 'empty'": "is empty",
        "folder 'notes'": "holds no image",
        "class 'lonely'": "has 1 good item, at least 2 are needed",
        "loose.png": "lies in no folder of a class",
        "b/f/out.png": "is a link out of the folder",
        "b/f/gone.png": "is a link out of the folder",
        "b/linked": "is a link to a folder",
    }


def test_every_bad_thing_is_named_or_left_out(tree, tmp_path):
    sound = bring(tree, tmp_path / "data").verified
    expected = hostile(tree, tmp_path / "outside")
    with pytest.raises(OneshotError) as failure:
        bring(tree, tmp_path / "data")
    for name, reason in expected.items():
        assert f"{name}: {reason}" in failure.value.message
    assert f"{len(expected)} bad items" in failure.value.message
    assert "--on-bad skip" in failure.value.hint
    assert catalogue.load("mine", tmp_path / "data").digest == sound.digest, "the old one stays"
    brought = bring(tree, tmp_path / "data", on_bad="skip")
    assert len(brought.notes) == len(expected)
    for name, reason in expected.items():
        assert any(n.startswith(f"left out {name}: {reason}") for n in brought.notes)
    assert brought.verified.digest == sound.digest, "the good ones are the same data"


@pytest.mark.skipif(os.name == "nt", reason="bytes as names")
def test_names_that_are_no_text_are_escaped(tree, tmp_path):
    folder = os.fsencode(tree) + b"/b/\xff\xfe"
    try:
        os.mkdir(folder)  # noqa: PTH102
    except OSError:
        pytest.skip("this file system has no such names")
    with open(folder + b"/x.png", "wb") as file:  # noqa: PTH123
        file.write((tree / "b/e/cam0_4.png").read_bytes())
    with pytest.raises(OneshotError, match=r"\\udcff\\udcfe/x.png: has a class that is no text"):
        bring(tree, tmp_path / "data")


def test_folders_named_after_splits_are_the_split(tree, tmp_path):
    for number, folder in enumerate(sorted(tree.glob("*/*"))):
        part = ("train", "val", "test")[number % 3]
        (tree / part).mkdir(exist_ok=True)
        folder.rename(tree / part / f"k{number}")
    (tree / "a").rmdir()
    (tree / "b").rmdir()
    bring(tree, tmp_path / "data")
    data = catalogue.load("mine", tmp_path / "data")
    assert data.class_names == tuple(f"k{n}" for n in range(8))
    assert data.class_groups("split").tolist() == [0, 1, 2] * 2 + [0, 1]
    picture(tree / "test/k0/x.png")
    with pytest.raises(OneshotError, match="'k0' is in train and in test.*--merge-parts"):
        bring(tree, tmp_path / "data")


def test_too_few_classes_are_stored_and_have_no_tasks(tree, tmp_path):
    brought = bring(tree / "a", tmp_path / "data")
    assert brought.notes == (
        "4 classes are too few to be split (6 are needed): there are no tasks. "
        "Add --test-only to test all of them",
    )
    assert "split" not in catalogue.load("mine", tmp_path / "data").groups


def test_least_leaves_small_classes_out(tree, tmp_path):
    picture(tree / "b/h/more.png", 99)
    brought = bring(tree, tmp_path / "data", least=4, on_bad="skip")
    assert (brought.verified.items, brought.verified.classes) == (4, 1)
    with pytest.raises(OneshotError, match="no good item left"):
        bring(tree, tmp_path / "data", least=9, on_bad="skip")


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"side": 4}, OneshotError, "--side 4 must lie between"),
        ({"fit": "squash"}, UnknownName, "choice for --fit.*pad, crop, stretch"),
        ({"on_bad": "ignore"}, UnknownName, "--on-bad"),
        ({"least": 1}, OneshotError, "--least 1 must be at least 2"),
        ({"fractions": (0.5, 0.2, 0.2)}, OneshotError, "sum to 1"),
        ({"workers": 0}, OneshotError, "--workers 0"),
    ],
)
def test_options_that_make_no_sense_are_refused(tree, tmp_path, options, error, says):
    with pytest.raises(error, match=says):
        bring(tree, tmp_path, **options)


@pytest.mark.parametrize("name", ["omniglot", "omniglot-within", "orl-faces", "mine-5w1s"])
def test_names_of_the_suite_are_refused(tree, tmp_path, name):
    with pytest.raises(Refused, match=f"'{name}'"):
        bring(tree, tmp_path, name=name)


def test_a_folder_that_is_none(tree, tmp_path):
    (tmp_path / "bare").mkdir()
    with pytest.raises(OneshotError, match=r"folder '\.': is empty"):
        bring(tmp_path / "bare", tmp_path)
    with pytest.raises(OneshotError, match=r"no folder .*absent.*--kind csv"):
        bring(tmp_path / "absent", tmp_path)
