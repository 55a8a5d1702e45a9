"""Settings given to several models reach those that have them, and nobody else in silence."""

import pickle

import pytest

from benchmark.cli.run_options import grids_of
from benchmark.errors import OneshotError, Refused, UnknownName
from benchmark.sweep.applied import applied
from benchmark.sweep.suite import RunGrid

CONTRASTIVE, PROTOTYPICAL = "siamese-conv4-euclidean-contrastive", "prototypical-conv4"
FILE = """
class Mine:
    distance = "cosine"

    def __init__(self, stride=97):
        self.stride = stride

    def embed(self, images):
        return images.flatten(1)[:, :: self.stride]
"""


def wanted(*models, **settings):
    return [RunGrid(model, ("glyphs-5w1s",), (0,), "quick", settings) for model in models]


def given(found):
    return {each.model: dict(each.settings) for each in found}


@pytest.mark.parametrize(
    ("models", "settings", "lacking"),
    [
        ((CONTRASTIVE, PROTOTYPICAL), {"margin": "0.5"}, {"margin": PROTOTYPICAL}),
        ((PROTOTYPICAL, "pixels-cosine"), {"support": 1}, {"support": "pixels-cosine"}),
        # The harness's own settings too: this one compares pairs and embeds nothing.
        (("modified-hausdorff", PROTOTYPICAL), {"views": "10"}, {"views": "modified-hausdorff"}),
        (("simple-shot-cl2n-conv4", PROTOTYPICAL), {"shots": "nearest"},
         {"shots": "simple-shot-cl2n-conv4"}),
        # A setting without effect is one that the model lacks.
        (("siamese-conv4-cosine-nt-xent", CONTRASTIVE), {"margin": "0.5"},
         {"margin": "siamese-conv4-cosine-nt-xent"}),
        (("chance", CONTRASTIVE), {"final_fit": "true", "margin": "0.5"},
         {"final_fit": "chance", "margin": "chance"}),
    ],
)  # fmt: skip
def test_a_setting_reaches_the_models_that_have_it_and_the_others_are_named(
    models, settings, lacking
):
    found, notes = applied(wanted(*models, **settings))
    for model, had in given(found).items():
        assert had == {k: v for k, v in settings.items() if lacking[k] != model}
    assert len(notes) == len(lacking)
    for setting, model in lacking.items():
        (note,) = [note for note in notes if note.startswith(f"`{setting}`")]
        (other,) = set(models) - {model}
        assert f"not a setting of {model}; applied to {other} only" in note


def test_a_users_own_file_has_settings_of_its_own(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(FILE)
    mine = f"{path}:Mine"
    found, notes = applied(wanted(mine, PROTOTYPICAL, stride="3", learning_rate="0.01"))
    assert given(found) == {mine: {"stride": "3"}, PROTOTYPICAL: {"learning_rate": "0.01"}}
    assert len(notes) == 2


def test_a_setting_that_no_model_has_is_an_error_with_the_names_that_exist(tmp_path):
    with pytest.raises(OneshotError, match=r"None of .* takes `margn`.*Did you mean 'margin'") as e:
        applied(wanted(CONTRASTIVE, PROTOTYPICAL, margn="0.5"))
    assert "Known: backbone" in e.value.hint
    with pytest.raises(OneshotError, match="no setting 'margin'"):  # one model: its own words
        applied(wanted(PROTOTYPICAL, margin="0.5"))
    (tmp_path / "mine.py").write_text(FILE)
    with pytest.raises(UnknownName, match=r"setting of mine.py:Mine named 'margin'.*Known: stride"):
        applied(wanted(f"{tmp_path}/mine.py:Mine", margin="0.5"))


def test_a_bad_value_is_not_taken_for_a_setting_that_is_lacking():
    found, notes = applied(wanted(CONTRASTIVE, PROTOTYPICAL, learning_rate="fast"))
    assert notes == [] and all(each.settings for each in found)  # the plan reports it


def test_models_that_have_every_setting_are_left_as_they_are():
    asked = wanted(CONTRASTIVE, PROTOTYPICAL, learning_rate="0.01")
    assert applied(asked) == (asked, [])
    assert applied(wanted("chance")) == (wanted("chance"), [])


def test_what_is_left_out_is_said_on_standard_error(capsys):
    found = grids_of(
        [CONTRASTIVE, PROTOTYPICAL], ["glyphs-5w1s"], None, ["margin=0.5"], "0", "quick"
    )
    heard = capsys.readouterr()
    assert heard.out == "" and heard.err.count("\n") == 1  # a pipe takes jobs alone
    assert f"`margin` is not a setting of {PROTOTYPICAL}" in heard.err
    assert given(found) == {CONTRASTIVE: {"margin": "0.5"}, PROTOTYPICAL: {}}


@pytest.mark.parametrize(
    "error",
    [
        OneshotError("a", "b", "c"),
        Refused("a", "b", setting="c"),
        UnknownName("setting of x", "c", ["d"], "b", setting="c"),
    ],
)
def test_the_setting_survives_the_way_back_from_a_worker(error):
    back = pickle.loads(pickle.dumps(error))
    assert (back.setting, back.hint, str(back)) == ("c", "b", str(error))
