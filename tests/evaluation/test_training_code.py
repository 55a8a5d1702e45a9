"""A training keeps its identity while the code that it runs is the same, and loses it otherwise."""

import shutil
from pathlib import Path

import pytest

from benchmark import sources
from benchmark.evaluation.api import spec_of
from benchmark.evaluation.job import RunContext, RunSpec, build
from benchmark.evaluation.provenance import training_code
from benchmark.evaluation.run import run
from benchmark.evaluation.training import kept
from benchmark.tasks import track as find_track
from tests.evaluation.test_presence import TASK, add_points

pytestmark = pytest.mark.training

MODEL = "siamese-mlp-cosine-nt-xent"
SMALL = {"items": 256, "validations": 1, "width": 0.25}


@pytest.fixture
def suite(tmp_path, monkeypatch):
    """A copy of the sources of all models, which may be edited."""
    for package in ("baselines", "benchmark"):
        shutil.copytree(
            sources.SUITE / package, tmp_path / "suite" / package,
            ignore=shutil.ignore_patterns("__pycache__", "*.xz", "templates"),
        )  # fmt: skip
    monkeypatch.setattr(sources, "SUITE", tmp_path / "suite")
    return tmp_path / "suite" / "baselines"


def code_of(key: str) -> str:
    job = RunSpec(spec_of(key), find_track("glyphs"), 0, "quick", ())
    model, recipe = build(job)
    return training_code(model, recipe, job.spec)


def comment_everywhere(suite: Path) -> None:
    for path in suite.rglob("*.py"):
        path.write_text(path.read_text() + "\n# a remark\n")


def docstrings_everywhere(suite: Path) -> None:
    for path in suite.rglob("*.py"):
        path.write_text(path.read_text().replace('"""', '"""Said otherwise: ', 1))


def new_loss(suite: Path) -> None:
    (suite / "siamese/losses/mine.py").write_text("class Mine: pass\n")


def new_model(suite: Path) -> None:
    (suite / "catalogue.py").write_text((suite / "catalogue.py").read_text() + "\nMORE = 1\n")
    (suite / "named.py").write_text((suite / "named.py").read_text() + "\nMORE = 1\n")


def edit(name: str):
    def change(suite: Path) -> None:
        path = suite / name
        path.write_text(path.read_text() + "\nMORE = 1\n")

    change.__name__ = name
    return change


DISTANCES = "../benchmark/models/distances"
HARMLESS = (comment_everywhere, docstrings_everywhere, new_loss, new_model,
            edit("siamese/losses/triplet.py"), edit("backbones/resnet12.py"),
            edit(f"{DISTANCES}/euclidean.py"), edit("episodic/maml.py"))  # fmt: skip
DECISIVE = tuple(
    map(edit, ("siamese/losses/nt_xent.py", "siamese/losses/_loss.py", "siamese/network.py",
               f"{DISTANCES}/cosine.py", "backbones/conv4.py", "backbones/_layers.py",
               "training/loop.py", "training/schedule.py"))
)  # fmt: skip


@pytest.mark.parametrize("change", HARMLESS, ids=lambda change: change.__name__)
def test_what_a_training_does_not_run_leaves_its_identity(suite, change):
    before = code_of("siamese-conv4-cosine-nt-xent")
    change(suite)
    assert code_of("siamese-conv4-cosine-nt-xent") == before


@pytest.mark.parametrize("change", DECISIVE, ids=lambda change: change.__name__)
def test_what_a_training_runs_is_part_of_its_identity(suite, change):
    before = code_of("siamese-conv4-cosine-nt-xent")
    change(suite)
    assert code_of("siamese-conv4-cosine-nt-xent") != before


@pytest.mark.parametrize(
    ("key", "own", "other"),
    [
        ("prototypical-conv4", "episodic/prototypical.py", "episodic/relation.py"),
        ("maml-conv4", "episodic/_adaptation.py", "siamese/losses/nt_xent.py"),
        ("baseline-plus-plus-conv4", "classifier/_classifier.py", "episodic/_episodes.py"),
        ("relation-conv4-maps", "backbones/conv4_maps.py", "backbones/conv4_512.py"),
    ],
)
def test_each_method_is_known_by_its_own_files(suite, key, own, other):
    before = code_of(key)
    edit(other)(suite)
    assert code_of(key) == before
    edit(own)(suite)
    assert code_of(key) != before


def test_heads_on_one_classifier_share_its_training(suite):
    keys = ("nearest-centroid-conv4", "simple-shot-un-conv4")
    before = code_of(keys[0])
    edit("classifier/simple_shot.py")(suite)
    edit("classifier/nearest_centroid.py")(suite)
    assert code_of(keys[0]) == code_of(keys[1]) == before


def test_finished_weights_are_found_after_an_edit_elsewhere_and_not_after_one_of_the_loss(
    tmp_path, monkeypatch, suite
):
    add_points(tmp_path / "data")
    monkeypatch.setenv("ONESHOT_DATA", str(tmp_path / "data"))
    job = RunSpec(spec_of(MODEL, SMALL), find_track("pts"), 0, "quick", (TASK,), episodes=20)
    context = RunContext(work=tmp_path / "work")
    (record,) = run(job, context)
    digest = context.data_set("pts").digest

    def found():
        model, recipe = build(job)
        return kept(job, model, recipe, tmp_path / "work", digest, final=True)

    assert found().weights == record.provenance.weights
    for change in (comment_everywhere, new_loss, edit("siamese/losses/triplet.py")):
        change(suite)
        assert found().weights == record.provenance.weights
    edit("siamese/losses/nt_xent.py")(suite)
    assert found() is None


BACKBONE = """
import torch
from . import {helper}


class Net(torch.nn.Sequential):
    def __init__(self, channels, side):
        inputs = channels * side * side
        super().__init__(torch.nn.Flatten(), torch.nn.Linear(inputs, {helper}.WIDTH))
"""


def test_a_helper_of_a_users_backbone_is_part_of_the_identity(tmp_path):
    (tmp_path / "net.py").write_text(BACKBONE.format(helper="sizes"))
    digests = []
    for width in (4, 16, 4):  # of another length: Python knows compiled files by second and size
        (tmp_path / "sizes.py").write_text(f"WIDTH = {width}\n")
        settings = {"items": 64, "backbone": f"{tmp_path / 'net.py'}:Net"}
        spec = spec_of("siamese-conv4-cosine-nt-xent", settings)
        job = RunSpec(spec, find_track("glyphs"), 0, "quick", ())
        model, recipe = build(job)
        assert recipe["embedding"] == width, "the helper as it is now"
        digests.append(training_code(model, recipe, job.spec))
    assert digests[0] != digests[1] and digests[0] == digests[2]
