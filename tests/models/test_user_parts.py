"""Distances and losses of users, of entry points and of pytorch-metric-learning, end to end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.datasets import prepare
from benchmark.errors import ModelBroken, OneshotError, Refused, UnknownName
from benchmark.evaluation.api import evaluate
from benchmark.evaluation.job import RunSpec, build
from benchmark.models import distances, parts
from benchmark.registry import resolve
from benchmark.tasks import track
from tests.evaluation.test_presence import add_points

TASKS = ("pts-few-2w1s", "pts-few-2w5s", "pts-verification", "pts-retrieval")
NETWORK = "siamese-mlp-euclidean-contrastive"
SMALL = {"items": 256, "validations": 1, "width": 0.25, "threads": 1}

DISTANCE = """
import torch
from benchmark.models.distances import Distance, Traits

TRAITS = Traits(
    non_negative=True, bounded=False, symmetric=True, learned={learned}, radius=100.0,
    prototypes={prototypes},
)


class Mine(Distance):
    {extra}
    def forward(self, a, b):
        return {formula}
"""
MANHATTAN = "torch.cdist(a, b, p=1.0)"

ON_DISTANCES = """
from baselines.siamese.losses import PairLoss
from baselines.siamese.traits import Needs

NEEDS = Needs(batches=("class-balanced", "pairs"), non_negative=True, margin=1.0, minable=True,
              why="it squares distances")


class Mine(PairLoss):
    def of_pairs(self, d, different):
        y = different.to(d.dtype)
        return (1 - y) * 0.5 * d.square() + y * 0.5 * (self.margin - d).clamp(min=0).square()
"""
ON_EMBEDDINGS = """
import torch
from torch import nn


class Mine(nn.Module):
    def __init__(self, num_classes, embedding_size):
        super().__init__()
        self.proxies = nn.Parameter(torch.randn(num_classes, embedding_size))

    def forward(self, embeddings, labels):
        return nn.functional.cross_entropy(-torch.cdist(embeddings, self.proxies), labels)
"""


@pytest.fixture(scope="module")
def points(tmp_path_factory):
    data = tmp_path_factory.mktemp("points")
    add_points(data, spread=1.0)
    return data


@pytest.fixture(autouse=True)
def _points_at_hand(points, monkeypatch):
    monkeypatch.setenv("ONESHOT_DATA", str(points))


def written(folder: Path, text: str, name: str = "mine.py") -> str:
    (folder / name).write_text(text)
    return f"{folder / name}:Mine"


def distance(folder: Path, formula: str = MANHATTAN, extra: str = "", **traits: bool) -> str:
    stated = {"learned": False, "prototypes": True, **traits}
    return written(folder, DISTANCE.format(formula=formula, extra=extra, **stated))


def outcome(model: str, task: str, **settings: object):
    return evaluate(model, task, settings=settings)


@pytest.mark.parametrize("task", TASKS)
def test_a_users_distance_judges_as_the_suites_of_the_same_formula(tmp_path, task):
    mine = outcome("pixels-cosine", task, distance=distance(tmp_path))
    theirs = outcome("pixels-cosine", task, distance="manhattan")
    assert mine.outcome == theirs.outcome
    assert mine.outcome != outcome("pixels-cosine", task).outcome
    assert mine.model.recipe["distance"] == "mine.py:Mine"
    assert len(mine.model.recipe["distance_code"]) == 16
    assert "distance_code" not in theirs.model.recipe


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("isolate", [True, False])
def test_a_users_model_declares_a_users_distance(tmp_path, task, isolate):
    reference = distance(tmp_path)
    (tmp_path / "net.py").write_text(
        "from .mine import Mine as Distance\n"
        "class Net:\n    distance = Distance\n    def embed(self, items): return items.flatten(1)\n"
        f"class Named(Net):\n    distance = {reference!r}\n"
    )
    expected = outcome("pixels-cosine", task, distance="manhattan").outcome
    for name in ("Net", "Named"):
        record = evaluate(f"{tmp_path / 'net.py'}:{name}", task, isolate=isolate)
        assert record.outcome == expected
        assert len(record.model.recipe["distance_code"]) == 16


@pytest.mark.parametrize("task", TASKS)
def test_a_users_distance_trains_and_judges_a_network(tmp_path, task):
    mine = outcome(NETWORK, task, distance=distance(tmp_path), **SMALL)
    theirs = outcome(NETWORK, task, distance="manhattan", **SMALL)
    assert mine.provenance.weights != theirs.provenance.weights or mine.outcome == theirs.outcome
    other = distance(tmp_path, "0 * torch.cdist(a, b) + 1")
    flat = outcome(NETWORK, task, distance=other, **SMALL)
    assert flat.outcome != mine.outcome  # every pair is equally far
    assert flat.model.recipe["distance_code"] != mine.model.recipe["distance_code"]


@pytest.mark.parametrize("task", TASKS)
def test_a_distance_without_prototypes_is_asked_pair_by_pair(tmp_path, task):
    reference = distance(tmp_path, prototypes=False)
    record = outcome(NETWORK, task, distance=reference, **SMALL)
    assert record.model.recipe["distance"] == "mine.py:Mine"
    spec = resolve(NETWORK, {"distance": reference, **SMALL})
    model, _ = build(RunSpec(spec, track("pts"), 0, "quick", (task,)))
    assert callable(model.compare) and not hasattr(model, "distance")


@pytest.mark.parametrize(
    ("formula", "extra", "says"),
    [
        ("torch.cdist(a, b)[:, :1]", "def pairs(self, a, b): return a[:, 0]\n", "forward gave"),
        ("-torch.cdist(a, b)", "", "below zero"),
        ("torch.cdist(a, b) * (1 + a.abs().sum(-1))[..., None]", "", "symmetric=True"),
        ("torch.cdist(a, b) / 0", "", "not finite"),
        (MANHATTAN, "def pairs(self, a, b): return (a - b).norm(dim=-1)\n", "disagree"),
        ("undefined", "", "NameError"),
    ],
)
def test_a_distance_that_is_not_what_it_states_is_refused(tmp_path, formula, extra, says):
    with pytest.raises(ModelBroken, match=says):
        outcome(NETWORK, TASKS[0], distance=distance(tmp_path, formula, extra), **SMALL)


def test_a_learned_distance_is_refused_where_nothing_trains_it(tmp_path):
    for reference in ("mahalanobis", distance(tmp_path, learned=True)):
        with pytest.raises(Refused, match="weights of its own"):
            outcome("pixels-cosine", TASKS[0], distance=reference)


def test_an_unknown_distance_is_named(tmp_path):
    for model in ("pixels-cosine", NETWORK):
        with pytest.raises(UnknownName, match="Did you mean cosine"):
            outcome(model, TASKS[0], distance="cosin")
    with pytest.raises(OneshotError, match="no file"):
        outcome("pixels-cosine", TASKS[0], distance=f"{tmp_path / 'none.py'}:Mine")
    with pytest.raises(OneshotError, match="TRAITS"):
        text = "from benchmark.models.distances import Distance\nclass Mine(Distance): pass\n"
        outcome(NETWORK, TASKS[0], distance=written(tmp_path, text, "bare.py"))
    with pytest.raises(OneshotError, match="subclass of Distance"):
        outcome(NETWORK, TASKS[0], distance=written(tmp_path, "Mine = dict\n", "other.py"))


def test_a_subclass_with_a_formula_of_its_own_inherits_no_fast_path():
    from benchmark.models.distances.cosine import Cosine

    class Same(Cosine):
        pass

    class Other(Cosine):
        def forward(self, a, b):
            return (a[..., :, None, :] - b[..., None, :, :]).abs().amax(dim=-1)

    assert Same.geometry == "cosine" and Other.geometry == ""
    assert Other.similarity is distances.Distance.similarity


def test_a_users_loss_on_distances_trains_as_the_suites_of_the_same_formula(tmp_path):
    mine = outcome(NETWORK, TASKS[0], loss=written(tmp_path, ON_DISTANCES), **SMALL)
    theirs = outcome(NETWORK, TASKS[0], **SMALL)
    assert mine.provenance.weights == theirs.provenance.weights
    assert mine.model.recipe["loss"] == "mine.py:Mine" and mine.model.recipe["loss_code"]
    assert "loss_code" not in theirs.model.recipe and "miner" not in theirs.model.recipe
    assert any("mine.py" in name for name in mine.provenance.files)


@pytest.mark.parametrize("task", TASKS)
def test_a_users_loss_on_embeddings_has_weights_that_are_kept(tmp_path, task):
    reference = written(tmp_path, ON_EMBEDDINGS)
    first = evaluate(NETWORK, task, settings={"loss": reference, **SMALL}, work=tmp_path / "w")
    again = evaluate(NETWORK, task, settings={"loss": reference, **SMALL}, work=tmp_path / "w")
    assert first.outcome == again.outcome
    assert first.provenance.weights == again.provenance.weights
    assert first.outcome != outcome(NETWORK, task, **SMALL).outcome


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("from torch import nn\nclass Mine(nn.Module):\n    def forward(self, e, y): return e\n",
         "not a scalar"),
        ("from torch import nn\nclass Mine(nn.Module):\n    def forward(self, e, y): 1 / 0\n",
         "ZeroDivisionError"),
        ("class Mine: pass\n", "no torch.nn.Module"),
        ("NEEDS = 3\nclass Mine: pass\n", "NEEDS"),
    ],
)  # fmt: skip
def test_a_loss_that_fails_says_how(tmp_path, text, says):
    with pytest.raises(OneshotError, match=says):
        outcome(NETWORK, TASKS[0], loss=written(tmp_path, text), **SMALL)


@pytest.mark.parametrize(
    ("loss", "metric"),
    [
        ("pml:CircleLoss,m=0.3,gamma=64", "cosine"),
        ("pml:TripletMarginLoss,margin=0.2", "euclidean"),
        ("pml:ProxyAnchorLoss", "cosine"),
        ("pml:ContrastiveLoss", "hyperbolic"),
        ("pml:MultiSimilarityLoss", "cosine"),
    ],
)
def test_losses_of_the_library_train(loss, metric):
    record = outcome(NETWORK, TASKS[0], loss=loss, distance=metric, **SMALL)
    assert record.model.recipe["loss"] == loss
    assert record.model.recipe["loss_code"].startswith("pytorch-metric-learning 2.")
    assert record.provenance.weights != outcome(NETWORK, TASKS[0], **SMALL).provenance.weights


@pytest.mark.parametrize("loss", ["pml:TripletMarginLoss", "triplet", "contrastive"])
def test_a_miner_of_the_library_chooses_what_counts(loss):
    with_miner = outcome(NETWORK, TASKS[0], loss=loss, miner="pml:BatchHardMiner", **SMALL)
    assert with_miner.model.recipe["miner"] == "pml:BatchHardMiner"
    assert with_miner.model.recipe["miner_code"].startswith("pytorch-metric-learning 2.")
    without = outcome(NETWORK, TASKS[0], loss=loss, **SMALL)
    assert with_miner.provenance.weights != without.provenance.weights


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"loss": "pml:CircelLoss"}, "Did you mean CircleLoss"),
        ({"loss": "pml:CircleLoss"}, "does not take the distance 'euclidean'"),
        ({"loss": "pml:TripletMarginLoss,margn=1"}, "margn"),
        ({"loss": "pml:TripletMarginLoss,margin"}, "expected name=value"),
        ({"loss": "pml:TripletMarginLoss", "margin": 0.3}, "part of its name"),
        ({"loss": "pml:CrossBatchMemory"}, "CrossBatchMemory"),
        ({"miner": "BatchHardMiner"}, "expected 'pml:NAME'"),
        ({"miner": "pml:BatchHardMiner", "loss": "nt-xent"}, "does its own mining"),
        ({"miner": "pml:BatchHardMiner", "hardest": 0.5}, "both choose"),
        ({"miner": "pml:BatchHardMiner", "batches": "pairs"}, "class-balanced"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(settings, says):
    with pytest.raises(OneshotError, match=says):
        outcome(NETWORK, TASKS[0], **settings, **SMALL)


PLUGIN = {
    "model": ("my-model", "my_plugin:Net"),
    "backbone": ("my-backbone", "my_plugin:Backbone"),
    "distance": ("my-distance", "my_plugin_distance:Mine"),
    "loss": ("my-loss", "my_plugin_loss:Mine"),
    "data set": ("my-points", "my_plugin:read"),
}
PLUGIN_SOURCE = """
import torch
from torch import nn


class Net:
    def embed(self, items): return items.flatten(1)


class Backbone(nn.Module):
    takes = ("image", "vector")

    def __init__(self, channels):
        super().__init__()
        self.map = nn.Linear(channels, 8)

    def forward(self, items): return self.map(items.flatten(1))


def read(path, options, scratch, progress):
    from pathlib import Path
    from benchmark.datasets.own.vectors import read

    return read(Path(__file__).parent / "points.csv", options, scratch, progress)
"""


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """A package with entry points, as pip would install it."""
    site = tmp_path / "site"
    about = site / "my_plugin-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: my-plugin\nVersion: 1.0\n")
    groups = (f"[{parts.GROUPS[k]}]\n{n} = {v}\n" for k, (n, v) in PLUGIN.items())
    (about / "entry_points.txt").write_text("\n".join(groups))
    (site / "my_plugin.py").write_text(PLUGIN_SOURCE)
    distance(site).replace("mine", "")
    (site / "mine.py").rename(site / "my_plugin_distance.py")
    (site / "my_plugin_loss.py").write_text(ON_EMBEDDINGS)
    monkeypatch.syspath_prepend(str(site))
    yield site
    for name in ("my_plugin", "my_plugin_distance", "my_plugin_loss"):
        sys.modules.pop(name, None)


def test_parts_of_installed_packages_are_found_by_their_entry_points(plugin):
    judged = outcome("pixels-cosine", TASKS[0], distance="my-distance")
    assert judged.outcome == outcome("pixels-cosine", TASKS[0], distance="manhattan").outcome
    assert judged.model.recipe["distance"] == "my-distance"
    settings = {"backbone": "my-backbone", "distance": "my-distance", "loss": "my-loss"}
    trained = outcome(NETWORK, TASKS[0], **settings, **SMALL | {"width": 1.0})
    recipe = trained.model.recipe
    assert {name: recipe[name] for name in settings} == settings
    assert all(len(recipe[f"{name}_code"]) == 16 for name in settings)
    assert evaluate("my-model", TASKS[0]).model.key == "my-model"
    with pytest.raises(UnknownName, match="my-distance"):
        outcome("pixels-cosine", TASKS[0], distance="my-distanc")


def test_an_edit_of_a_plug_in_makes_another_recipe(plugin):
    first = outcome("pixels-cosine", TASKS[0], distance="my-distance").model.recipe
    path = plugin / "my_plugin_distance.py"
    path.write_text(path.read_text().replace("p=1.0", "p=2.0"))
    done = subprocess.run(
        [sys.executable, "-c",
         "import sys; sys.path.insert(0, sys.argv[1])\n"
         "from benchmark.models import distances; print(distances.identity('my-distance')[1])",
         str(plugin)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() != first["distance_code"]


def test_an_installed_package_brings_data(plugin, points, tmp_path):
    (plugin / "points.csv").write_bytes((points / "points.csv").read_bytes())
    brought = prepare.bring("letters", None, tmp_path / "data", "my-points")
    expected = prepare.bring("letters", points / "points.csv", tmp_path / "other", "vectors")
    assert brought.verified.digest == expected.verified.digest
    record = evaluate("pixels-cosine", "letters-2w1s", data=tmp_path / "data")
    assert record.task.data_digest == brought.verified.digest
    with pytest.raises(UnknownName, match="my-points"):
        prepare.bring("letters", None, tmp_path / "data", "my-point")


def test_a_reader_that_fails_says_so(plugin, tmp_path):
    with pytest.raises(ModelBroken, match="FileNotFoundError|points.csv"):
        path = plugin / "my_plugin.py"
        path.write_text(path.read_text().replace("return read(", "raise FileNotFoundError("))
        prepare.bring("letters", None, tmp_path / "data", "my-points")
    sys.modules.pop("my_plugin")
    path.write_text("def read(path, options, scratch, progress): return None\n")
    with pytest.raises(ModelBroken, match="gave a NoneType"):
        prepare.bring("letters", None, tmp_path / "data", "my-points")
