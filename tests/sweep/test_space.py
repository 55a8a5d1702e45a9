"""What a search tries: any model with numbers to set, on any track, the default among them."""

from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmark.cli.app import app
from benchmark.cli.tune import advice
from benchmark.datasets import store
from benchmark.datasets.data_set import Groups, whole
from benchmark.datasets.split import SPLITS
from benchmark.errors import OneshotError
from benchmark.evaluation.job import RunContext
from benchmark.sweep.tuning import Outcome, Search

MINE = """
class Mine:
    distance = "cosine"

    def __init__(self, stride: int = 6, gain: float = 0.5, name="x"):
        self.recipe = {"stride": stride, "gain": gain, "name": name}
        self.stride = stride

    def embed(self, images):
        return images.flatten(1)[:, :: self.stride]
"""


def save(directory, family, stored, labels):
    split = Groups((labels % 3).astype(np.int32), SPLITS)
    names = [f"c{n:02d}" for n in range(labels.max() + 1)]
    data = whole("mine", family, stored, labels, names, {"split": split})
    store.save(data, directory, "folder data", "items", {"tasks": {}, "version": 1})


@pytest.fixture
def keep(tmp_path, monkeypatch):
    """Stores 18 classes of 4 items of a kind as the data set "mine"."""
    monkeypatch.setenv("ONESHOT_DATA", str(tmp_path / "data"))

    def kept(family="character", side=84):
        random = np.random.Generator(np.random.Philox(3))
        labels = np.repeat(np.arange(18), 4)
        if family == "text":
            stored = np.array(
                [f"{label} " * 15 + str(n) for n, label in enumerate(labels)], np.str_
            )
        elif family == "vector":
            stored = random.normal(size=(72, 5)).astype(np.float32)
        else:
            channels = 3 if family == "photograph" else 1
            stored = random.integers(0, 255, (72, channels, side, side)).astype(np.uint8)
        save(tmp_path / "data", family, stored, labels)

    return kept


def tried(model, *more, **named):
    return [
        {name: job.spec.settings[name] for name in factors}
        for factors, job in Search(model, "mine", "quick", *more, **named).jobs()
    ]


def default(found):
    """The values of the first setting, which is the default."""
    return found[0]


@pytest.mark.parametrize(
    ("model", "family", "axes"),
    [
        ("siamese-conv4-cosine-nt-xent", "character",
         {"input_size", "learning_rate", "temperature"}),
        ("prototypical-conv4", "photograph",
         {"input_size", "learning_rate", "temperature", "smallest_crop"}),
        ("ridge-conv4", "character", {"input_size", "learning_rate"}),
        ("siamese-char-cnn-cosine-nt-xent", "text", {"input_size", "learning_rate", "temperature"}),
        ("siamese-mlp-euclidean-contrastive", "vector", {"learning_rate", "margin"}),
        ("reptile-conv4", "character", {"input_size", "learning_rate", "inner_rate"}),
    ],
)  # fmt: skip
def test_any_model_on_any_data_gets_eight_settings(keep, model, family, axes):
    keep(family)
    found = tried(model)
    assert len(found) == 8 and len({str(each) for each in found}) == 8
    assert all(set(each) == axes for each in found)
    for name in axes:  # every number is tried at another value, one at a time
        changed = [each for each in found if each[name] != default(found)[name]]
        assert any(
            sum(each[other] != default(found)[other] for other in axes) == 1 for each in changed
        )


@pytest.mark.parametrize(("side", "size"), [(84, 48), (128, 48), (64, 48), (512, 48)])
def test_the_stored_size_is_tried_where_images_are_stored_larger(keep, side, size):
    keep("photograph", side)
    sizes = {each["input_size"] for each in tried("siamese-conv4-cosine-nt-xent")}
    assert {size, min(side, 128)} <= sizes and max(sizes) <= side
    assert all(isinstance(each, int) for each in sizes)


def test_images_that_are_stored_small_are_never_enlarged(keep):
    keep("character", 28)
    assert all("input_size" not in each for each in tried("siamese-conv4-cosine-nt-xent"))


@pytest.mark.parametrize("count", [1, 3, 8, 12, 30])
def test_as_many_settings_as_are_wanted(keep, count):
    keep()
    found = tried("siamese-conv4-cosine-nt-xent", count=count)
    assert len(found) == count == len({str(each) for each in found})
    assert found == tried("siamese-conv4-cosine-nt-xent", count=30)[:count]  # the same every time


def test_what_is_set_is_given_to_every_trial_and_not_searched(keep):
    keep()
    given = (("input_size", "40"), ("items", "64"))
    jobs = Search("siamese-conv4-cosine-nt-xent", "mine", "quick", given).jobs()
    for factors, job in jobs:
        assert "input_size" not in factors
        assert (job.spec.settings["input_size"], job.spec.settings["items"]) == ("40", "64")
        assert "input_size=40" in job.typed
    with pytest.raises(OneshotError, match="nothing to search"):
        Search("pixels-cosine", "mine", "quick").jobs()


def test_the_suites_own_tracks_keep_the_settings_that_every_model_gets():
    plain = Search("siamese-conv4-cosine-nt-xent", "glyphs", "quick").jobs()
    assert [set(factors) for factors, _ in plain] == [{"learning_rate", "temperature"}] * 8
    more = Search("siamese-conv4-cosine-nt-xent", "glyphs", "quick", count=12).jobs()
    assert [factors for factors, _ in more[:8]] == [factors for factors, _ in plain]
    assert any(factors.get("input_size", 1) > 1 for factors, _ in more[8:])  # stored at 105
    (only,) = Search("siamese-conv4-cosine-nt-xent", "glyphs", "quick", count=1).jobs()
    assert set(only[0].values()) == {1.0}


def test_searches_that_differ_lie_in_files_of_their_own():
    model = "siamese-conv4-cosine-nt-xent"
    usual = Search(model, "glyphs", "quick")
    assert usual.name == f"tuning/glyphs/{model}--quick.json"  # as suites look for it
    others = [
        Search(model, "glyphs", "quick", (("items", "64"),)),
        Search(model, "glyphs", "quick", (("items", "128"),)),
        Search(model, "glyphs", "quick", count=9),
        Search(model, "glyphs", "quick", task="glyphs-5w5s"),
    ]
    assert len({usual.name, *(other.name for other in others)}) == 5


def test_a_users_file_is_searched_in_the_numbers_that_it_can_be_set(keep, tmp_path):
    keep()
    path = tmp_path / "mine.py"
    path.write_text(MINE)
    model = f"{path}:Mine"
    found = tried(model)
    assert default(found) == {"stride": 6, "gain": 0.5}
    assert all(isinstance(each["stride"], int) and each["stride"] >= 1 for each in found)
    assert {each["stride"] for each in found} > {6, 3, 12}
    outcome = Search(model, "mine", "quick", count=3).make(RunContext(results=tmp_path))
    assert len(outcome.trials) == 3 and outcome.best is not None and outcome.given == {}
    assert Search(model, "mine", "quick", count=3).read(tmp_path) == outcome


def test_shots_are_matched_in_a_search_too():
    given = (("support", "match"),)
    search = Search("prototypical-mlp", "glyphs", "quick", given, task="glyphs-20w5s")
    assert {job.spec.settings["support"] for _, job in search.jobs()} == {5}
    more = Search("prototypical-mlp", "glyphs", "quick", given, 12, "glyphs-20w5s").jobs()
    assert {job.spec.settings["support"] for _, job in more} == {5, 1}
    usual = Search("prototypical-mlp", "glyphs", "quick", given)
    assert all("support" not in job.spec.settings for _, job in usual.jobs())


def test_the_task_of_the_question_decides(keep):
    keep()
    ((_, job), *_) = Search("prototypical-conv4", "mine", "quick", task="mine-3w2s").jobs()
    assert job.tasks == ("mine-3w2s@validation",) and job.spec.settings["support"] == 2
    assert 1 in [each["support"] for each in tried("prototypical-conv4", task="mine-3w2s")]
    ((_, job), *_) = Search("prototypical-conv4", "mine", "quick", task="mine-verification").jobs()
    assert job.tasks == ("mine-verification@validation",) and "support" not in job.spec.settings


def test_the_command_searches_and_prints_what_to_train(keep, tmp_path):
    keep("vector")
    words = [
        "tune", "siamese-mlp-cosine-nt-xent", "--task", "mine-verification", "--settings", "2",
        "--set", "items=64", "--set", "width=0.1", "--set", "validations=1",
        "--results", tmp_path / "results", "--work", tmp_path / "work",
        "--data", tmp_path / "data",
    ]  # fmt: skip
    done = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert "train with the best: oneshot run siamese-mlp-cosine-nt-xent" in done.output
    assert "--task mine-verification" in done.output and "--set items=64" in done.output
    (path,) = (tmp_path / "results" / "tuning").rglob("*.json")
    outcome = Outcome.model_validate_json(path.read_bytes())
    assert outcome.given == {"items": "64", "width": "0.1", "validations": "1"}
    assert len(outcome.trials) == 2 and outcome.task == "mine-verification@validation"


def test_the_advice_repeats_what_was_given():
    search = Search("prototypical-conv4", "glyphs", "quick", (("items", "64"),))
    outcome = Outcome(
        model=search.model, track="glyphs", budget="quick", task="glyphs-20w1s@validation", seed=1,
        of=9, trials=[{"factors": {"input_size": 2.0}, "settings": {"input_size": 56.0},
                       "correct": 3}],
    )  # fmt: skip
    (line,) = advice(search, outcome)
    assert "--set items=64" in line and "--set input_size=56" in line
    assert replace(search, count=9).name != search.name
