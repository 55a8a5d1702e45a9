"""Which columns of a table are features: row numbers, ids and copies of the label are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmark.datasets import catalogue, prepare
from benchmark.datasets.own import table as tables
from benchmark.datasets.own.options import Options
from benchmark.datasets.own.reading import listed
from benchmark.errors import OneshotError

COUNT = 48


def noise() -> pd.DataFrame:
    """Noise of 12 classes: whatever tells them apart is no feature."""
    random = np.random.Generator(np.random.Philox(5))
    frame = pd.DataFrame(random.normal(size=(COUNT, 3)).round(4), columns=["f0", "f1", "f2"])
    frame["label"] = np.repeat([f"part{c:02d}" for c in range(12)], 4)
    return frame


def bring(path, directory, kind="vectors", **options):
    brought = prepare.bring("mine", path, directory, kind, options=Options(**options))
    return catalogue.load("mine", directory), brought.reading


ROWS = np.arange(COUNT)
NOT_FEATURES = {
    "no name": ("", ROWS * 37 % 101),
    "made-up name": ("Unnamed: 0", ROWS * 37 % 101),
    "by readr": ("...1", ROWS * 37 % 101),
    "id": ("id", ROWS * 37 % 101),
    "Index": ("Index", ROWS * 37 % 101),
    "sample_id": ("sample_id", ROWS * 37 % 101),
    "imageId": ("imageId", ROWS * 37 % 101),
    "target": ("Target", np.repeat(np.arange(12), 4)[::-1]),
    "rising": ("recorded", np.cumsum(ROWS % 3 + 1)),
    "falling": ("left", 1000 - ROWS),
    "step": ("seconds", ROWS * 0.25),
    "large": ("number of the part", 20240000000 + ROWS),
    "shuffled": ("position", np.random.Generator(np.random.Philox(1)).permutation(COUNT) + 1),
    "large and shuffled": ("x", 2**40 + ROWS * 31 % COUNT),
    "code of the class": ("kind", np.repeat(np.arange(12) * 5 % 12, 4)),
    "code of the class, not whole": ("mean", np.repeat(np.arange(12) * 5 % 12 + 0.5, 4)),
    "text": ("place", [f"p{n}" for n in ROWS]),
    "empty": ("remark", [""] * COUNT),
}


@pytest.mark.parametrize(("name", "values"), NOT_FEATURES.values(), ids=NOT_FEATURES)
@pytest.mark.parametrize("place", [0, 2])
def test_what_tells_the_class_without_looking_is_left_out_and_named(tmp_path, name, values, place):
    frame = noise()
    frame.to_csv(tmp_path / "plain.csv", index=False)
    plain, _ = bring(tmp_path / "plain.csv", tmp_path / "data")
    frame.insert(place, name, values)
    frame.to_csv(tmp_path / "x.csv", index=False)
    data, reading = bring(tmp_path / "x.csv", tmp_path / "data")
    assert data.digest == plain.digest
    assert reading.understood["features"] == ["f0", "f1", "f2"]
    (left,) = reading.left_out
    assert left.kind == "column" and (left.name == name or "without a name" in left.name)


def test_row_names_without_a_heading_are_no_feature(tmp_path):
    text = noise().to_csv(index=False).splitlines()
    rows = [text[0], *(f'"{n}",{line}' for n, line in enumerate(text[1:], 1))]
    (tmp_path / "r.csv").write_text("\n".join(rows))
    data, reading = bring(tmp_path / "r.csv", tmp_path / "data")
    assert data.channels == 3 and reading.left_out[0].name == "row names without a heading"


def test_rows_that_were_shuffled_keep_their_index_out(tmp_path):
    noise().sample(frac=1, random_state=3).to_csv(tmp_path / "x.csv")
    assert bring(tmp_path / "x.csv", tmp_path / "data")[0].channels == 3


@pytest.mark.parametrize(
    ("features", "taken"),
    [("f0,id", ["id", "f0"]), ("f*", ["f0", "f1", "f2"]), ("F 1", ["f1"]), ("*", None)],
)
def test_features_can_be_named(tmp_path, features, taken):
    frame = noise()
    frame.insert(0, "id", ROWS)
    frame.to_csv(tmp_path / "x.csv", index=False)
    data, reading = bring(tmp_path / "x.csv", tmp_path / "data", features=features)
    assert reading.understood["features"] == (taken or ["id", "f0", "f1", "f2"])
    assert data.channels == len(reading.understood["features"])


def test_whole_numbers_that_do_not_count_are_features(tmp_path):
    random = np.random.Generator(np.random.Philox(6))
    frame = noise()
    frame["age"] = random.integers(20, 60, COUNT)
    frame["y"] = random.integers(0, 9, COUNT)  # a coordinate, beside a column 'label'
    frame["zero"] = 0
    frame["flag"] = np.where(random.integers(0, 2, COUNT), "True", "False")
    frame["humid"] = random.integers(0, 9, COUNT)
    frame.to_csv(tmp_path / "x.csv", index=False)
    _, reading = bring(tmp_path / "x.csv", tmp_path / "data")
    names = ["f0", "f1", "f2", "age", "y", "zero", "flag", "humid"]
    assert reading.understood["features"] == names and not reading.left_out


def test_blocks_see_the_same_as_the_whole(tmp_path, monkeypatch):
    frame = noise()
    for number, (_, values) in enumerate(NOT_FEATURES.values()):
        frame[f"n{number}"] = values
    frame.to_csv(tmp_path / "x.csv", index=False)
    whole, at_once = bring(tmp_path / "x.csv", tmp_path / "data")
    monkeypatch.setattr(tables, "BLOCK_CELLS", 5 * frame.shape[1])
    blocks, by_blocks = bring(tmp_path / "x.csv", tmp_path / "data")
    assert whole.digest == blocks.digest and at_once == by_blocks


@pytest.mark.parametrize(
    "cell", ["", "NA", "nan", "inf", "-Infinity", "abc", "1_000", "1e300", "٣", "#N/A"]
)
def test_cells_that_are_no_numbers_are_named_by_line_and_column(tmp_path, cell):
    frame = noise().astype({"f1": object})
    frame.loc[4, "f1"] = cell
    frame.to_csv(tmp_path / "x.csv", index=False)
    with pytest.raises(OneshotError, match="^1 bad item: line 6: column 'f1' holds") as error:
        bring(tmp_path / "x.csv", tmp_path / "data")
    shown = "no number" if cell in ("", "nan") else cell.removesuffix("inity")
    assert shown.lower() in str(error.value).replace("e+", "e").lower()
    data, _ = bring(tmp_path / "x.csv", tmp_path / "data", on_bad="skip")
    assert len(data) == COUNT - 1 and data.channels == 3


def test_row_numbers_with_a_gap_are_row_numbers(tmp_path):
    frame = noise()
    frame.insert(0, "nth", [str(n) if n != 7 else "" for n in ROWS])
    frame.to_csv(tmp_path / "x.csv", index=False)
    assert bring(tmp_path / "x.csv", tmp_path / "data")[0].channels == 3


@pytest.mark.parametrize("sep", [";", ",", "\t"])
def test_decimal_commas_are_numbers_and_said(tmp_path, sep):
    frame = noise()
    frame.to_csv(tmp_path / "points.csv", index=False)
    expected, _ = bring(tmp_path / "points.csv", tmp_path / "data")
    frame.to_csv(tmp_path / "x.csv", index=False, sep=sep, decimal=",")
    data, reading = bring(tmp_path / "x.csv", tmp_path / "data")
    assert data.digest == expected.digest
    assert reading.understood["numbers"] == "written with decimal commas"


@pytest.mark.parametrize(
    ("f0", "f1", "says"),
    [
        ("1,234", "5", "may part thousands or decimals"),
        ("1,25", "0.5", "mixes decimal points .column 'f1'. and commas .column 'f0'"),
        ("1.234,5", "5", "line 2: column 'f0' holds '1.234,5'"),
        ("1,234,567", "5", "line 2: column 'f0' holds '1,234,567'"),
    ],
)
def test_commas_that_cannot_be_decided_are_refused(tmp_path, f0, f1, says):
    rows = [f"{n};{n};c{n // 2}" for n in (5, 3, 9, 7, 2, 8, 1, 4, 4, 2, 3)]
    (tmp_path / "x.csv").write_text("\n".join(["f0;f1;label", f"{f0};{f1};c0", *rows]))
    with pytest.raises(OneshotError, match=says):
        bring(tmp_path / "x.csv", tmp_path / "data")


def test_items_of_pairs_have_the_same_rules(tmp_path):
    random = np.random.Generator(np.random.Philox(7))
    frame = pd.DataFrame(random.normal(size=(80, 2)), columns=["a", "b"])
    frame.insert(0, "id", [f"{n:03d}" for n in range(80)])
    frame.to_csv(tmp_path / "items.csv")  # the row number comes along without a name
    rows = [(2 * n, 2 * n + 1, 1) for n in range(40)]
    rows += [(2 * n, 2 * (n ^ 1), 0) for n in range(0, 40, 2)]
    lines = ["input1,input2,label", *(f"{a:03d},{b:03d},{same}" for a, b, same in rows)]
    (tmp_path / "p.csv").write_text("\n".join(lines))
    items = tmp_path / "items.csv"
    data, reading = bring(tmp_path / "p.csv", tmp_path / "data", "pairs", items=items)
    assert data.channels == 2 and reading.understood["features"] == ["a", "b"]
    assert reading.left_out[0].name == "(column 1, without a name)"
    data, _ = bring(tmp_path / "p.csv", tmp_path / "data", "pairs", items=items, features="b")
    assert data.channels == 1


def test_names_that_count_are_listed_short():
    assert listed([f"f{n}" for n in range(6)]) == "f0 ... f5"
    assert listed([*(f"margin{n}" for n in range(1, 65)), "x", "y"]) == "margin1 ... margin64, x, y"
    assert listed(list("qwertzuiopasdf")) == "q, w, e, r, t, z, u, ..., f"
