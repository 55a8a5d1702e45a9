"""Every method of easyfsl: its own answers, maps where it needs them, weights of its parts."""

from __future__ import annotations

import inspect
import logging
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from baselines.adapters import _file
from baselines.backbones import _build
from benchmark.errors import ModelFailed, OneshotError
from benchmark.protocols import TrackInfo
from benchmark.registry import resolve

methods = pytest.importorskip("easyfsl.methods")
NAMES = [
    name
    for name, kind in vars(methods).items()
    if inspect.isclass(kind) and name != "FewShotClassifier"
]
OWN_PARTS = {
    "FEAT": ["attention_module"],
    "MatchingNetworks": ["support_features_encoder", "query_features_encoding_cell"],
    "RelationNetworks": ["relation_module"],
}
DRAW = torch.Generator().manual_seed(0)
SUPPORT, QUERIES = (
    torch.rand(10, 1, 28, 28, generator=DRAW),
    torch.rand(15, 1, 28, 28, generator=DRAW),
)
LABELS = torch.arange(5).repeat_interleave(2)


def built(name: str, **settings: Any) -> Any:
    track = TrackInfo("small", "character", channels=1, side=28)
    return resolve(f"easyfsl:{name}", {"width": 0.125, **settings}).build(0, track, "quick")


def asked(model: Any) -> Tensor:
    scores: Tensor = model.classify_episode(SUPPORT, LABELS, QUERIES, torch.Generator())
    return scores


def original(name: str, backbone: nn.Module) -> Any:
    """The method as easyfsl's documentation builds it, with random weights; 16 maps or numbers."""
    torch.manual_seed(7)
    if name == "FEAT":
        from easyfsl.modules import MultiHeadAttention

        return methods.FEAT(backbone, attention_module=MultiHeadAttention(1, 8, 8, 8)).eval()
    kind = getattr(methods, name)
    return (kind(backbone, feature_dimension=8) if name in OWN_PARTS else kind(backbone)).eval()


class Maps(nn.Module):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        found: Tensor = self.network(images).view(len(images), 8, 7, 7)
        return found


@pytest.mark.parametrize("name", NAMES)
def test_a_method_answers_as_its_original_with_the_weights_of_one_file(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _file.say_once.cache_clear()
    maps = name == "RelationNetworks"
    kind = "conv4-maps" if maps else "conv4"
    network = _build.build(kind, 1, 28, 0.125, seed=3).eval()
    method = original(name, Maps(network) if maps else network)
    path = tmp_path / "method.pt"
    torch.save(method.state_dict(), path)
    model = built(name, backbone=kind, weights=str(path))
    found = asked(model)
    with torch.no_grad():
        method.process_support_set(SUPPORT, LABELS)
        assert torch.allclose(found, method(QUERIES), atol=1e-5)
    assert torch.equal(asked(model), found) and found.shape == (15, 5)
    assert "untrained" not in model.recipe and "random" not in caplog.text


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("backbone", ["conv4", "conv4-maps", "resnet12"])
def test_every_method_runs_on_every_kind_of_backbone(name: str, backbone: str) -> None:
    scores = asked(built(name, backbone=backbone))
    assert scores.shape == (15, 5) and torch.isfinite(scores).all()


@pytest.mark.parametrize("name", OWN_PARTS)
@pytest.mark.parametrize("given", [False, True])
def test_random_parts_are_named(
    name: str, given: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _file.say_once.cache_clear()
    settings = {}
    if given:
        network = _build.build("conv4", 1, 28, 0.125, seed=3)
        torch.save(network.state_dict(), tmp_path / "backbone.pt")
        settings["weights"] = str(tmp_path / "backbone.pt")
    with caplog.at_level(logging.WARNING):
        model = built(name, **settings)
    assert f"{', '.join(OWN_PARTS[name])}. They are random" in caplog.text
    assert ("holds no weights for them" in caplog.text) == given
    assert model.recipe.get("untrained") == (", ".join(OWN_PARTS[name]) if given else None)


def test_other_prefixes_of_a_part_are_found(tmp_path: Path) -> None:
    network = _build.build("conv4", 1, 28, 0.125, seed=3)
    method = original("FEAT", network)
    names = (
        ("backbone.", "encoder."),
        ("attention_module.", "slf_attn."),
    )
    state = method.state_dict()
    for own_name, name in names:
        state = {key.replace(own_name, name): value for key, value in state.items()}
    torch.save({"params": state}, tmp_path / "w.pth")
    model = built("FEAT", weights=str(tmp_path / "w.pth"))
    own = model.method.attention_module.state_dict()
    assert all(torch.equal(own[k], v) for k, v in method.attention_module.state_dict().items())


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("MatchingNetworks", {"support_encoder": "lstm"}, "no setting 'support_encoder'"),
        ("RelationNetworks", {"feature_dimension": 3}, "no setting 'feature_dimension'"),
        ("SimpleShot", {"temperature": 3}, "no setting 'temperature'"),
    ],
)
def test_settings_that_are_not_numbers_are_refused(
    name: str, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(OneshotError, match=message):
        built(name, **settings)


def test_a_method_that_fails_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFailed, match="easyfsl's LaplacianShot failed on 10 supports"):
        asked(built("LaplacianShot", knn=99))
