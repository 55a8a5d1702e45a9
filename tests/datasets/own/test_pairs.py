"""Labelled pairs from tables: what is the same, what is wrong by its line, splits without leaks."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from benchmark.datasets import catalogue, glyphs, prepare
from benchmark.datasets.own.options import Options
from benchmark.errors import OneshotError, Refused

NUMBERS = [(f"{n} 0.5", f"{n + 0.1:.1f},0.5", 1) for n in range(40)]
NUMBERS += [(f"{n} 0.5", f"{n} 9", 0) for n in range(40)]


def table(path, rows, head="input1,input2,label"):
    lines = [head, *(",".join(f'"{cell}"' for cell in row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def bring(path, directory, kind="pairs", **options):
    brought = prepare.bring("mine", path, directory, kind, options=Options(**options))
    return catalogue.load("mine", directory), brought.notes


@pytest.fixture
def drawings(tmp_path):
    """Glyphs as files, three hands of 30 letters: 60 same pairs, 60 different ones by threes."""
    data = glyphs.load()
    root = tmp_path / "drawings"
    root.mkdir()

    def file(letter, hand):
        name = f"{letter:02d}-{hand}.png"
        item = np.flatnonzero(data.labels == 20 * letter)[hand]
        Image.fromarray(255 - data.stored[data.rows[item]][0]).save(root / name)
        return name

    rows = []
    for letter in range(30):
        near = 3 * (letter // 3) + (letter + 1) % 3
        rows += [(file(letter, 0), file(letter, hand), "same") for hand in (1, 2)]
        rows += [(file(letter, hand), file(near, 0), "different") for hand in (1, 2)]
    return table(root / "pairs.csv", rows), rows


def splits_of(data):
    codes = data.groups["split"].codes
    return codes[data.pairs.left], codes[data.pairs.right]


def test_images_of_pairs_become_items_once_each_and_no_pair_is_lost(drawings, tmp_path):
    path, rows = drawings
    data, notes = bring(path, tmp_path / "data", side=28, colour="grey", family="character")
    assert (len(data), len(data.class_names), len(data.pairs)) == (90, 30, 120)
    left, right = splits_of(data)
    assert (left == right).all() and set(left.tolist()) == {0, 1, 2}
    assert (
        data.labels[data.pairs.left] == data.labels[data.pairs.right]
    ).tolist() == data.pairs.same.tolist()
    assert data.pairs.same.sum() == 60
    assert "split by connected items: every pair lies inside one split" in notes
    assert data.class_names[0] == rows[0][0], "a class is called after its first image"
    near = np.array([int(data.class_names[c][:2]) // 3 for c in data.labels])
    together = {(a, b) for a, b in zip(near, data.groups["connected"].codes, strict=True)}
    assert len(together) == 10, "letters that are told apart are one group, for batches by groups"
    test = data.take(np.flatnonzero(data.groups["split"].codes == 2))
    assert len(test.pairs) == int((left == 2).sum()) and test.pairs.left.max() < len(test)


def test_the_split_depends_on_names_alone(drawings, tmp_path):
    path, rows = drawings
    mixed = [rows[n] for n in np.random.Generator(np.random.Philox(1)).permutation(len(rows))]
    random = [(a, b, label) for (a, _, _), (_, b, label) in zip(rows, mixed, strict=True) if a != b]
    hanging = [row for row in rows if row[2] == "same"]
    hanging += [(a, b, "0") for a, b, _ in random if a[:2] != b[:2]]
    for pairs in (rows, hanging):  # split by components, and by classes
        found = []
        for order in (pairs, pairs[::-1]):
            data, _ = bring(table(path, order), tmp_path / "data", side=28)
            contents = [image.tobytes() for image in data.stored]
            found.append(dict(zip(contents, data.groups["split"].codes.tolist(), strict=True)))
        assert len(set(found[0].values())) == 3
        several = [content for content in found[0] if content in found[1]]
        assert len(several) > 80 and all(found[0][c] == found[1][c] for c in several)


def test_vectors_in_the_cells(tmp_path):
    data, _ = bring(table(tmp_path / "p.csv", NUMBERS), tmp_path / "data")
    assert data.family == "vector" and data.stored.shape == (120, 2)
    assert len(data.pairs) == 80 and len(data.class_names) == 80
    first = data.pairs.left[0], data.pairs.right[0]
    assert data.stored[list(first)].tolist() == [[0, 0.5], [np.float32(0.1), 0.5]]


@pytest.mark.parametrize("kind", ["csv", "npz"])
def test_vectors_by_their_ids(tmp_path, kind):
    values = (np.arange(160, dtype=np.float32).reshape(80, 2) * 37) % 161
    rows = [(2 * n, 2 * n + 1, "yes") for n in range(40)]
    rows += [(2 * n, 2 * (n ^ 1), "no") for n in range(0, 40, 2)]
    if kind == "npz":
        np.savez(tmp_path / "v.npz", x=values)
    else:
        rows = [(f"{a:03d}", f"{b:03d}", label) for a, b, label in rows]
        lines = ["id,x,y", *(f"{n:03d},{x},{y}" for n, (x, y) in enumerate(values))]
        (tmp_path / "v.csv").write_text("\n".join(lines))
    path = table(tmp_path / "p.csv", rows)
    data, _ = bring(path, tmp_path / "data", items=tmp_path / f"v.{kind}")
    assert data.stored.shape == (80, 2) and len(data.pairs) == 60
    table(path, [*rows, ("999", rows[0][0], "no")])
    with pytest.raises(OneshotError, match=rf"line 62: '999' is not among the rows of v\.{kind}"):
        bring(path, tmp_path / "data", items=tmp_path / f"v.{kind}")


def test_texts_that_are_equal_are_one_item(tmp_path):
    rows = [(f"who is {n}", f"who's {n}", 1) for n in range(40)]
    rows += [(f" who is {n} ", f"where is {n}?", 0) for n in range(40)]
    head = "question1,question2,is_duplicate"
    data, notes = bring(table(tmp_path / "q.csv", rows, head), tmp_path / "data")
    assert data.family == "text" and len(data) == 120 and len(data.pairs) == 80
    assert not any("holds the same" in note for note in notes), "white space is no other text"


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (("0 0.5", "0.1 0.5", "maybe"), "line 82: has the label 'maybe', expected 1 or 0"),
        (("0 0.5", "word", 1), "line 82: 'word' holds no numbers"),
        (("0 0.5", "1 2 3", 1), "line 82: '1 2 3' holds 3 numbers, expected 2"),
        (("0 0.5", "nan 1", 1), "line 82: 'nan 1' holds a missing or infinite number"),
        (("0 0.5", "0 0.5", 0), "line 82: compares '0 0.5' with itself"),
        (("0.1,0.5", "0 0.5", 0), "line 82: contradicts line 2: the same pair"),
        (("0.1 0.5", "0 9", 1), r"line 42: says that '0 0.5' and '0 9' are different.*lines 2, 82"),
    ],
)
def test_a_bad_line_is_named_and_can_be_left_out(tmp_path, row, says):
    path = table(tmp_path / "p.csv", [*NUMBERS, row])
    with pytest.raises(OneshotError, match=says):
        bring(path, tmp_path / "data", of="vectors")
    data, notes = bring(path, tmp_path / "data", of="vectors", on_bad="skip")
    assert any(note.startswith("left out line") for note in notes)
    assert len(data.pairs) == 80


def test_lines_are_those_of_the_file(tmp_path):
    rows = [(f"who is {n}", f"who's {n}", 1) for n in range(40)]
    rows += [(f"who is {n}", f"where\nis {n}?", 0) for n in range(40)]
    path = table(tmp_path / "p.csv", rows)
    path.write_text(path.read_text() + '\n\n"who is 1","what is 1","perhaps"\n')
    with pytest.raises(OneshotError, match=r"^1 bad item: line 124: has the label 'perhaps'"):
        bring(path, tmp_path / "data")


def test_files_that_are_missing_damaged_or_copies_are_named_by_line(drawings, tmp_path):
    path, rows = drawings
    folder = path.parent
    (folder / "copy.png").write_bytes((folder / rows[0][0]).read_bytes())
    (folder / "cut.png").write_bytes((folder / rows[0][0]).read_bytes()[:60])
    (tmp_path / "out.png").write_bytes((folder / rows[0][0]).read_bytes())
    other = rows[4][0]
    wrong = [("gone.png", other, 0), ("cut.png", other, 0), ("../out.png", other, 0)]
    table(path, [*rows, *wrong, ("copy.png", rows[0][1], 1), ("copy.png", rows[0][0], 1)])
    with pytest.raises(OneshotError) as error:
        bring(path, tmp_path / "data", side=28)
    for said in (
        "line 122: 'gone.png' is not there", "line 123: 'cut.png' is",
        "line 124: '../out.png' lies outside the table's folder",
        f"line 126: compares '{rows[0][0]}' with itself",
    ):  # fmt: skip
        assert said in str(error.value)
    data, notes = bring(path, tmp_path / "data", side=28, on_bad="skip")
    assert f"line 125: 'copy.png' holds the same as '{rows[0][0]}'; taken as one item" in notes
    assert "1 line repeats an earlier pair: it counts once" in notes
    assert len(data) == 90 and len(data.pairs) == 120


def test_pairs_that_all_hang_together_are_split_by_what_is_the_same(tmp_path):
    random = np.random.Generator(np.random.Philox(5))
    rows = [(f"{n} {k}", f"{n} {k + 1}", 1) for n in range(60) for k in range(3)]
    for _ in range(400):
        a, b = random.choice(60, 2, replace=False)
        rows.append((f"{a} {random.integers(4)}", f"{b} {random.integers(4)}", 0))
    data, notes = bring(table(tmp_path / "p.csv", rows), tmp_path / "data")
    left, right = splits_of(data)
    assert (left == right).all() and data.pairs.same.sum() == 180, "same pairs are never lost"
    (said,) = [note for note in notes if "lie across splits" in note]
    lost = (
        400
        - sum("repeat" in n and int(n.split()[0]) for n in notes)
        - int((~data.pairs.same).sum())
    )
    assert f"; {lost} of " in said and "line" in said
    for c in range(len(data.class_names)):
        assert len(set(data.groups["split"].codes[data.labels == c].tolist())) == 1


def named_splits(n):
    return ("train", "val", "test")[min(n // 20, 2)]


def test_splits_can_be_named_line_by_line(tmp_path):
    rows = [(a, b, label, named_splits(n % 40 + 10)) for n, (a, b, label) in enumerate(NUMBERS)]
    head = "input1,input2,label,split"
    data, notes = bring(table(tmp_path / "p.csv", rows, head), tmp_path / "data")
    assert np.bincount(splits_of(data)[0]).tolist() == [20, 40, 20]
    assert "train: 10 pairs the same, 10 different" in notes
    wrong = [*rows, ("0 0.5", "39.1 0.5", 0, "train"), ("a", "b", 0, "tomorrow")]
    with pytest.raises(OneshotError) as error:
        bring(table(tmp_path / "p.csv", wrong, head), tmp_path / "data", of="vectors")
    assert "line 82: '39.1,0.5' is in test by an earlier line and in train by this" in str(
        error.value
    )
    assert "line 83: 'a' holds no numbers" in str(error.value)
    assert "has the split 'tomorrow', expected one of train, validation, test" in str(error.value)


def test_a_split_without_one_of_the_labels_is_refused(tmp_path):
    path = table(tmp_path / "p.csv", [row for row in NUMBERS if row[2] or row[0] == "3 0.5"])
    with pytest.raises(OneshotError, match="No pair labelled different is in the split"):
        bring(path, tmp_path / "data")


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"group": "parent"}, Refused, "--group is about classes"),
        ({"of": "smells"}, OneshotError, "choice for --of"),
        ({"kind": "text", "of": "texts"}, Refused, "are about labelled pairs"),
        ({"label": "truth"}, OneshotError, "no column 'truth'"),
    ],
)
def test_options_that_make_no_sense(tmp_path, options, error, says):
    with pytest.raises(error, match=says):
        bring(table(tmp_path / "p.csv", NUMBERS), tmp_path / "data", **options)


def test_another_label_is_another_data_set(tmp_path):
    first, _ = bring(table(tmp_path / "p.csv", NUMBERS), tmp_path / "data")
    changed = [*NUMBERS[:-1], (*NUMBERS[-1][:2], 1)]
    second, _ = bring(table(tmp_path / "p.csv", changed), tmp_path / "data")
    assert first.digest != second.digest
    assert catalogue.verify("mine", tmp_path / "data").digest == second.digest
