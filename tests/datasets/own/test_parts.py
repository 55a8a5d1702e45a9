"""Folders that name parts of the data are recognised, and no class is in two parts."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.datasets import catalogue, prepare
from benchmark.datasets.own.options import Options
from benchmark.datasets.own.parts import completed, part_of, read_parts, split_of_parts
from benchmark.errors import OneshotError
from tests.datasets.own.conftest import picture


def bring(path, directory, **options):
    return prepare.bring(
        "mine", path, directory, "folder", options=Options(**{"side": 8} | options)
    )


@pytest.mark.parametrize(
    ("name", "part"),
    [
        *[(name, "train") for name in ("train", "Train", "TRAINING", "train_images", "train2017",
                                       "images-train", "trainset", "TrainSet", "bounding_box_train",
                                       "trainval", " trn ")],
        *[(name, "validation") for name in ("val", "Valid", "VALIDATION", "dev", "val_images",
                                            "val2014")],
        *[(name, "test") for name in ("test", "Testing", "eval", "evaluation", "test_set",
                                      "testSet", "bounding_box_test", "hold-out", "tst")],
        ("query", "query"), ("Queries", "query"), ("probe", "query"), ("gallery", "gallery"),
        *[(name, None) for name in ("trainer", "testament", "cat", "training shoes", "2017", "",
                                    "train_test", "device", "evaluator", "values", "images")],
    ],
)  # fmt: skip
def test_names_of_parts(name, part):
    assert part_of(name) == part


@pytest.mark.parametrize("name", ["train_images", "query", "gallery", "cat", ""])
def test_a_cell_names_a_split_in_one_word(name):
    assert part_of(name, strict=True) is None
    assert part_of(" Dev ", strict=True) == "validation"


@pytest.mark.parametrize(
    "form",
    [
        "{part}/{name}/{i}.png",
        "{name}/{part}/{i}.png",
        "images/{part}/deep/{name}/{i}.png",
        "{part}_images/{name}/{i}.png",
        "data/{name}/{part}-set/more/{i}.png",
    ],
)
@pytest.mark.parametrize("train", ["train", "Training", "TRAIN"])
def test_a_class_in_two_parts_is_never_two_classes(form, train):
    places = [
        form.format(part=part, name=f"kind{c}", i=i)
        for part in (train, "test")
        for c in range(3)
        for i in range(2)
    ]
    found = read_parts(places)
    assert len(set(found.classes)) == 3
    assert found.parts == ["train"] * 6 + ["test"] * 6
    with pytest.raises(OneshotError, match=r"kind0.*in train and in test.*--merge-parts"):
        split_of_parts(found.classes, found.parts)
    split, notes = split_of_parts(found.classes, found.parts, merge=True)
    assert split is None and "merged: 3 of 3 classes" in notes[0]


def test_one_shared_class_among_many_is_enough():
    classes = [f"c{n}" for n in range(20)]
    parts = ["train"] * 10 + ["test"] * 10
    assert split_of_parts(classes, parts)[0] == dict(zip(classes, parts, strict=True))
    with pytest.raises(OneshotError, match="'c3' is in train and in validation; 1 class is"):
        split_of_parts([*classes, "c3"], [*parts, "validation"])


@pytest.mark.parametrize(
    "beside", [["cat", "dog", "bird"], ["bus", "bicycle", "car", "val2017-notes"]]
)
def test_a_class_called_like_a_part_is_a_class_and_that_is_said(beside):
    places = [f"{name}/{i}.png" for name in ["test", *beside] for i in range(2)]
    found = read_parts(places)
    assert set(found.parts) == {None} and "test" in found.classes
    assert "'test' is a class like" in found.notes[0]


def test_a_class_called_like_a_part_inside_the_parts():
    places = [f"{part}/{name}/0.png" for part in ("train", "test") for name in "abc"]
    found = read_parts([*places, "train/test/0.png"])
    assert found.classes[-1] == "test" and found.parts[-1] == "train"
    assert "in 'train', 'test' is a class" in found.notes[0]


def test_what_could_be_either_is_refused_and_can_be_chosen():
    places = [f"{name}/x/0.png" for name in ("train", "test", "extra")]
    with pytest.raises(OneshotError, match=r"'test', 'train' name parts.*'extra'.*--parts none"):
        read_parts(places)
    found = read_parts(places, enabled=False)
    assert found.classes == ["train/x", "test/x", "extra/x"] and set(found.parts) == {None}


@pytest.mark.parametrize("place", ["train/x/test/0.png", "train/query/x/0.png"])
def test_a_path_of_two_parts_is_refused(place):
    with pytest.raises(OneshotError, match="two different parts"):
        read_parts([place, "train/y/val/0.png", "test/x/val/0.png", "train/query/y/1.png"])


def test_one_part_alone_is_no_split():
    found = read_parts(["train/a/0.png", "train/b/0.png"])
    assert found.classes == ["train/a", "train/b"] and "the only part" in found.notes[0]


def test_each_class_with_one_part_below_it():
    found = read_parts(["a/train/0.png", "b/train/0.png", "c/test/0.png"])
    assert found.classes == ["a", "b", "c"] and found.parts == ["train", "train", "test"]


def test_query_and_gallery_are_roles_of_the_test():
    found = read_parts(["train/a/0.png", "Query/b/0.png", "gallery/b/1.png"])
    assert found.parts == ["train", "test", "test"]
    assert found.roles == [None, "query", "gallery"]
    nested = read_parts(["train/a/0.png", "test/query/b/0.png", "test/gallery/b/1.png"])
    assert nested.parts == found.parts and nested.roles == found.roles
    assert nested.classes == found.classes == ["a", "b", "b"]


def test_classes_that_differ_by_case_alone_are_named():
    notes = split_of_parts(["Cat", "cat", "dog"], ["train", "test", "test"])[1]
    assert any("'Cat' (train) and 'cat' (test) differ by case" in note for note in notes)


def test_what_a_stated_split_lacks_is_taken_from_training():
    split = {f"c{n}": "train" if n < 8 else "test" for n in range(10)}
    found, notes = completed(split, (0.6, 0.2, 0.2))
    assert sum(part == "validation" for part in found.values()) == 2
    assert all(found[name] == "test" for name, part in split.items() if part == "test")
    assert "2 of 8 classes of the training part" in notes[0]
    only = completed({f"c{n}": ("train", "validation")[n % 2] for n in range(12)}, (0.6, 0.2, 0.2))
    assert set(only[0].values()) == {"train", "validation", "test"}
    assert "the validation part is the test" in only[1][0]
    few = completed({"a": "train", "b": "train", "c": "test", "d": "test"}, (0.6, 0.2, 0.2))
    assert "validation" not in few[0].values() and "refused" in few[1][0]
    with pytest.raises(OneshotError, match="All classes are for training"):
        completed({"a": "train"}, (0.6, 0.2, 0.2))


def tree_of_parts(root, form):
    for part, first in (("train", 0), ("test", 3)):
        for c in range(8):
            for i in range(first, first + 3):
                picture(root / form.format(part=part, name=f"k{c}", i=i), 100 * c + i)


@pytest.mark.parametrize("form", ["{part}/{name}/{i}.png", "{name}/{part}/{i}.png"])
def test_merged_parts_are_the_same_data_as_without_parts(tmp_path, form):
    tree_of_parts(tmp_path / "parts", form)
    tree_of_parts(tmp_path / "plain", "{name}/{i}.png")
    with pytest.raises(OneshotError, match="'k0' is in train and in test; 8 of 8 classes"):
        bring(tmp_path / "parts", tmp_path / "data")
    merged = bring(tmp_path / "parts", tmp_path / "data", merge_parts=True)
    plain = bring(tmp_path / "plain", tmp_path / "data")
    assert merged.verified.classes == plain.verified.classes == 8
    data = catalogue.load("mine", tmp_path / "data")
    assert np.bincount(data.labels).tolist() == [6] * 8
    all_of_them = bring(tmp_path / "parts", tmp_path / "data", test_only=True)
    assert all_of_them.verified.classes == 8, "nothing is trained, so that nothing leaks"


def test_parts_are_refused_before_any_image_is_decoded(tmp_path, monkeypatch):
    tree_of_parts(tmp_path / "parts", "{part}/{name}/{i}.png")
    monkeypatch.setattr("benchmark.datasets.own.images.scan", lambda *_: pytest.fail("decoded"))
    with pytest.raises(OneshotError, match="--merge-parts"):
        bring(tmp_path / "parts", tmp_path / "data")
    (tmp_path / "s.csv").write_text("class,split\nnone,test\n")
    with pytest.raises(OneshotError, match="no class 'none'"):
        bring(tmp_path / "parts", tmp_path / "data", split=tmp_path / "s.csv")
    (tmp_path / "t.toml").write_text("[tasks.inside]\nwithin = 'planet'\n")
    with pytest.raises(OneshotError, match="no group 'planet'"):
        bring(tmp_path / "parts", tmp_path / "data", config=tmp_path / "t.toml", merge_parts=True)


@pytest.mark.parametrize(
    "form", ["{part}_{name}", "{name}-{part}", "all/{name} ({part})/x", "{name}.{part}/deep"]
)
@pytest.mark.parametrize("train", ["train", "Training"])
def test_parts_in_the_names_of_classes_are_refused(form, train):
    names = [f"kind{c}" for c in range(4)]
    form = form.replace("({part})", "{part}")
    places = [
        f"{form.format(part=part, name=name)}/{i}.png"
        for part in (train, "test", "VAL")
        for name in names
        for i in range(2)
    ]
    with pytest.raises(OneshotError, match=r"one class in two parts.*; 4 classes of this kind"):
        read_parts(places)
    assert len(set(read_parts(places, enabled=False).classes)) == 12
    alone = [place for place in places if "test" in place]
    assert read_parts([*alone, "train_other/1.png"]).parts == [None] * (len(alone) + 1)


def test_support_and_query_are_a_gallery_and_its_queries():
    for gallery in ("support", "Enrolment", "enroll_images"):
        places = [
            f"{part}/kind{c}/{i}.png" for part in (gallery, "query") for c in (1, 2) for i in (1, 2)
        ]
        found = read_parts(places)
        assert set(found.classes) == {"kind1", "kind2"}
        assert found.roles == ["gallery"] * 4 + ["query"] * 4
