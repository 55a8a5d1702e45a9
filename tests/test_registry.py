"""From a name to a model: keys, modules, files, and what is said of wrong ones."""

import pytest

from benchmark.errors import OneshotError, UnknownName
from benchmark.protocols import TrackInfo
from benchmark.registry import recipe_of, resolve

TRACK = TrackInfo("glyphs", "character", 1, 105)
SIX_LINES = """
class Mine:
    distance = "cosine"

    def embed(self, images):
        return images.flatten(1)
"""


def test_a_catalogue_key():
    spec = resolve("pixels-cosine")
    model = spec.build(0, TRACK, "quick")
    assert callable(model.embed)
    assert recipe_of(model, spec, "quick")["budget"] == "none", "nothing to train, no budget"


def test_a_file_of_six_lines(tmp_path):
    path = tmp_path / "my_model.py"
    path.write_text(SIX_LINES)
    spec = resolve(f"{path}:Mine")
    assert spec.key == "my_model.py:Mine"
    recipe = recipe_of(spec.build(0, TRACK, "quick"), spec, "quick")
    assert recipe["distance"] == "cosine"
    assert str(tmp_path) not in str(recipe), "no path of this machine in a record"
    path.write_text(SIX_LINES + "# changed\n")
    changed = resolve(f"{path}:Mine")
    assert changed.code != spec.code, "another text is another recipe"


def test_settings_reach_the_constructor(tmp_path):
    path = tmp_path / "m.py"
    path.write_text(
        "class M:\n"
        "    def __init__(self, seed, width: int = 4, name='a'):\n"
        "        self.got = (seed, width, name)\n"
        "    def embed(self, x): return x\n"
    )
    model = resolve(f"{path}:M", {"width": "8", "name": "b"}).build(5, TRACK, "quick")
    assert model.got == (5, 8, "b")
    with pytest.raises(UnknownName, match="Did you mean width"):
        resolve(f"{path}:M", {"widht": "8"}).build(5, TRACK, "quick")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("siamese-conv4-euclidian-contrastive", "Did you mean siamese-conv4-euclidean-contrastive"),
        ("prototypicl-conv4", "Did you mean prototypical-conv4"),
        ("nowhere.module:Name", "cannot be imported"),
        ("json:dmps", "no class in json"),
        ("absent.py:Name", "There is no file absent.py"),
        ("absent.py", "NameOfTheClass"),
    ],
)
def test_wrong_names_are_answered(name, says):
    with pytest.raises(OneshotError, match=says):
        resolve(name)


def test_a_class_that_is_no_model_is_refused(tmp_path):
    path = tmp_path / "m.py"
    path.write_text("class M: pass\n")
    with pytest.raises(OneshotError, match="none of the methods"):
        resolve(f"{path}:M").build(0, TRACK, "quick")


def test_a_failing_constructor_or_file_is_named(tmp_path):
    path = tmp_path / "m.py"
    path.write_text("class M:\n    def __init__(self): raise KeyError('weights')\n")
    with pytest.raises(OneshotError, match="cannot be built: KeyError.*--debug"):
        resolve(f"{path}:M").build(0, TRACK, "quick")
    path.write_text("import nothing_like_this\n")
    with pytest.raises(OneshotError, match="fails when it is loaded: ModuleNotFoundError"):
        resolve(f"{path}:M")
