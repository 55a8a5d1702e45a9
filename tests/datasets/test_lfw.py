"""Labeled Faces in the Wild in torchvision's layout: lists, folds of people, what is named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmark.cli.app import app
from benchmark.datasets import catalogue, lfw, prepare
from benchmark.datasets.lfw_lists import PAIRS
from benchmark.datasets.summary import summarise
from benchmark.errors import OneshotError
from benchmark.evaluation.job import RunContext, RunSpec
from benchmark.evaluation.run import run
from benchmark.protocols.verification import task as pairs
from benchmark.registry import resolve
from benchmark.report.frame import to_frame
from benchmark.tasks import load_task, track
from benchmark.tasks.loading import split_of
from benchmark.tasks.tracks import of_fold
from tests.datasets.conftest import Files, encoded

FOLDS, EACH, PEOPLE = 10, 2, 3  # pairs of either label a fold, people a fold who are in pairs


def name(fold, person):
    return f"Fold{fold}_Person{person}"


def text(lines):
    return "\n".join("\t".join(map(str, line)) for line in lines).encode()


def face(person, number):
    random = np.random.Generator(np.random.Philox(key=[sum(map(ord, person)), number]))
    own = np.random.Generator(np.random.Philox(key=[sum(map(ord, person)), 7]))
    base = np.kron(own.integers(40, 216, (5, 5, 3)), np.ones((50, 50, 1)))
    return (base + random.integers(0, 20, (1, 1, 3))).astype(np.uint8)


@pytest.fixture(scope="module")
def made():
    """Ten folds of four people, one of whom no pair shows; three images each."""
    files = Files()
    for fold in range(FOLDS):
        for person in range(PEOPLE + 1):
            who = name(fold, person)
            for number in (1, 2, 3):
                content = encoded(face(who, number), "JPEG", quality=60)
                files[f"lfw-py/lfw_funneled/{who}/{who}_{number:04d}.jpg"] = content
    lines = [[FOLDS, EACH]]
    for fold in range(FOLDS):
        lines += [[name(fold, 0), 1, 2], [name(fold, 1), 1, 3]]
        lines += [[name(fold, 0), 1, name(fold, 1), 2], [name(fold, 1), 3, name(fold, 2), 1]]
    files["lfw-py/pairs.txt"] = text(lines)
    learn = [[name(fold, person), 1, 2] for fold in range(8) for person in (0, 1)]
    learn += [[name(fold, 0), 1, name(fold, 2), 2] for fold in range(8) for _ in (0, 1)]
    files["lfw-py/pairsDevTrain.txt"] = text([[len(learn) // 2], *learn])
    test = [[name(8, 0), 1, 2], [name(9, 0), 2, 3]]
    test += [[name(8, 0), 1, name(9, 0), 1], [name(8, 1), 1, name(9, 1), 1]]
    files["lfw-py/pairsDevTest.txt"] = text([[2], *test])
    return files


@pytest.fixture(autouse=True)
def fewer(monkeypatch):
    few = tuple(
        replace(family, trials=2) if family.track.startswith("lfw") else family
        for family in pairs.VERIFICATION
    )
    monkeypatch.setattr(pairs, "VERIFICATION", few)


@pytest.fixture(scope="module")
def stored(made, tmp_path_factory):
    root = tmp_path_factory.mktemp("lfw")
    brought = prepare.bring("lfw", made.to_folder(root / "tree"), root / "data")
    return root / "data", brought.notes


def test_images_and_pairs_of_both_views(stored):
    directory, notes = stored
    data = catalogue.load("lfw", directory)
    assert data.stored.shape == (90, 3, 125, 125) and len(data.class_names) == 30
    assert notes == (
        "images of lfw_funneled, pairs of pairs.txt, pairsDevTrain.txt, pairsDevTest.txt",
        "30 images of people whom no list names are left out",
    )
    assert np.bincount(data.class_groups("fold")).tolist() == [3] * 10
    listed = data.pairs.of("pairs.txt")
    assert len(listed) == 40 and listed.same.tolist() == [True, True, False, False] * 10
    labels = data.labels
    assert ((labels[listed.left] == labels[listed.right]) == listed.same).all()
    assert data.class_names[labels[listed.left[3]]] == name(0, 1)
    assert (
        np.abs(
            data.stored[listed.left[3], :, 20, 20].astype(int) - face(name(0, 1), 3)[40, 40]
        ).max()
        < 12
    )


def test_describe_counts_the_lists(stored):
    told = summarise(catalogue.load("lfw", stored[0]))
    assert ("pairs.txt", 20, 20) in told.pairs and ("pairsDevTest.txt", 2, 2) in told.pairs
    assert ("fold", 11, True) in told.groups and told.items == 90
    words = ["data", "describe", "lfw", "--data", str(stored[0])]
    said = CliRunner().invoke(app, words, catch_exceptions=False).stdout
    assert "pairs.txt: 20 pairs labelled the same, 20 different" in said


def test_people_of_the_folds_are_disjoint_and_everyone_is_tested_once(stored):
    directory, _ = stored
    data, home, tested = catalogue.load("lfw", directory), track("lfw"), []
    for fold in range(FOLDS):
        loaded = load_task("lfw-verification", directory, fold)
        twin = load_task("lfw-verification@validation", directory, fold)
        learned = split_of(of_fold(home, fold), ("train",), data)
        people = [set(loaded.classes), set(twin.classes), set(learned.class_names)]
        assert [len(each) for each in people] == [3, 3, 24] and len(set.union(*people)) == 30
        assert loaded.episodes.of_kind == twin.episodes.of_kind == (2, 2)
        assert len(learned.pairs) == 8 * 4 and learned.pairs.names == ("pairs.txt", *PAIRS[1:])
        tested += loaded.classes
    assert len(set(tested)) == 30


def test_view_1_learns_from_some_and_asks_about_others(stored):
    directory, _ = stored
    loaded = load_task("lfw-view1-verification", directory)
    twin = load_task("lfw-view1-verification@validation", directory)
    learned = split_of(track("lfw-view1"), ("train",), catalogue.load("lfw", directory))
    people = [set(loaded.classes), set(twin.classes), set(learned.class_names)]
    assert len(set.union(*people)) == sum(map(len, people)) and len(people[1]) == 5
    assert loaded.episodes.of_kind == (2, 2) and twin.episodes.of_kind == (2_000, 2_000)
    assert (learned.pairs.lists == 1).all() and len(learned.pairs) > 0, "pairsDevTrain.txt alone"


def test_lists_of_people_place_those_whom_no_pair_shows(made, tmp_path):
    files = Files(made)
    lines = [[FOLDS]]
    for fold in range(FOLDS):
        lines += [[PEOPLE + 1], *([name(fold, person), 3] for person in range(PEOPLE + 1))]
    files["lfw-py/people.txt"] = text(lines)
    data = lfw.read(files.to_zip(tmp_path / "lfw.zip")).data_set
    assert len(data) == 120 and np.bincount(data.class_groups("fold")).tolist() == [4] * 10


def test_an_image_folder_with_the_lists_beside_it_will_do(made, tmp_path, stored):
    files = Files({n.replace("lfw_funneled", "lfw-deepfunneled"): c for n, c in made.items()})
    del files["lfw-py/pairsDevTrain.txt"], files["lfw-py/pairsDevTest.txt"]
    root = files.to_folder(tmp_path / "tree") / "lfw-py"
    added = lfw.read(root / "lfw-deepfunneled")
    assert added.notes[0] == "images of lfw-deepfunneled, pairs of pairs.txt"
    assert np.array_equal(added.data_set.stored, catalogue.load("lfw", stored[0]).stored)
    prepare.bring("lfw", root, tmp_path / "data")
    with pytest.raises(OneshotError, match=r"no list of pairs 'pairsDevTest\.txt'"):
        load_task("lfw-view1-verification", tmp_path / "data")


def change(files, name, old, new):
    files[f"lfw-py/{name}"] = files[f"lfw-py/{name}"].replace(old.encode(), new.encode(), 1)


FIRST = "lfw-py/lfw_funneled/Fold0_Person0/Fold0_Person0_0001.jpg"


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda f: f.pop(FIRST), "lacks lfw_funneled/Fold0_Person0/Fold0_Person0_0001.jpg, which"),
        (lambda f: f.update({FIRST: f[FIRST][:300]}), "Fold0_Person0_0001.jpg' is"),
        (
            lambda f: f.update({FIRST: encoded(np.zeros((10, 20, 3), np.uint8), "JPEG")}),
            "is 20x10, expected 250x250",
        ),
        (
            lambda f: change(f, "pairs.txt", "10\t2", "10\t3"),
            "has 40 pairs, its first line says 60",
        ),
        (lambda f: change(f, "pairs.txt", "Person1\t1\t3", "Person1\t1"), r"pairs\.txt, line 3"),
        (
            lambda f: change(f, "pairs.txt", "1\tFold0_Person1", "1\tFold1_Person1"),
            "puts Fold1_Person1 into '1', who is in '0' already",
        ),
        (lambda f: f.pop("lfw-py/pairsDevTest.txt"), r"There is no pairsDevTest\.txt"),
        (
            lambda f: [f.pop(n) for n in list(f) if n.endswith(".txt")],
            r"There is no pairs\.txt.*Give the folder that holds lfw-py",
        ),
        (
            lambda f: [f.pop(n) for n in list(f) if n.endswith(".jpg")],
            "holds no image NAME/NAME_0001.jpg",
        ),
    ],
)
def test_what_is_wrong_is_named(made, tmp_path, spoil, says):
    files = Files(made)
    spoil(files)
    with pytest.raises(OneshotError, match=says):
        lfw.read(files.to_folder(tmp_path / "tree"))


def test_a_twin_is_trained_for_each_fold(stored, tmp_path):
    settings = {"threads": "1", "items": "64", "width": "0.125", "validations": "1",
                "input_size": "16", "batches": "pairs"}  # fmt: skip
    spec, home = resolve("siamese-conv4-euclidean-contrastive", settings), track("lfw")
    context = RunContext(stored[0], tmp_path / "results", tmp_path / "work")
    records = []
    for fold in (0, 9):
        job = RunSpec(spec, of_fold(home, fold), 0, "quick", ("lfw-verification",))
        records += run(job, context)
    assert [record.fold for record in records] == [0, 9]
    assert [record.task.episodes for record in records] == [4, 4]
    assert all(record.outcome.labels.kinds == ["genuine", "random"] for record in records)
    assert to_frame(records)["value"].between(0, 1).all()
