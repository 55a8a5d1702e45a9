"""Networks of other libraries as backbones, with random weights."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from baselines.backbones import _adapters, _build
from baselines.backbones._defaults import training_defaults
from baselines.backbones._measure import describe
from baselines.episodic.prototypical import Prototypical
from baselines.fixed.untrained import Untrained
from benchmark.errors import OneshotError, Refused, UnknownName
from benchmark.protocols import TrackInfo

from .test_backbones import images


def test_a_network_of_torchvision_as_a_backbone(track: TrackInfo) -> None:
    name = "torchvision:shufflenet_v2_x0_5"
    model = Untrained(0, track, backbone=name, input_size=32)
    assert (model.recipe.backbone, model.recipe.backbone_code) == (name, "")
    assert model.recipe.embedding == 1024  # the classifier is gone
    batch = images(1, 32)  # one channel, where torchvision expects three
    with torch.inference_mode():
        embeddings = model.embed(batch)
        again = Untrained(0, track, backbone=name, input_size=32).embed(batch)
        other = Untrained(1, track, backbone=name, input_size=32).embed(batch)
    assert torch.equal(embeddings, again) and not torch.equal(embeddings, other)


@pytest.mark.parametrize(
    ("name", "side", "width"),
    [("resnet18", 84, 512), ("vit_b_16", 96, 768), ("googlenet", 84, 1024)],
)
def test_networks_of_torchvision_fit_the_images(name: str, side: int, width: int) -> None:
    with torch.device("meta"):
        network = _adapters.build(f"torchvision:{name}", 3, side)
    assert describe(network, 3, side).output_width == width


def test_an_adapter_keeps_its_published_width(track: TrackInfo) -> None:
    assert training_defaults(track, "torchvision:resnet18", "quick")["width"] == 1.0
    with pytest.raises(Refused, match="part of its name"):
        Prototypical(0, track, backbone="torchvision:resnet18", width=0.5)


def test_unknown_networks_of_torchvision_are_guessed_at() -> None:
    with pytest.raises(UnknownName, match="Did you mean resnet18"):
        _adapters.build("torchvision:resnet81", 1, 28)
    with torch.device("meta"), pytest.raises(Refused, match="no linear classifier"):
        _adapters.build("torchvision:squeezenet1_1", 1, 28)


def test_a_network_that_cannot_see_small_images_says_so(track: TrackInfo) -> None:
    with pytest.raises(OneshotError, match=r"\[1, 28, 28\].*input_size=224"):
        _adapters.build("torchvision:vit_b_16", 1, 28)  # 16 does not divide 28
    network = nn.Conv2d(1, 1, 64)
    with pytest.raises(OneshotError, match=r"failed on images of shape \[2, 1, 28, 28\].*224"):
        _build.checked_width("torchvision:alexnet", network, 1, 28)


@pytest.mark.parametrize(("name", "library"), [("timm:x", "timm"), ("hf:vit", "transformers")])
def test_a_missing_library_says_how_to_install_it(
    track: TrackInfo, monkeypatch: pytest.MonkeyPatch, name: str, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)  # as if it were not installed
    with pytest.raises(OneshotError, match=rf"needs {library}.*'oneshot-benchmark\[pretrained\]'"):
        Untrained(0, track, backbone=name)


def fake(monkeypatch: pytest.MonkeyPatch, name: str, **attributes: Any) -> None:
    module = ModuleType(name)
    module.__dict__.update(attributes)
    monkeypatch.setitem(sys.modules, name, module)
    assert importlib.import_module(name) is module


@pytest.mark.parametrize("takes_side", [True, False])
def test_timm_is_called_without_weights(
    track: TrackInfo, monkeypatch: pytest.MonkeyPatch, takes_side: bool
) -> None:
    calls: list[dict[str, Any]] = []

    def create_model(name: str, **options: Any) -> nn.Module:
        calls.append({"name": name, **options})
        if "img_size" in options and not takes_side:
            raise TypeError("unexpected keyword argument 'img_size'")
        return nn.Sequential(nn.Conv2d(options["in_chans"], 5, 3), nn.AdaptiveAvgPool2d(1))

    known = ["tiny_net"]
    names = {"is_model": known.__contains__, "list_models": lambda: known}
    fake(monkeypatch, "timm", create_model=create_model, **names)
    model = Untrained(0, track, backbone="timm:tiny_net")
    expected = {"name": "tiny_net", "pretrained": False, "in_chans": 1, "num_classes": 0}
    assert calls[0] == {**expected, "img_size": 28}
    assert takes_side or calls[1] == expected
    assert model.recipe.embedding == 5 and model.recipe.backbone == "timm:tiny_net"
    with pytest.raises(UnknownName, match="Did you mean tiny_net"):
        Untrained(0, track, backbone="timm:tiny_nett")


@pytest.mark.parametrize(("name", "asked"), [("vit", "for_model"), ("a/b", "from_pretrained")])
@pytest.mark.parametrize("output", ["pooled", "tokens", "maps"])
def test_transformers_is_called_with_the_size_of_the_images(
    track: TrackInfo, monkeypatch: pytest.MonkeyPatch, name: str, asked: str, output: str
) -> None:
    config = SimpleNamespace(num_channels=3, image_size=224)

    class Encoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(config.num_channels, 6, 7, 7)

        def forward(self, pixel_values: Tensor) -> SimpleNamespace:
            maps = self.conv(pixel_values)
            if output == "pooled":
                return SimpleNamespace(pooler_output=maps.mean(dim=(2, 3), keepdim=True))
            tokens = maps.flatten(2).transpose(1, 2)
            return SimpleNamespace(last_hidden_state=maps if output == "maps" else tokens)

    asking = {"from_pretrained": None, "for_model": None}
    asking[asked] = lambda given: config if given == name else None  # type: ignore[assignment]
    auto = SimpleNamespace(from_config=lambda given: Encoder() if given is config else None)
    fake(monkeypatch, "transformers", AutoConfig=SimpleNamespace(**asking), AutoModel=auto)
    model = Untrained(0, track, backbone=f"hf:{name}")
    assert (config.num_channels, config.image_size) == (1, 28)
    assert model.recipe.embedding == 6
    batch = images(1, 28)
    maps = model.backbone.encoder.conv(batch)  # type: ignore[union-attr,operator]
    assert torch.allclose(model.embed(batch), maps.mean(dim=(2, 3)), atol=1e-6)
