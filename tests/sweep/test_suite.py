"""Suites: what a TOML file means, and what is wrong with it when it means nothing."""

import pytest

from benchmark.errors import OneshotError, UnknownName
from benchmark.sweep.suite import load, parse, shipped

BLOCK = '[[block]]\nmodels = ["chance"]\ntasks = ["glyphs-5w1s"]\n'


def test_blanks_are_filled_with_every_combination():
    suite = parse(
        'title = "T"\n[[block]]\nmodels = ["siamese-conv4-{distance}-{loss}"]\n'
        'distance = ["cosine", "euclidean"]\nloss = "all"\ntasks = ["glyphs-[0-9]*w1s"]\n'
        'seeds = "0-2"\nsettings = { margin = 0.5 }\ntune = "siamese-conv4-cosine-{loss}"\n',
        "test",
    )
    from benchmark.registry import part_names

    losses = part_names("losses")
    assert len(suite.grids) == 2 * len(losses)
    first = suite.grids[0]
    assert first.model == f"siamese-conv4-cosine-{losses[0]}"
    assert first.tasks == ("glyphs-5w1s", "glyphs-20w1s") and first.seeds == (0, 1, 2)
    assert first.settings == {"margin": 0.5} and first.tune == first.model
    assert suite.grids[-1].tune == f"siamese-conv4-cosine-{losses[-1]}"


def test_patterns_are_looked_up_in_the_catalogue():
    suite = parse(f'title = "T"\n{BLOCK}'.replace("chance", "pixels-*"), "test")
    assert [wanted.model for wanted in suite.grids] == ["pixels-euclidean", "pixels-cosine"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("title = ", "not valid TOML"),
        ('title = "T"', "wrong at block"),
        (f'title = "T"\n{BLOCK}speed = 3\n', "wrong at block.0.speed"),
        (f'title = "T"\n{BLOCK}budget = "huge"\n', "no budget 'huge'"),
        (f'title = "T"\n{BLOCK}seeds = "a"\n', "no list of seeds"),
        ('title = "T"\n' + BLOCK.replace("chance", "siamese-conv4-{loss}"), "does not fill"),
        ('title = "T"\n' + BLOCK.replace("chance", "siamex-*"), "no model like"),
        ('title = "T"\n' + BLOCK.replace("glyphs-5w1s", "glyph-5w1s"), "Did you mean"),
        (
            f'title = "T"\n{BLOCK}'.replace("chance", "a-{loss}") + 'loss = ["triplets"]\n',
            "triplet",
        ),
    ],
)
def test_mistakes_are_named(text, says):
    with pytest.raises(OneshotError, match=says):
        parse(text, "mine.toml")


def test_a_file_of_one_s_own(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(f'title = "Mine"\n{BLOCK}')
    assert load(str(path)).title == "Mine"
    with pytest.raises(OneshotError, match="There is no file .*absent.toml"):
        load(str(tmp_path / "absent.toml"))
    with pytest.raises(UnknownName, match="quick"):
        load("quikc")


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_suite_can_be_read(name):
    suite = load(name)
    assert suite.title and suite.grids


def test_every_cell_of_the_grid_follows_the_search_of_its_own_loss():
    for wanted in load("siamese-grid").grids:
        reference = "siamese-conv4-cosine-"
        assert wanted.tune is not None and wanted.tune.startswith(reference)
        loss = wanted.tune.removeprefix(reference)
        assert wanted.model.endswith(f"-{loss}"), (wanted.model, wanted.tune)


def test_the_grid_crosses_every_loss_and_every_distance():
    from benchmark.registry import part_names

    models = {wanted.model for wanted in load("siamese-grid").grids}
    for loss in part_names("losses"):
        assert f"siamese-conv4-cosine-{loss}" in models
    for distance in part_names("distances"):
        assert f"siamese-conv4-{distance}-triplet" in models
