"""What the sources say of the models: every file says what a page needs, and says it truly."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from importlib import import_module

import pytest

from baselines.about import about, fields, pages, text
from baselines.catalogue import METHODS, entries, find
from baselines.entry import ModelEntry
from baselines.named import FIXED, NAMED
from baselines.settings import settable

TOLD = (*FIXED, *NAMED, *(method.on("conv4") for method in METHODS))


@pytest.mark.parametrize("entry", TOLD, ids=lambda entry: entry.key)
def test_every_model_is_told(entry: ModelEntry) -> None:
    told = about(entry)
    assert told.text.title and len(told.text.idea.split()) > 8
    if entry.paper:
        year = entry.paper[-4:]
        texts = [told.text, *(part for _, _, part in told.parts)]
        assert any(year in said.paper for said in texts), "the paper stands in the file"
    if entry.family not in ("fixed", "siamese"):
        assert told.text.differences
    assert told.page == pages()[entry.key]


@pytest.mark.parametrize("entry", TOLD, ids=lambda entry: entry.key)
def test_settings_are_those_of_the_recipe(entry: ModelEntry) -> None:
    module, _, name = entry.recipe.rpartition(":")
    recipe = getattr(import_module(module or entry.target.partition(":")[0]), name)
    read = {setting.name: setting for setting in about(entry).settings}
    assert list(read) == [field.name for field in dataclasses.fields(recipe)]
    assert [name for name, setting in read.items() if setting.settable] == list(settable(recipe))
    defaults = {field.name: field.default for field in dataclasses.fields(recipe)}
    for name, setting in read.items():
        assert eval(setting.default) == entry.settings.get(name, defaults[name])


def test_numbers_of_a_recipe_have_sources() -> None:
    read = {setting.name: setting for setting in fields("baselines.recipe", "TrainingRecipe")}
    assert read["input_size"].part == "The network"
    assert "Vinyals et al. 2016" in read["input_size"].source
    assert read["rotation"].source.startswith("degrees either way; Koch et al. 2015")
    assert (read["classes"].part, read["classes"].default) == ("The batches", "32")
    assert not read["channels"].settable and read["width"].settable


def test_an_opening_is_taken_apart() -> None:
    opening = "A title.\n\nA paper,\n1999.\n\nL = 1.\n\nIdea: so\nso.\n\nDifferences: none.\n"
    said = text(f'"""{opening}"""')
    assert dataclasses.astuple(said) == ("A title", "A paper, 1999.\n\nL = 1.", "so so.", "none.")
    assert dataclasses.astuple(text("x = 1")) == ("", "", "", "")


def test_models_of_a_method_share_a_page() -> None:
    assert pages()["relation-conv4"] == pages()["relation-koch"] == "relation"
    assert pages()["siamese-conv4-cosine-triplet"] == "siamese"
    assert pages()["siamese-best"] == "siamese-best"
    assert set(pages()) == {entry.key for entry in entries()}
    entry = find("siamese-conv4-cosine-triplet")
    assert entry is not None
    kinds = [(kind, name) for kind, name, _ in about(entry).parts]
    assert kinds == [("backbone", "conv4"), ("distance", "cosine"), ("loss", "triplet")]


def test_no_torch_is_needed() -> None:
    code = (
        "import sys; from baselines.about import about; from baselines.catalogue import find;"
        "about(find('feat-conv4')); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
