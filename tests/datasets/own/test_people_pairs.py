"""Lists of people's pairs as LFW writes them: any size and folds, with a first line or none."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.datasets import catalogue, prepare
from benchmark.datasets.own.bad import Bad
from benchmark.datasets.own.options import Options
from benchmark.datasets.own.people_pairs import file_of, read_lines
from benchmark.errors import OneshotError, Refused
from benchmark.tasks import load_task, task, track
from benchmark.tasks.own import described, looking_in
from benchmark.tasks.tracks import of_fold
from tests.datasets.own.conftest import picture


def bring(path, directory, **options):
    return prepare.bring("mine", path, directory, "pairs", options=Options(**{"side": 8} | options))


@pytest.fixture
def people(tmp_path):
    """Twelve people of four images each; fold f has the people f, f + 3, ..."""
    root = tmp_path / "faces"
    for p in range(12):
        for i in range(1, 5):
            picture(root / "aligned" / f"P_{p}" / f"P_{p}_{i:04d}.png", 10 * p + i, size=(12, 16))
    return root


def fold_lines(fold, folds, each=3):
    mine = [p for p in range(12) if p % folds == fold]
    same = [f"P_{mine[n % len(mine)]}\t{1 + n % 2}\t{3 + n % 2}" for n in range(each)]
    different = [f"P_{mine[n % len(mine)]}\t{1 + n % 4}\tP_{mine[(n + 1) % len(mine)]}\t2"
                 for n in range(each)]  # fmt: skip
    return same + different


def written(root, folds, header=None, each=3):
    lines = [line for fold in range(folds) for line in fold_lines(fold, folds, each)]
    (root / "pairs.txt").write_text("\n".join([*([header] if header else []), *lines]) + "\n")
    return root / "pairs.txt"


@pytest.mark.parametrize("separator", ["\t", " ", ",", "   ", ", "])
@pytest.mark.parametrize(("header", "count"), [("2 2", 2), ("8", 1), ("4", 1), (None, 1)])
def test_a_list_however_it_is_written(tmp_path, separator, header, count):
    rows = ["A_1 1 2", "B 3 4", "A_1 1 B 2", "B 1 A_1 2"] * 2
    rows = [row.replace(" ", separator) for row in rows]
    head = [] if header is None else [header.replace(" ", separator)]
    path = tmp_path / "list.txt"
    path.write_text("\n".join([*head, *rows, "", ""]), "utf-8")
    bad = Bad()
    lines, folds = read_lines(path, bad)
    assert (folds, len(lines), bad.items) == (count, 8, [])
    assert lines[0].first == ("A_1", 1) and lines[0].second == ("A_1", 2) and lines[0].same
    assert lines[2].second == ("B", 2) and not lines[2].same
    assert [line.fold for line in lines] == [0] * 4 + [count - 1] * 4
    assert file_of(path) == path


def test_names_may_hold_blanks_and_be_numbers(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("Ann van Lee\t1\t2\nAnn van Lee 1 Bob 3\n0007 1 2\n0007 1 0012 2\nÄ 1 ß 2\n")
    lines, _ = read_lines(path, Bad())
    assert [(line.first, line.second) for line in lines] == [
        (("Ann van Lee", 1), ("Ann van Lee", 2)),
        (("Ann van Lee", 1), ("Bob", 3)),
        (("0007", 1), ("0007", 2)),
        (("0007", 1), ("0012", 2)),
        (("Ä", 1), ("ß", 2)),
    ]


@pytest.mark.parametrize(
    "text",
    ["input1,input2,label\na.png,b.png,1\n", "x1 x2 y\n0.1 0.2 1\n", "", "1 2\n", "a,b,1\nc,d,0\n"],
)
def test_other_tables_are_no_such_lists(tmp_path, text):
    (tmp_path / "x.txt").write_text(text)
    assert file_of(tmp_path / "x.txt") is None


@pytest.mark.parametrize("folds", [2, 3, 4])
def test_each_fold_is_tested_once(people, tmp_path, folds):
    bring(written(people, folds, f"{folds}\t3"), tmp_path / "data")
    with looking_in(tmp_path / "data"):
        found, asked = track("mine"), task("mine-verification")
        assert (found.folds, asked.folds) == (folds, folds)
        assert "mine-verification (3 genuine, 3 different)" in described("mine")
        for fold in range(folds):
            loaded = load_task("mine-verification", tmp_path / "data", fold=fold)
            assert loaded.episodes.of_kind == (3, 3)
            parts = of_fold(found, fold)
            held = {name for part in (parts.train, parts.validation) for name in part.names}
            assert str(fold) not in held and len(parts.train.names) == folds - 2
            shown = {
                loaded.data.class_names[c] for c in loaded.data.labels[loaded.episodes.items()]
            }
            assert {int(name.split("_")[1]) % folds for name in shown} == {fold}


def test_folds_of_unlike_size_keep_their_own_pairs(people, tmp_path):
    path = written(people, 3, "3 3")
    path.write_text(path.read_text().replace("P_1\t1\t3", "P_1\t1\t9"))
    with pytest.raises(OneshotError, match="line 8: image 9 of 'P_1' is not there"):
        bring(path, tmp_path / "data")
    bring(path, tmp_path / "data", on_bad="skip")
    with looking_in(tmp_path / "data"):
        kinds = [
            load_task("mine-verification", tmp_path / "data", fold=fold).episodes.of_kind
            for fold in range(3)
        ]
        assert kinds == [(3, 3), (2, 3), (3, 3)]
        twin = load_task("mine-verification@validation", tmp_path / "data", fold=0)
        assert twin.episodes.of_kind == (2, 3), "the next fold validates"


@pytest.mark.parametrize("how", ["no first line", "one fold", "shared people", "--test-only"])
def test_a_single_test_where_folds_are_none(people, tmp_path, how):
    header = {"no first line": None, "one fold": "1 6"}.get(how, "2 3")
    path = written(people, 2, header)
    if how == "shared people":
        path.write_text(path.read_text().replace("P_1\t1\t3", "P_0\t1\t3"))
    brought = bring(path, tmp_path / "data", test_only=how == "--test-only")
    assert any("one test" in note for note in brought.notes)
    with looking_in(tmp_path / "data"):
        assert task("mine-verification").folds == 1
        assert load_task("mine-verification", tmp_path / "data").episodes.of_kind == (6, 6)
        assert not track("mine").train.names and not track("mine").validation.names
        with pytest.raises(Refused, match="labelled pairs"):
            task("mine-2w1s")


def test_the_pairs_are_those_of_the_list(people, tmp_path):
    bring(written(people, 2), tmp_path / "data")
    data = catalogue.load("mine", tmp_path / "data")
    assert len(data) == 48 and len(data.class_names) == 12
    same = data.labels[data.pairs.left] == data.labels[data.pairs.right]
    assert np.array_equal(same, data.pairs.same)
    first = data.stored[data.rows[data.pairs.left[0]]]
    assert np.array_equal(first, data.stored[list(data.labels).index(data.pairs.left[0] // 4)])


@pytest.mark.parametrize("place", ["folder", "file", "root"])
def test_where_the_people_are(people, tmp_path, place):
    path = written(people, 2)
    options = {}
    if place == "root":
        path = path.rename(tmp_path / "elsewhere.txt")
        options = {"root": people / "aligned"}
    brought = bring(people if place == "folder" else path, tmp_path / "data", **options)
    assert brought.verified.items == 48
    picture(people / "other/P_0/P_0_0001.png", 1)
    assert bring(people if place == "folder" else path, tmp_path / "data", **options), "the fuller"
    for p in range(12):
        picture(people / f"other/P_{p}/P_{p}_0001.png", 1)
    if place != "root":
        with pytest.raises(OneshotError, match="Both .* hold the people.*--root"):
            bring(path, tmp_path / "data", **options)


def test_mistakes_are_named(people, tmp_path):
    path = written(people, 2, "2 4")
    with pytest.raises(OneshotError, match="has 12 pairs, its first line says 16"):
        bring(path, tmp_path / "data")
    path = written(people, 2)
    path.write_text(path.read_text() + "P_0 1 1\nP_0 x y\nP_99 1 2\n")
    with pytest.raises(OneshotError) as error:
        bring(path, tmp_path / "data")
    for says in ("line 13: compares an image with itself", "line 14: 'P_0 x y' is not a pair",
                 "line 15: image 1 of 'P_99' is not there"):  # fmt: skip
        assert says in error.value.message
    with pytest.raises(Refused, match="--split-by does not apply"):
        bring(path, tmp_path / "data", split_by="parent")
    path.write_text("Q_0 1 2\nQ_1 1 2\n")
    with pytest.raises(OneshotError, match="No folder under .* is named like.*'Q_0'"):
        bring(path, tmp_path / "data")
