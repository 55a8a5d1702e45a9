"""Splits by list and TOML: every class in one split, mistakes named."""

from __future__ import annotations

import pytest

from benchmark.datasets import catalogue, prepare
from benchmark.datasets.description import read_description
from benchmark.datasets.own.config import read_config, read_lists
from benchmark.datasets.own.options import Options
from benchmark.errors import OneshotError

TOML = """
[splits]
train = ["a/*"]
validation = ["b/e", "b/f"]
test = ["b/[gh]"]

[tasks.inside]
within = "parent"
queries = 1
"""


def bring(tree, directory, **options):
    options = Options(**{"side": 8, "group": "parent"} | options)
    return prepare.bring("mine", tree, directory, "folder", options=options)


def test_a_file_states_splits_and_tasks(tree, tmp_path):
    (tmp_path / "mine.toml").write_text(TOML)
    bring(tree, tmp_path / "data", config=tmp_path / "mine.toml")
    data = catalogue.load("mine", tmp_path / "data")
    split = dict(zip(data.class_names, data.class_groups("split").tolist(), strict=True))
    assert [split[name] for name in ("a/b", "a/日本", "b/e", "b/f", "b/g", "b/h")] == [
        0, 0, 1, 1, 2, 2,
    ]  # fmt: skip
    own = read_description("mine", tmp_path / "data")["own"]
    assert own["tasks"]["inside"]["within"] == "parent" and own["version"] == 1


def test_other_data_or_tasks_are_another_version(tree, tmp_path):
    def version():
        return read_description("mine", tmp_path / "data")["own"]["version"]

    bring(tree, tmp_path / "data")
    assert version() == 1
    bring(tree, tmp_path / "data")
    assert version() == 1, "the same again"
    bring(tree, tmp_path / "data", side=9)
    assert version() == 2
    (tmp_path / "mine.toml").write_text("[tasks.inside]\nwithin = 'parent'\n")
    bring(tree, tmp_path / "data", side=9, config=tmp_path / "mine.toml")
    assert version() == 3


def test_lists_come_from_a_table_too(tree, tmp_path):
    names = ["a/ä", "a/b", "a/c", "a/日本", "b/e", "b/f", "b/g", "b/h"]
    lines = [f"{name},{('train', 'val', 'test')[i % 3]}" for i, name in enumerate(names)]
    (tmp_path / "s.csv").write_text("\n".join(["class,split", *lines]), "utf-8")
    bring(tree, tmp_path / "data", split=tmp_path / "s.csv")
    data = catalogue.load("mine", tmp_path / "data")
    assert data.groups["split"].names[
        data.class_groups("split")[data.class_names.index("b/e")]
    ] == ("validation")
    (tmp_path / "mine.toml").write_text(TOML)
    with pytest.raises(OneshotError, match="both split the classes"):
        bring(tree, tmp_path, split=tmp_path / "s.csv", config=tmp_path / "mine.toml")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"b/[gh]"', '"b/[gh]", "b/f"', "'b/f' is in validation and in test"),
        ('"b/[gh]"', '"b/g", "x*"', r"no class 'x\*' for test"),
        ('"b/e", "b/f"', '"b/e"', "1 of 8 classes are in no split, first b/f"),
        ('"b/e", "b/f"]', '"b/e"]', "in no split"),
        ('within = "parent"', 'within = "planet"', r"no group 'planet' \(parent\)"),
        ("queries = 1", "queries = 0", "tasks.inside.queries"),
        ("queries = 1", "query = 1", "tasks.inside.query"),
        ("[tasks.inside]", "[tasks.In_side]", "cannot name tasks"),
        ("[splits]", "[splits", "not valid TOML"),
        ('train = ["a/*"]', "train = []", "4 of 8 classes are in no split"),
        ('test = ["b/[gh]"]', "test = []", "splits.test"),
    ],
)
def test_mistakes_are_named(tree, tmp_path, old, new, says):
    (tmp_path / "mine.toml").write_text(TOML.replace(old, new))
    with pytest.raises(OneshotError, match=says):
        bring(tree, tmp_path / "data", config=tmp_path / "mine.toml")


def test_a_split_of_one_class_is_refused(tree, tmp_path):
    lists = TOML.replace('"a/*"', '"a/*", "b/f"').replace('"b/e", "b/f"', '"b/e"')
    (tmp_path / "mine.toml").write_text(lists)
    with pytest.raises(OneshotError, match="validation has 1 class, 2 classes are the least"):
        bring(tree, tmp_path / "data", config=tmp_path / "mine.toml")


def test_files_that_cannot_be_read(tmp_path):
    for read, says in ((read_config, "There is no file"), (read_lists, "There is no file")):
        with pytest.raises(OneshotError, match=f"{says} .*absent"):
            read(tmp_path / "absent")
    (tmp_path / "s.csv").write_text("class,split\na,weird\n")
    with pytest.raises(OneshotError, match="line 2: 'weird' is none of"):
        read_lists(tmp_path / "s.csv")
    (tmp_path / "s.csv").write_text("name,part\na,test\n")
    with pytest.raises(OneshotError, match="has no column 'class' or 'label'"):
        read_lists(tmp_path / "s.csv")
