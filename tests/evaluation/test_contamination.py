"""A model is never asked about classes that it has seen, and each look at a test is noted."""

import json

import pytest
import torch
from safetensors.torch import save_file
from typer.testing import CliRunner

import benchmark
from benchmark.cli.app import app
from benchmark.errors import Refused
from benchmark.evaluation.contamination import encode, learned, refusal
from benchmark.evaluation.job import RunContext
from benchmark.protocols import Seen
from benchmark.records import readings
from benchmark.report.leaderboard import build
from benchmark.tasks import track
from benchmark.tasks.loading import load_task

pytestmark = pytest.mark.training

TEST, FREE = "glyphs-5w1s", "omniglot-within-20w1s"


class Flat:
    input_size = 8

    def embed(self, images):
        return images.flatten(1)


def told(*seen):
    model = Flat()
    model.seen = seen
    return model


@pytest.fixture(scope="module")
def glyphs():
    return load_task(TEST)


def checkpoint(path, seen):
    """Weights of a narrow Conv4, with what they have seen noted as the suite does it."""
    from baselines.backbones.conv4 import Conv4

    torch.manual_seed(0)
    weights = {k: v.contiguous() for k, v in Conv4(1, 28, 0.125).state_dict().items()}
    save_file(weights, path, metadata={"seen": encode(seen)})
    return f"checkpoint:{path}", {"backbone": "conv4", "width": "0.125"}


@pytest.mark.parametrize("name", ["glyphs/test", "glyphs"])
def test_a_declared_test_split_is_refused_with_names(name):
    with pytest.raises(Refused, match=r"it has seen \d+ of the \d+ test classes in glyphs/test: "):
        benchmark.evaluate(told(name), TEST)


def test_what_is_no_test_class_is_not_refused(glyphs):
    context, home = RunContext(), track("glyphs")
    for seen in ("glyphs/train", "glyphs/validation", "imagenet-1k", "my own drawings"):
        assert refusal(told(seen), home, glyphs, context) is None, seen
    other = Seen("x", "glyphs", "", (glyphs.classes[3],))
    assert glyphs.classes[3] in str(refusal(told(other), home, glyphs, context))


def test_weights_bring_along_what_they_have_seen(tmp_path, glyphs):
    seen = learned(track("glyphs"), glyphs.data, ("train", "validation"))
    assert [each.name for each in seen] == ["glyphs/train", "glyphs/validation"]
    model, settings = checkpoint(tmp_path / "fair.safetensors", seen)
    record = benchmark.evaluate(model, TEST, settings=settings)
    assert (record.model.seen, record.model.pool) == (
        ["glyphs/train", "glyphs/validation"], "inductive",
    )  # fmt: skip
    unfair = (Seen("mine/train", "glyphs", "", glyphs.classes[:3]),)
    model, settings = checkpoint(tmp_path / "unfair.safetensors", unfair)
    with pytest.raises(Refused, match=f"seen 3 of .* mine/train: {glyphs.classes[0][:5]}"):
        benchmark.evaluate(model, TEST, settings=settings)


def test_a_training_notes_its_classes_beside_the_weights(tmp_path):
    small = {"items": 64, "input_size": 8, "validations": 1}
    benchmark.evaluate("siamese-mlp-euclidean-contrastive", TEST, settings=small, work=tmp_path)
    (path,) = tmp_path.rglob("weights.safetensors")
    data = path.read_bytes()
    head = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    noted = [Seen(**each) for each in json.loads(head["__metadata__"]["seen"])]
    assert [each.name for each in noted] == ["glyphs/train", "glyphs/validation"]
    whole = load_task(TEST).data
    assert noted[0].digest == whole.digest
    assert not {name for each in noted for name in each.classes} & set(load_task(TEST).classes)


@pytest.mark.realdata
def test_a_vinyals_checkpoint_is_not_asked_lake_s_runs(tmp_path, real_store):
    context = RunContext(real_store)
    seen = learned(track("omniglot-vinyals"), context.data_set("omniglot"), ("train",))
    model, settings = checkpoint(tmp_path / "vinyals.safetensors", seen)
    for task in ("omniglot-lake-20w1s", "omniglot-within-5w1s"):
        with pytest.raises(Refused, match=r"omniglot-vinyals/train: Angelic/character01, Angelic"):
            benchmark.evaluate(model, task, settings=settings, data=real_store)
    fair = benchmark.evaluate(model, "omniglot-vinyals-5w1s", settings=settings, data=real_store)
    assert fair.model.pool == "inductive"
    background = learned(track("omniglot-background"), context.data_set("omniglot"), ("train",))
    model, settings = checkpoint(tmp_path / "background.safetensors", background)
    allowed = benchmark.evaluate(model, "omniglot-lake-20w1s", settings=settings, data=real_store)
    assert allowed.status == "ok"


@pytest.mark.realdata
def test_print_of_an_evaluation_script_is_refused_by_name(tmp_path, real_store, glyphs):
    gurmukhi = tuple(name for name in glyphs.data.class_names if name.startswith("Gurmukhi/"))
    model, settings = checkpoint(
        tmp_path / "print.safetensors", (Seen("fonts/train", "glyphs", "", gurmukhi),)
    )
    with pytest.raises(Refused, match=r"seen 45 of .* fonts/train: Gurmukhi/character01"):
        benchmark.evaluate(model, FREE, settings=settings, data=real_store)


def test_the_command_line_ends_with_two_when_nothing_may_be_asked(tmp_path):
    (tmp_path / "mine.py").write_text(
        "class Mine:\n    seen = ('glyphs/test',)\n    def embed(self, images):\n"
        "        return images.flatten(1)\n"
    )
    words = ["run", f"{tmp_path}/mine.py:Mine", "--task", TEST, "--results", str(tmp_path / "r")]
    done = CliRunner().invoke(app, words)
    assert isinstance(done.exception, Refused) and "left out, it has seen" in done.stdout
    assert not list((tmp_path / "r").rglob("*.json")) and not readings.load(tmp_path / "r")


def test_every_reading_of_a_test_is_noted(tmp_path):
    records = [
        benchmark.evaluate(Flat, TEST, results=tmp_path, existing=existing)
        for existing in ("redo", "redo", "skip")
    ]
    benchmark.evaluate(Flat, f"{TEST}@validation", results=tmp_path)
    assert readings.load(tmp_path) == {("glyphs", "Flat"): 2}
    board = build(records[:1], readings=readings.load(tmp_path))
    assert board.sections[0].rankings[0].rows[0].readings == 2
    assert build(records[:1]).sections[0].rankings[0].rows[0].readings == 1
