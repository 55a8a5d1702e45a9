"""Vectors in NPZ files and their precision: what arrays without headings hold is checked too."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.datasets import catalogue, prepare
from benchmark.datasets.own.options import Options
from benchmark.errors import OneshotError

COUNT = 48
LABELS = np.repeat([f"part{c:02d}" for c in range(12)], 4)
ROWS = np.arange(COUNT, dtype=float)
NOISE = np.random.Generator(np.random.Philox(5)).normal(size=(COUNT, 3))


def bring(path, directory, **options):
    brought = prepare.bring("mine", path, directory, "vectors", options=Options(**options))
    return catalogue.load("mine", directory), brought.reading


def arrays(path, x=NOISE, y=LABELS, **more):
    np.savez(path / "v.npz", x=x, y=y, **more)
    return path / "v.npz"


NOT_FEATURES = {
    "row numbers": ROWS,
    "falling": 1000 - 3 * ROWS,
    "steps": ROWS * 0.25,
    "shuffled": np.random.Generator(np.random.Philox(1)).permutation(COUNT) + 1.0,
    "code of the class": np.repeat(np.arange(12) * 5 % 12 + 0.5, 4),
}


@pytest.mark.parametrize("name", NOT_FEATURES)
@pytest.mark.parametrize("position", [0, 2])
def test_a_column_that_gives_the_class_away_is_refused(name, position, tmp_path):
    path = arrays(tmp_path, np.insert(NOISE, position, NOT_FEATURES[name], axis=1))
    with pytest.raises(OneshotError, match=rf"column {position} of the features .*--features NAME"):
        bring(path, tmp_path / "data")
    data, _ = bring(path, tmp_path / "data", features="x")  # named by its user
    assert data.stored.shape == (COUNT, 4)


@pytest.mark.parametrize("name", ["split", "Subset", "PARTITION"])
def test_an_array_of_splits_is_the_split(name, tmp_path):
    parts = np.repeat(["train", "dev", "TEST"], [24, 12, 12])
    data, reading = bring(arrays(tmp_path, **{name: parts}), tmp_path / "data")
    group = data.groups["split"]
    found = [group.names[code] for code in group.codes]
    assert found == np.repeat(["train", "validation", "test"], [24, 12, 12]).tolist()
    assert reading.understood["split"] == f"array '{name}'"
    assert not reading.left_out


def test_a_class_in_two_splits_is_refused_and_other_values_are_named(tmp_path):
    with pytest.raises(OneshotError, match="'part00' is in two parts"):
        bring(arrays(tmp_path, split=np.resize(["train", "test"], COUNT)), tmp_path / "data")
    _, reading = bring(
        arrays(tmp_path, split=np.resize(["train", "test"], COUNT)), tmp_path / "data",
        merge_parts=True,
    )  # fmt: skip
    assert [(each.name, each.reason) for each in reading.left_out] == [("split", "not used")]
    _, reading = bring(arrays(tmp_path, split=ROWS, ids=ROWS), tmp_path / "data")
    assert [each.name for each in reading.left_out] == ["split, ids"]


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        (np.zeros((COUNT, 8, 8), np.uint8), LABELS, "--kind folder"),
        (np.zeros((COUNT, 8, 8, 3), np.uint8), LABELS, "--kind folder"),
        (np.zeros(COUNT), LABELS, "np.savez"),
        (NOISE, np.eye(COUNT), "argmax"),
    ],
)
def test_other_shapes_are_refused_with_what_to_do(x, y, expected, tmp_path):
    with pytest.raises(OneshotError) as caught:
        bring(arrays(tmp_path, x, y), tmp_path / "data")
    assert expected in caught.value.hint


def table(path, x):
    pairs = zip(x.tolist(), LABELS.tolist(), strict=True)
    rows = [",".join([*map(repr, row), label]) for row, label in pairs]
    (path / "v.csv").write_text("\n".join(["a,b,c,label", *rows]))
    return path / "v.csv"


@pytest.mark.parametrize("write", [arrays, table])
def test_differences_that_32_bits_cannot_hold_are_refused(write, tmp_path):
    for x in (NOISE * 1e-6 + 1e6, NOISE + 1e9, -1e12 + NOISE):
        with pytest.raises(OneshotError, match="32 bits") as caught:
            bring(write(tmp_path, x), tmp_path / "data")
        assert "Subtract" in caught.value.hint


@pytest.mark.parametrize("write", [arrays, table])
def test_differences_that_32_bits_hold_coarsely_are_remarked(write, tmp_path):
    mixed = NOISE + np.array([0, 0, 1e9])
    for x, count in ((mixed, 1), (NOISE * 10 + 1e6, 3)):
        _, reading = bring(write(tmp_path, x), tmp_path / "data")
        assert any(each.startswith(f"{count} of 3 features") for each in reading.remarks)
    for x in (NOISE, NOISE * 1e-30, NOISE * 1e30, NOISE * 1e4 + 1e5, NOISE * [1, 1, 0] + 7.7):
        assert not bring(write(tmp_path, x), tmp_path / "data")[1].remarks
