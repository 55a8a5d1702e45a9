"""Tables of paths, vectors and texts: columns by name, bad rows by number, arrays as they are."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmark.datasets import catalogue, prepare
from benchmark.datasets.own.options import Options
from benchmark.errors import OneshotError


def bring(path, directory, kind, **options):
    return prepare.bring("mine", path, directory, kind, options=Options(**{"side": 8} | options))


def rows(count=8, each=3) -> pd.DataFrame:
    """Vectors of eight classes, with a site each."""
    random = np.random.Generator(np.random.Philox(2))
    frame = pd.DataFrame(random.normal(size=(count * each, 4)).round(3), columns=list("pqrs"))
    frame["label"] = np.repeat([f"c{i}" for i in range(count)], each)
    frame["site"] = np.tile(["north", "south", "west"], count)
    return frame


def test_a_table_of_paths(tree, tmp_path):
    files = sorted(p.relative_to(tmp_path).as_posix() for p in tree.rglob("*.png"))
    table = pd.DataFrame({"path": files, "class": [Path(f).parent.name for f in files]})
    table["site"] = [Path(f).stem[:4] for f in files]
    table.to_csv(tmp_path / "list.csv", index=False)
    assert not bring(tmp_path / "list.csv", tmp_path / "data", "csv", group="site").notes
    data = catalogue.load("mine", tmp_path / "data")
    assert (len(data), len(data.class_names)) == (24, 8)
    assert data.groups["site"].names == ("cam0", "cam1", "cam2")

    table.loc[0, "path"] = "../outside.png"
    table.loc[1, "path"] = "tree/absent.png"
    table.loc[2, "class"] = ""
    table.loc[5, "path"] = table.loc[4, "path"]
    table.to_csv(tmp_path / "list.csv", index=False)
    with pytest.raises(OneshotError) as failure:
        bring(tmp_path / "list.csv", tmp_path / "data", "csv")
    for part in ("../outside.png: lies outside", "absent.png: is not there",
                 "has no label", "is listed twice (line 6 and line 7)"):  # fmt: skip
        assert part in failure.value.message


@pytest.mark.parametrize("ending", ["csv", "npz"])
def test_vectors_are_stored_as_they_are(tmp_path, ending):
    frame = rows()
    path = tmp_path / f"mine.{ending}"
    if ending == "csv":
        frame.to_csv(path, index=False)
    else:
        arrays = {
            "features": frame[list("pqrs")].to_numpy(),
            "labels": frame["label"].to_numpy(str),
        }
        np.savez(path, site=frame["site"].to_numpy(str), **arrays)
    bring(path, tmp_path / "data", "vectors", group="site")
    data = catalogue.load("mine", tmp_path / "data")
    assert data.family == "vector" and data.stored.dtype == np.float32
    assert np.array_equal(data.stored, frame[list("pqrs")].to_numpy(np.float32))
    assert data.groups["site"].names == ("north", "south", "west")
    assert np.bincount(data.class_groups("split")).tolist() == [4, 2, 2]


def test_bad_rows_of_vectors_are_named_by_line(tmp_path):
    frame = rows()
    frame.loc[1, "p"], frame.loc[4, "q"], frame.loc[7, "r"] = np.nan, np.inf, 1e300
    frame.loc[9, "label"] = ""
    frame.to_csv(tmp_path / "x.csv", index=False)
    with pytest.raises(
        OneshotError,
        match="line 3: column 'p' holds no number.*line 6: column 'q' holds 'inf'.*"
        "line 9: column 'r' holds '1e.300'.*line 11: has no lab",
    ):
        bring(tmp_path / "x.csv", tmp_path, "vectors", group="site")
    brought = bring(tmp_path / "x.csv", tmp_path, "vectors", group="site", on_bad="skip")
    assert brought.verified.items == 20 and len(brought.notes) == 4


@pytest.mark.parametrize(
    ("change", "options", "says"),
    [
        (
            lambda f: f.rename(columns={"label": "kind"}),
            {},
            "no column 'label' or 'class' or .*--label COLUMN",
        ),
        (lambda f: f, {"label": "nothing"}, "no column 'nothing'; it has p, q"),
        (lambda f: f[["label", "site"]], {}, r"has no features \(site: holds text\)"),
        (lambda f: f, {"features": "p,nothing"}, "no column 'nothing'"),
        (lambda f: f, {"features": "p,label"}, "'label' is the label"),
        (lambda f: f[["label"]], {}, "has no features"),
        (lambda f: f, {"group": "planet"}, "no column 'planet'"),
    ],
)
def test_tables_that_lack_something_are_refused(tmp_path, change, options, says):
    change(rows()).to_csv(tmp_path / "x.csv", index=False)
    with pytest.raises(OneshotError, match=says):
        bring(tmp_path / "x.csv", tmp_path, "vectors", **options)


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"x": np.eye(4)}, "no array label or"),
        ({"y": np.arange(4)}, "no array x or"),
        ({"x": np.zeros((2, 2, 2)), "y": np.arange(2)}, r"must be numbers \[n, d\]"),
        ({"x": np.eye(4), "y": np.arange(3)}, "labels have shape"),
        ({"x": np.array([{}], dtype=object), "y": np.arange(1)}, "no NPZ file of plain arrays"),
    ],
)
def test_archives_that_lack_something_are_refused(tmp_path, arrays, says):
    np.savez(tmp_path / "x.npz", **arrays)
    with pytest.raises(OneshotError, match=says):
        bring(tmp_path / "x.npz", tmp_path, "vectors")


def test_files_that_are_none(tmp_path):
    (tmp_path / "x.npz").write_bytes(b"junk")
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe\x00\x01")
    (tmp_path / "empty.csv").write_bytes(b"")
    for name in ("x.npz", "x.csv", "empty.csv", "absent.csv"):
        with pytest.raises(OneshotError, match=name):
            bring(tmp_path / name, tmp_path, "vectors")


def test_parquet_is_read_where_pyarrow_is(tmp_path, monkeypatch):
    path = tmp_path / "x.parquet"
    path.write_bytes(b"PAR1")
    for package in ("pyarrow", "fastparquet"):
        monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(OneshotError, match="needs the package pyarrow.*pip install pyarrow"):
        bring(path, tmp_path, "vectors")


def test_texts_are_kept_composed_and_bad_ones_named(tmp_path):
    words = [f"mot{i}e\u0301" for i in range(24)]
    frame = pd.DataFrame({"text": words, "label": np.repeat([f"c{i}" for i in range(8)], 3)})
    frame.to_csv(tmp_path / "x.csv", index=False)
    assert not bring(tmp_path / "x.csv", tmp_path, "text").notes
    data = catalogue.load("mine", tmp_path)
    assert data.family == "text" and str(data.stored[0]) == "mot0\u00e9"
    assert data.inputs(5)[0].tolist() == [*map(ord, "mot0é")]

    frame.loc[0, "text"], frame.loc[1, "text"], frame.loc[6, "label"] = " ", "x" * 1_001, ""
    frame.to_csv(tmp_path / "x.csv", index=False)
    with pytest.raises(
        OneshotError, match="line 2: has an empty.*line 3: has 1,001.*line 8: has no"
    ):
        bring(tmp_path / "x.csv", tmp_path, "text")
    bring(tmp_path / "x.csv", tmp_path, "text", on_bad="skip")
    assert catalogue.load("mine", tmp_path).stored.dtype == "<U6", "the long one is gone"
