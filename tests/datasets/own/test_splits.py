"""Splits by group, imitations, copies and data that only test."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from benchmark.datasets import catalogue, prepare
from benchmark.datasets.description import read_description
from benchmark.datasets.own.imitations import Imitations
from benchmark.datasets.own.options import Options
from benchmark.datasets.split import SPLITS, by_groups
from benchmark.errors import OneshotError
from tests.datasets.own.conftest import picture


def bring(path, directory, kind="folder", **options):
    return prepare.bring("mine", path, directory, kind, options=Options(**{"side": 8} | options))


def split_of(directory):
    data = catalogue.load("mine", directory)
    codes = data.class_groups("split").tolist()
    return {name: SPLITS[c] for name, c in zip(data.class_names, codes, strict=True)}


def own(directory):
    return read_description("mine", directory)["own"]


@pytest.fixture
def writers(tmp_path):
    """Twelve writers, four signatures of each and three imitations, in folders side by side."""
    root = tmp_path / "signatures"
    for w in range(12):
        for i in range(7):
            folder = f"w{w:03d}" + "_forged" * (i > 3)
            picture(root / folder / f"{i}.png", 100 * w + i)
    return root


@pytest.mark.parametrize("split_by", [r"w\d+", r"(?P<writer>w\d\d\d)", r"^(w[0-9]*)"])
def test_no_writer_is_in_two_splits(writers, tmp_path, split_by):
    bring(writers, tmp_path / "data", split_by=split_by)
    split = split_of(tmp_path / "data")
    assert len(split) == 24 and set(split.values()) == set(SPLITS)
    for w in range(12):
        assert split[f"w{w:03d}"] == split[f"w{w:03d}_forged"]
    bring(writers, tmp_path / "data")
    plain = split_of(tmp_path / "data")
    assert any(plain[f"w{w:03d}"] != plain[f"w{w:03d}_forged"] for w in range(12)), "else no test"


@pytest.mark.parametrize("split_by", ["1", "parent"])
def test_folder_levels_are_groups(tmp_path, split_by):
    for person in range(7):
        for shoe in range(2):
            for i in range(2):
                name = f"p{person}/shoe{person}{shoe}/{i}.png"
                picture(tmp_path / "tree" / name, 100 * person + 10 * shoe + i)
    brought = bring(tmp_path / "tree", tmp_path / "data", split_by=split_by)
    split = split_of(tmp_path / "data")
    for person in range(7):
        assert len({p for name, p in split.items() if name.startswith(f"p{person}/")}) == 1
    assert any("7 values is in two splits" in note for note in brought.notes)


def test_a_column_is_a_group(tree, tmp_path):
    lines = ["path,label,shop"]
    for n, file in enumerate(sorted(tree.glob("*/*/*.png"))):
        lines.append(f"{file.relative_to(tree)},k{n // 3},s{n // 6}")
    (tree / "t.csv").write_text("\n".join(lines), "utf-8")
    bring(tree / "t.csv", tmp_path / "data", "csv", group="shop", split_by="shop")
    split = split_of(tmp_path / "data")
    assert [split[f"k{n}"] == split[f"k{n + 1}"] for n in (0, 2, 4, 6)] == [True] * 4


def test_classes_that_share_a_value_stay_together_or_cannot_be_split(tmp_path):
    for c in range(8):
        for i in range(3):  # everyone photographed everything
            picture(tmp_path / f"tree/k{c}/person{i}.png", 10 * c + i)
    with pytest.raises(OneshotError, match="1 separate group of classes cannot be split"):
        bring(tmp_path / "tree", tmp_path / "data", split_by=r"person\d")


def test_a_stated_split_is_checked_against_the_groups(writers, tmp_path):
    names = sorted(folder.name for folder in writers.iterdir())
    parts = [SPLITS[n % 3] for n in range(len(names))]
    rows = [f'{part} = ["{{}}"]' for part in SPLITS]
    del rows
    lists = {p: [n for n, q in zip(names, parts, strict=True) if p == q] for p in SPLITS}
    text = "[splits]\n" + "\n".join(f"{part} = {held}" for part, held in lists.items())
    (tmp_path / "s.toml").write_text(text.replace("'", '"'))
    with pytest.raises(OneshotError, match="'w000' .train. and 'w000_forged' .validation. belong"):
        bring(writers, tmp_path / "data", split_by=r"w\d+", config=tmp_path / "s.toml")


def test_groups_of_unlike_sizes_give_every_split_its_share():
    groups = {f"c{n}": f"g{n // 10}" for n in range(30)}
    split = by_groups("x", groups)
    assert {split[name] for name in groups} == set(SPLITS)
    groups = {f"c{n:03d}": f"g{n // 3}" for n in range(300)}
    counts = [list(by_groups("x", groups).values()).count(part) for part in SPLITS]
    assert sum(counts) == 300 and 54 <= counts[1] <= 66 and 54 <= counts[2] <= 66
    assert list(by_groups("x", groups, (0.5, 0, 0.5)).values()).count("validation") == 0
    with pytest.raises(ValueError, match="fewer than 2"):
        by_groups("x", dict.fromkeys("abcdefgh", "one"))


@pytest.mark.parametrize(
    ("pattern", "forged", "place", "genuine"),
    [
        ("_forged", "w001_forged", "w001_forged/1.png", "w001"),
        ("forged", "w001/forged", "w001/forged/1.png", "w001/genuine"),
        ("^forged/", "forged/w001", "forged/w001/1.png", "genuine/w001"),
        ("_forg$", "w001_forg", "w001_forg/1.png", "w001_org"),
        (r"fake_(w\d+)", "fake_w001", "fake_w001/1.png", "w001"),
        (r"by(\d+)_of_(?P<of>w\d+)", "by3_of_w001", "by3_of_w001/1.png", "w001"),
        ("forg", "w001", "w001/forg_3.png", "w001"),
    ],
)
def test_whom_an_imitation_imitates(pattern, forged, place, genuine):
    imitations = Imitations(pattern)
    assert imitations.of(genuine, f"{genuine}/1.png") is None
    key = imitations.of(forged, place)
    others = [genuine, genuine.replace("w001", "w002"), genuine.replace("w001", "w0010")]
    assert imitations.targets([key], others) == {key: genuine}


def test_imitations_join_the_class_that_they_imitate(writers, tmp_path):
    brought = bring(writers, tmp_path / "data", imitations="_forged")
    data = catalogue.load("mine", tmp_path / "data")
    assert brought.verified.classes == 12 and data.groups["kind"].names == ("forged", "genuine")
    assert np.bincount(data.labels[data.groups["kind"].codes == 0]).tolist() == [3] * 12
    assert own(tmp_path / "data")["imitations"] == "kind"


def test_imitations_of_nobody_are_bad(writers, tmp_path):
    picture(writers / "w099_forged/0.png", 9999)
    with pytest.raises(OneshotError, match=r"w099_forged/0.png: imitates 'w099', of which"):
        bring(writers, tmp_path / "data", imitations="_forged")
    brought = bring(writers, tmp_path / "data", imitations="_forged", on_bad="skip")
    assert brought.verified.classes == 12
    for pattern, says in (("nothing", "matches nothing"), ("w", "matches every item")):
        with pytest.raises(OneshotError, match=says):
            bring(writers, tmp_path / "data", imitations=pattern)
    with pytest.raises(OneshotError, match="not a valid regular expression"):
        bring(writers, tmp_path / "data", imitations="(")


def copied(tree, source, *targets):
    for target in targets:
        shutil.copy(tree / source, tree / target)


def test_copies_are_named_by_file_within_and_across_classes(tree, tmp_path):
    copied(tree, "a/b/cam0_1.png", "a/b/again.png", "b/h/other.png")
    brought = bring(tree, tmp_path / "data")
    text = "\n".join(brought.notes)
    assert "2 items are copies of another" in text
    for name in ("a/b/again.png", "b/h/other.png", "a/b/cam0_1.png"):
        assert name in text
    data = catalogue.load("mine", tmp_path / "data")
    stored = [data.stored[row].tobytes() for row in data.rows]
    copies = own(tmp_path / "data")["copies"]
    assert len(copies) == 2 and len(set(stored)) == 24
    assert {stored[item] for item in copies} <= {
        stored[item] for item in range(len(data)) if item not in copies
    }


@pytest.mark.parametrize("how", ["inside", "across", "all"])
def test_a_class_of_copies_is_a_bad_class(tree, tmp_path, how):
    sources = {"inside": ["b/h/cam0_7.png"] * 3, "across": [f"a/b/cam{i}_1.png" for i in range(3)],
               "all": ["a/b/cam0_1.png"] * 3}[how]  # fmt: skip
    for i, source in enumerate(sources):
        if source != f"b/h/cam{i}_7.png":
            copied(tree, source, f"b/h/cam{i}_7.png")
    split = "class,split\n" + "".join(
        f"{name},{part}\n"
        for name, part in zip(
            ["a/ä", "a/b", "a/c", "a/日本", "b/e", "b/f", "b/g", "b/h"],
            ["train"] * 4 + ["validation"] * 2 + ["test"] * 2,
            strict=True,
        )
    )
    (tmp_path / "s.csv").write_text(split + "a/more,test\n", "utf-8")
    for i in range(2):
        picture(tree / f"a/more/{i}.png", 500 + i)
    left = {"inside": "2 of 3 items are copies of another; 1 is", "across": "3 of 3 .*; 0 are",
            "all": "3 of 3 .*; 0 are"}[how]  # fmt: skip
    with pytest.raises(OneshotError, match=f"class 'b/h': {left} left.*--on-bad skip"):
        bring(tree, tmp_path / "data", split=tmp_path / "s.csv")
    brought = bring(tree, tmp_path / "data", split=tmp_path / "s.csv", on_bad="skip")
    assert brought.verified.classes == 8
    assert any("left out class 'b/h'" in note for note in brought.notes)


@pytest.mark.parametrize("options", [{"test_only": True}, {"fractions": (0.0, 0.0, 1.0)}])
@pytest.mark.parametrize("classes", [8, 2])
def test_all_classes_can_be_tested(tree, tmp_path, options, classes):
    for folder in sorted(tree.glob("*/*"))[classes:]:
        shutil.rmtree(folder)
    for folder in ("a", "b"):
        if (tree / folder).exists() and not list((tree / folder).iterdir()):
            (tree / folder).rmdir()
    brought = bring(tree, tmp_path / "data", **options)
    assert set(split_of(tmp_path / "data").values()) == {"test"}
    assert any("nothing is trained" in note and "calibrated" in note for note in brought.notes)


@pytest.mark.parametrize(
    ("fractions", "counts"), [((0.5, 0, 0.5), [4, 0, 4]), ((0, 0.5, 0.5), [0, 4, 4])]
)
def test_a_fraction_of_zero_is_a_split_that_is_not_there(tree, tmp_path, fractions, counts):
    bring(tree, tmp_path / "data", fractions=fractions)
    held = list(split_of(tmp_path / "data").values())
    assert [held.count(part) for part in SPLITS] == counts


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"test_only": True, "split_by": "parent"}, "--split-by would split"),
        ({"test_only": True, "fractions": (0.8, 0.1, 0.1)}, "--fractions would split"),
        ({"fractions": (1.0, 0.0, 0.0)}, "nothing to test.*--test-only"),
        ({"fractions": (1.5, -0.5, 0.0)}, "must not be negative"),
        ({"trials": 0}, "--trials 0 must lie"),
        ({"parts": "some"}, "--parts"),
    ],
)
def test_options_that_contradict_each_other(tree, tmp_path, options, says):
    with pytest.raises(OneshotError, match=says):
        bring(tree, tmp_path, **options)
