"""One reader for all tables: separators, encodings, headings; cells stay as they are written."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmark.datasets import catalogue, prepare
from benchmark.datasets.own import table as tables
from benchmark.datasets.own.options import Options
from benchmark.datasets.own.table import as_texts, open_table
from benchmark.errors import OneshotError
from tests.datasets.own.conftest import picture

CLASSES = [f"c{i}" for i in range(8)]


def bring(source, directory, kind, **options):
    brought = prepare.bring(
        "mine", source, directory, kind, options=Options(**{"side": 8} | options)
    )
    return catalogue.load("mine", directory), brought.reading


def words(path, head="text,label", sep=",", labels=CLASSES, encoding="utf-8", end="\n"):
    """Three texts of each class as a table."""
    rows = [f"word {i} {label}{sep}{label}" for label in labels for i in range(3)]
    path.write_bytes(end.join([head.replace(",", sep), *rows, ""]).encode(encoding))
    return path


@pytest.mark.parametrize(
    ("sep", "encoding", "end"),
    [
        (",", "utf-8", "\n"), (";", "utf-8-sig", "\r\n"), ("\t", "utf-16", "\r\n"),
        ("|", "utf-8", "\r"), (";", "utf-32", "\n"), (",", "utf-16", "\n"),
    ],
)  # fmt: skip
def test_separator_and_encoding_are_found_and_said(tmp_path, sep, encoding, end):
    path = words(tmp_path / "x.csv", sep=sep, encoding=encoding, end=end)
    data, reading = bring(path, tmp_path / "data", "text")
    assert data.class_names == tuple(CLASSES) and len(data) == 24
    assert reading.understood["table"].endswith(tables.SEPARATORS[sep])
    assert encoding.partition("-sig")[0].upper() in reading.understood["table"]


def test_a_heading_may_hold_other_separators(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text('"text, in, full";label\n' + "".join(f"a, b, {i};c\n" for i in range(3)))
    with open_table(path) as table:
        assert table.names == ["text, in, full", "label"]
        assert table.texts([0])[1][0] == ["a, b, 0", "a, b, 1", "a, b, 2"]


def test_a_spreadsheet_may_name_its_separator(tmp_path):
    path = words(tmp_path / "x.csv", sep=";")
    path.write_text("sep=;\n" + path.read_text())
    with open_table(path) as table:
        assert table.names == ["text", "label"]
        assert table.texts([1])[0][:2] == [3, 4], "lines are those of the file"


@pytest.mark.parametrize(
    "head", ["Text,Label", "TEXT, label ", "\u00a0text,La bel", "text,class_name"]
)
def test_headings_are_compared_without_case_and_blanks(tmp_path, head):
    assert len(bring(words(tmp_path / "x.csv", head), tmp_path / "data", "text")[0]) == 24


@pytest.mark.parametrize(
    "heads", [("image_path", "category"), ("File Name", "Class"), ("IMG", "y")]
)
def test_a_table_of_paths_with_other_headings(tree, tmp_path, heads):
    files = sorted(p.relative_to(tmp_path).as_posix() for p in tree.rglob("*.png"))
    lines = [f"{file}\t{file.split('/')[-2]}" for file in files]
    (tmp_path / "t.tsv").write_text("\n".join(["\t".join(heads), *lines]), "utf-8")
    data, reading = bring(tmp_path / "t.tsv", tmp_path / "data", "csv")
    assert len(data) == 24 and reading.understood["path"] == f"column '{heads[0]}'"
    (tmp_path / "o.csv").write_text(
        (tmp_path / "t.tsv").read_text("utf-8").replace(heads[0], "où"), "utf-8"
    )
    with pytest.raises(OneshotError, match="has no column 'path' or .*it has où.*--path COLUMN"):
        bring(tmp_path / "o.csv", tmp_path / "data", "csv")
    assert len(bring(tmp_path / "o.csv", tmp_path / "data", "csv", path="OÙ")[0]) == 24


def test_two_columns_of_one_name_are_not_chosen_from(tmp_path):
    path = words(tmp_path / "x.csv", "label,Label")
    with pytest.raises(OneshotError, match="has no column 'text'"):
        bring(path, tmp_path / "data", "text")
    path = words(tmp_path / "x.csv", "text,text")
    with pytest.raises(OneshotError, match=r"several columns 'text': 1 \('text'\), 2 \('text'\)"):
        bring(path, tmp_path / "data", "text", label="text")


LABELS = {
    "zeros": ["007", "7", "012", "12", "0034", "34", "001", "1"],
    "powers": ["1E2", "100", "1E3", "1000", "1e2", "100.0", "1.0", "1"],
    "missing": ["NA", "None", "null", "nan", "N/A", "NaN", "NULL", "<NA>"],
    "truth": ["True", "true", "TRUE", "False", "0", "1", "yes", "no"],
    "dates": ["2020-01-01", "1/2", "02:30", "1,5", "+1", "-1", "0x10", "1_000"],
}


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
@pytest.mark.parametrize("kind", ["vectors", "text", "csv", "pairs"])
def test_labels_and_groups_are_text_as_it_is_written(tmp_path, kind, labels):
    quoted = [f'"{label}"' for label in labels]
    path = tmp_path / "x.csv"
    rows = [(quoted[n % 8], n // 8) for n in range(24)]
    if kind == "csv":
        for n in range(24):
            picture(tmp_path / f"{n}.png", n)
        lines = [
            "path,label,site",
            *(f"{n}.png,{label},{label}" for n, (label, _) in enumerate(rows)),
        ]
    elif kind == "vectors":
        lines = [
            "a,b,label,site",
            *(f"{i}.5,{n * 7 % 29},{x},{x}" for n, (x, i) in enumerate(rows)),
        ]
    elif kind == "text":
        lines = ["text,label,site", *(f"w{n},{x},{x}" for n, (x, _) in enumerate(rows))]
    else:  # the ids that pairs name
        (tmp_path / "v.csv").write_text(
            "\n".join(["id,a", *(f"{x},{n * 7 % 11}" for n, x in enumerate(quoted))])
        )
        pairs = [(quoted[i], quoted[i + 1], j) for i in range(0, 8, 2) for j in (1,)]
        pairs += [(quoted[i], quoted[(i + 2) % 8], 0) for i in range(0, 8)]
        split = {0: "train", 2: "val", 4: "test", 6: "train"}
        path.write_text("\n".join(["input1,input2,label", *(f"{a},{b},{j}" for a, b, j in pairs)]))
        with pytest.raises(OneshotError) as error:
            bring(
                path,
                tmp_path / "data",
                "pairs",
                items=tmp_path / "v.csv",
                fractions=(0.4, 0.3, 0.3),
            )
        assert split and "not among the rows" not in str(error.value), "every id was found"
        return
    path.write_text("\n".join(lines), "utf-8")
    data, _ = bring(path, tmp_path / "data", kind, group="site")
    assert data.class_names == tuple(sorted(labels))
    assert data.groups["site"].names == tuple(sorted(labels))


def test_a_split_file_finds_the_labels_as_written(tmp_path):
    frame = pd.DataFrame({"a": np.arange(24) * 7 % 29, "label": np.repeat(LABELS["zeros"], 3)})
    frame.to_csv(tmp_path / "x.csv", index=False)
    parts = ("train", "val", "test", "test", "val", "train", "train", "train")
    lines = [f"{name},{part}" for name, part in zip(LABELS["zeros"], parts, strict=True)]
    (tmp_path / "s.csv").write_text("\n".join(["class,split", *lines]))
    data, _ = bring(tmp_path / "x.csv", tmp_path / "data", "vectors", split=tmp_path / "s.csv")
    assert data.class_groups("split")[data.class_names.index("007")] == 0
    assert data.class_groups("split")[data.class_names.index("7")] == 1


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (np.array([7, 12]), ["7", "12"]),
        (np.array([1.0, 2.0, np.nan]), ["1", "2", ""]),
        (np.array([1.0, 2.5]), ["1.0", "2.5"]),
        (np.array([b"a", b"\xc3\xa4"]), ["a", "ä"]),
        (np.array([True, False]), ["True", "False"]),
        (np.array([2**63], np.uint64), ["9223372036854775808"]),
    ],
)
def test_labels_of_arrays_are_written_out(values, texts):
    assert as_texts(values.tolist()) == texts


def test_parquet_columns_come_as_text_and_numbers(tmp_path):
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame(
        {"a": np.arange(24) % 5, "b": (np.arange(24) % 7).astype(np.float32), "id": np.arange(24)}
    )
    frame["label"] = np.repeat(LABELS["zeros"], 3)
    frame["site"] = np.repeat([1, 2, 3], 8)
    frame.sample(frac=1, random_state=0).to_parquet(tmp_path / "x.parquet")  # its index too
    data, reading = bring(tmp_path / "x.parquet", tmp_path / "data", "vectors", group="site")
    assert data.class_names == tuple(sorted(LABELS["zeros"]))
    assert data.groups["site"].names == ("1", "2", "3")
    assert reading.understood["features"] == ["a", "b"]


def test_parquet_that_would_fill_the_memory_is_refused(tmp_path, monkeypatch):
    pyarrow = pytest.importorskip("pyarrow")
    pytest.importorskip("pyarrow.parquet").write_table(
        pyarrow.table({f"f{i}": np.zeros(1_000_000) for i in range(8)}), tmp_path / "x.parquet"
    )
    monkeypatch.setattr(tables, "FREE_BYTES", 1 << 20)
    with pytest.raises(OneshotError, match="x.parquet unpacks to 61.04 MiB, at most"):
        bring(tmp_path / "x.parquet", tmp_path / "data", "vectors")
    (tmp_path / "y.parquet").write_bytes((tmp_path / "x.parquet").read_bytes()[:500])
    with pytest.raises(OneshotError, match="y.parquet is not a sound Parquet file"):
        bring(tmp_path / "y.parquet", tmp_path / "data", "vectors")


def split_table(path, kind, heading, parts):
    """A table whose classes are in `parts`, three rows each."""
    rows = []
    for c, part in enumerate(parts):
        for i in range(3):
            item = {"vectors": f"{c * 3 + i * i},{i}", "text": f"w{c} {i}", "csv": f"{c}-{i}.png"}[
                kind
            ]
            if kind == "csv":
                picture(path.parent / item, 3 * c + i)
            rows.append(f"{item},k{c},{part}")
    first = {"vectors": "a,b", "text": "text", "csv": "path"}[kind]
    path.write_text("\n".join([f"{first},label,{heading}", *rows]))
    return path


@pytest.mark.parametrize("kind", ["vectors", "text", "csv"])
@pytest.mark.parametrize("heading", ["split", "Subset", " PARTITION", "fold", "data_split"])
def test_a_column_of_splits_is_the_split(tmp_path, kind, heading):
    parts = ["train", "Training", "TRAIN", "val", "valid", "dev", "test", " Test"]
    path = split_table(tmp_path / "x.csv", kind, heading, parts)
    data, reading = bring(path, tmp_path / "data", kind)
    assert data.class_groups("split").tolist() == [0, 0, 0, 1, 1, 1, 2, 2]
    assert reading.understood["split"] == f"column '{heading.strip()}'"


@pytest.mark.parametrize("kind", ["vectors", "text", "csv"])
def test_a_class_in_two_parts_is_refused_and_named(tmp_path, kind):
    parts = ["train", "train", "val", "val", "test", "test"]
    path = split_table(tmp_path / "x.csv", kind, "split", parts)
    path.write_text(path.read_text().replace("k1,train", "k1,test", 1))
    with pytest.raises(OneshotError, match="'k1' is in two parts .2 in train and 1 in test rows."):
        bring(path, tmp_path / "data", kind)
    path.write_text(path.read_text().replace("k1,test", "k1,spare", 1))
    with pytest.raises(OneshotError, match="line 5: has the split 'spare' in the column 'split'"):
        bring(path, tmp_path / "data", kind)


@pytest.mark.parametrize("kind", ["vectors", "text", "csv"])
def test_a_column_that_names_no_splits_is_said_to_be_unused(tmp_path, kind):
    path = split_table(tmp_path / "x.csv", kind, "fold", [0, 1, 2, 0, 1, 2])
    data, reading = bring(path, tmp_path / "data", kind)
    assert reading.understood["split"].startswith("by a hash of class names")
    assert [each.name for each in reading.left_out] == ["fold"]
    assert data.channels != 3 or kind == "csv", "nor is it a feature"


def test_columns_that_are_not_used_are_named_once(tmp_path):
    lines = ["text,label,checked,is_new,x_1,y_2"]
    lines += [f"w{n},{CLASSES[n % 8]},True,False,0,9" for n in range(24)]
    (tmp_path / "x.csv").write_text("\n".join(lines))
    _, reading = bring(tmp_path / "x.csv", tmp_path / "data", "text")
    (left,) = reading.left_out
    assert (left.name, left.count) == ("checked, is_new, x_1, y_2", 4)


def test_paths_elsewhere_are_one_message_with_the_remedy(tree, tmp_path):
    files = sorted(tree.rglob("*.png"))
    (tmp_path / "lists").mkdir()
    path = tmp_path / "lists" / "x.csv"
    for write in (str, lambda file: "../" + file.relative_to(tmp_path).as_posix()):
        path.write_text(
            "\n".join(["path,label", *(f"{write(f)},{f.parent.name}" for f in files)]), "utf-8"
        )
        with pytest.raises(OneshotError) as error:
            bring(path, tmp_path / "data", "csv")
        assert "24 of 24 paths" in error.value.message and len(error.value.message) < 300
        assert f"Put the table into {tree} or above it, or type --root {tree}" in error.value.hint
    path.write_text("\n".join(["path,label", *(f"{f},{f.parent.name}" for f in files)]), "utf-8")
    first, _ = bring(path, tmp_path / "data", "csv", root=tree)
    below = [f.relative_to(tree).as_posix() for f in files]
    path.write_text("\n".join(["path,label", *(f"{b},{b.split('/')[-2]}" for b in below)]), "utf-8")
    with pytest.raises(
        OneshotError, match="24 of 24 files named in .* are not there.*--root FOLDER"
    ):
        bring(path, tmp_path / "data", "csv")
    again, _ = bring(path, tmp_path / "data", "csv", root=tree)
    assert first.digest == again.digest, "wherever the table lies"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"text,label\na,b,c\n", "line 2 holds 3 cells for 2 columns"),
        (b'text,label\nx,"a" b\n', "line 2 is not CSV"),
        (b'text,label\n"never closed,a\nx,b\n', "is not CSV .*written twice"),
        (b"text,label\na\0b,c\n", r"line 2 holds the character U\+0000"),
        ("text,label\n".encode("utf-16-le"), r"U\+0000.*UTF-16 without its mark"),
        ("text,label\né,a\n".encode("latin-1"), "is not a text in UTF-8.*Save the table as CSV"),
        (b"\xff\xfe\x00\x01\x00", "is not a text in UTF-16"),
        (b"PK\x03\x04 and so on", "an Excel workbook"),
        (b"\x1f\x8b\x08 and so on", "is compressed .gzip"),
        (b"", "is empty"),
        (b"\n\n \n", "is empty"),
        (b"<!DOCTYPE html><html></html>", "is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4c", "is a git-lfs pointer"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["text", "vectors", "csv", "pairs"])
def test_what_is_no_table_is_named(tmp_path, content, says, kind):
    head = {"csv": b"path,label", "vectors": b"a,label", "pairs": b"label,input1"}.get(kind)
    if head is not None:
        content = content.replace(b"text,label", head)
    (tmp_path / "x.csv").write_bytes(content)
    if kind == "pairs" and b"input1" in content:
        return  # lacks a column, whatever follows
    with pytest.raises(OneshotError, match=says):
        bring(tmp_path / "x.csv", tmp_path / "data", kind)


def test_blank_lines_are_counted(tmp_path):
    path = words(tmp_path / "x.csv")
    path.write_text(path.read_text().replace("\n", "\n\n ,\n", 2))
    _, reading = bring(path, tmp_path / "data", "text")
    assert [(each.kind, each.count) for each in reading.left_out] == [("line", 4)]
