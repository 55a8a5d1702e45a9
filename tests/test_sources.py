"""What decides a model's answers: imports followed, files found, comments left out."""

import sys
from pathlib import Path

import pytest

from benchmark import sources
from benchmark.sources import changed, own_files, parsed, watching


def put(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder / "net.py"


# Each helper is reached another way: the text of net.py, and the files it depends on.
WAYS = {
    "beside": ("import helper", {"helper.py": ""}),
    "relative": ("from . import helper", {"helper.py": ""}),
    "relative name": ("from .helper import f", {"helper.py": ""}),
    "sub-package": ("import parts.deep.helper", {"parts/deep/helper.py": ""}),
    "sub-package with init": (
        "from parts import helper", {"parts/__init__.py": "", "parts/helper.py": ""},
    ),
    "through another": ("import one", {"one.py": "import two", "two.py": ""}),
    "in a circle": ("import one", {"one.py": "import two", "two.py": "import one\nimport net"}),
    "inside a function": ("def f():\n    import helper", {"helper.py": ""}),
    "by a call": ("import importlib\nimportlib.import_module('helper')", {"helper.py": ""}),
    "with a star": ("from helper import *", {"helper.py": ""}),
    "weights": ("import json\njson.load(open('w.json'))", {"w.json": "{}"}),
    "weights beside": ("F = HERE / 'w.safetensors'", {"w.safetensors": ""}),
    "weights in a folder": ("F = HERE / 'weights' / 'w.bin'", {"weights/w.bin": ""}),
    "weights in one word": ("F = 'weights/w.bin'", {"weights/w.bin": ""}),
    "weights of a helper": ("import helper", {"helper.py": "F = 'w.npz'", "w.npz": ""}),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_what_a_model_depends_on_is_found(tmp_path, way):
    text, files = WAYS[way]
    home = put(tmp_path, {"net.py": text, "unrelated.py": "", "unrelated.json": "", **files})
    assert set(own_files({"": home})) == {"net.py", *files}


@pytest.mark.parametrize("way", WAYS)
def test_a_change_of_any_of_it_is_noticed_and_named(tmp_path, way):
    text, files = WAYS[way]
    home = put(tmp_path, {"net.py": text, **files})
    before = own_files({"": home})
    assert changed(before, own_files({"": home}), {"": home}) is None
    for name in files:
        kept = (tmp_path / name).read_text()
        (tmp_path / name).write_text(kept + "\n")
        assert (
            changed(before, own_files({"": home}), {"": home}) == f"{Path(name).name} has changed"
        )
        (tmp_path / name).unlink()
        assert "has changed" in changed(before, own_files({"": home}), {"": home})
        (tmp_path / name).write_text(kept)


def test_a_module_of_a_package_reaches_above_its_own_folder(tmp_path):
    files = {"pkg/__init__.py": "", "pkg/models/__init__.py": "", "pkg/layers.py": ""}
    put(tmp_path, {"pkg/models/net.py": "from ..layers import x", **files})
    found = own_files({"": tmp_path / "pkg/models/net.py"})
    assert {"pkg/layers.py", "pkg/models/net.py"} <= set(found)


def test_a_module_from_a_folder_of_the_path_counts_once_it_is_loaded(tmp_path, monkeypatch):
    home = put(tmp_path / "models", {"net.py": "import far_helper_of_mine"})
    put(tmp_path / "lib", {"far_helper_of_mine.py": "x = 1"})
    monkeypatch.syspath_prepend(tmp_path / "lib")
    __import__("far_helper_of_mine")
    try:
        names = [name for name in own_files({"": home}) if name != "net.py"]
    finally:
        del sys.modules["far_helper_of_mine"]
    assert len(names) == 1 and names[0].endswith("/far_helper_of_mine.py")
    assert str(tmp_path) not in names[0], "no folder of this machine is told"


def test_libraries_do_not_count(tmp_path):
    home = put(tmp_path, {"net.py": "import json, numpy, torch\nfrom benchmark import errors"})
    assert set(own_files({"": home})) == {"net.py"}


def test_files_that_are_opened_by_a_computed_name_are_seen(tmp_path):
    home = put(tmp_path, {"net.py": "", "data/one.txt": "1", "results/two.txt": "2"})
    with watching({"": home}):
        for name in ("one", "two"):
            for folder in ("data", "results"):
                if (path := tmp_path / folder / f"{name}.txt").is_file():
                    path.read_text()
        (tmp_path / "written.txt").write_text("not read")
    (tmp_path / "data" / "three.txt").write_text("")
    (tmp_path / "data" / "three.txt").read_text()
    found = sources.opened_files({"": home}, [tmp_path / "results", None])
    assert set(found) == {"data/one.txt"}
    before = {**own_files({"": home}), **found}
    assert changed(before, own_files({"": home}), {"": home}) is None
    (tmp_path / "data" / "one.txt").write_text("other")
    assert changed(before, own_files({"": home}), {"": home}) == "one.txt has changed"


def test_a_record_of_strangers_reads_no_file_outside_the_folder(tmp_path):
    home = put(tmp_path / "inner", {"net.py": ""})
    (tmp_path / "secret.txt").write_text("1")
    before = {
        **own_files({"": home}),
        "../secret.txt": sources.file_digest(tmp_path / "secret.txt"),
    }
    assert changed(before, own_files({"": home}), {"": home}) == "secret.txt has changed"


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("def f(x):\n    return x * 2\n", "def f(x):  # twice\n    return x * 2\n", True),
        ("def f(x):\n    return x * 2\n", 'def f(x):\n    "Twice."\n    return x * 2\n', True),
        ('def f():\n    "Does it."\n    a()\n', 'def f():\n    "Does."\n    a()\n', True),
        ("a = (1, 2)", "a = (\n    1,\n    2,\n)", True),
        ("def f(x):\n    return x * 2\n", "def f(x):\n    return x * 3\n", False),
        ("def f(x, m=1): return x", "def f(x, m=2): return x", False),
    ],
)  # fmt: skip
def test_comments_and_formatting_are_no_code(tmp_path, one, two, same):
    digests = []
    for name, text in (("one.py", one), ("two.py", two)):
        (tmp_path / name).write_text(text)
        digests.append(parsed(tmp_path / name).code)
    assert (digests[0] == digests[1]) == same
