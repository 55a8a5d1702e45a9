"""The backbones: shapes, gradients, published sizes, and networks of other libraries."""

from __future__ import annotations

import importlib
import subprocess
import sys
from itertools import pairwise
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
import torchvision
from torch import Tensor, nn

from baselines.backbones import _adapters, _build
from baselines.backbones._defaults import training_defaults
from baselines.backbones._measure import describe, multiply_adds
from baselines.backbones.describe import row, rows
from baselines.backbones.resnet12 import DropBlock
from baselines.episodic.prototypical import Prototypical
from baselines.fixed.untrained import Untrained
from baselines.parts import class_of, part_names
from benchmark.errors import OneshotError, Refused, UnknownName
from benchmark.protocols import TrackInfo

EIGHTH = 1 / 8
FAMILIES = {"character": (1, 28), "photograph": (3, 84)}
# Numbers of an embedding at full width: (28x28, 84x84).
WIDTHS = {
    "conv4": (64, 1600),
    "conv4-512": (512, 12800),
    "conv6": (64, 1600),
    "resnet10": (512, 512),
    "resnet12": (640, 640),
    "resnet18": (512, 512),
    "vit-tiny": (192, 192),
    "wrn-28-10": (640, 640),
}


def images(channels: int, side: int, n: int = 3) -> Tensor:
    drawn = torch.rand(n, channels, side, side, generator=torch.Generator().manual_seed(0))
    return drawn.contiguous(memory_format=torch.channels_last)


def on_meta(name: str, channels: int, side: int, width: float = 1.0) -> nn.Module:
    with torch.device("meta"):
        network: nn.Module = class_of("backbones", name)(channels, side, width)
    return network


def parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", WIDTHS)
def test_every_backbone_learns_from_both_families(name: str, family: str) -> None:
    channels, side = FAMILIES[family]
    network = _build.build(name, channels, side, EIGHTH, seed=0)
    batch = images(channels, side)
    embeddings = network(batch)
    published = WIDTHS[name][list(FAMILIES).index(family)]
    assert embeddings.shape == (3, published // 8) and embeddings.dtype == torch.float32
    assert describe(network, channels, side).output_width == published // 8

    weights = torch.randn(embeddings.shape, generator=torch.Generator().manual_seed(0))
    (embeddings * weights).sum().backward()
    # Batch norm takes a bias before it away again, so that its gradient is nothing but round-off.
    cancelled = {id(layer.bias) for layer in network.modules() if isinstance(layer, nn.Conv2d)}
    for parameter in network.parameters():
        assert parameter.grad is not None and bool(parameter.grad.isfinite().all())
        assert bool(parameter.grad.any()) or id(parameter) in cancelled


@pytest.mark.parametrize("name", WIDTHS)
def test_embeddings_follow_from_the_seed_and_the_image_alone(name: str) -> None:
    def embed(seed: int, batch: Tensor) -> Tensor:
        with torch.inference_mode():
            embeddings: Tensor = _build.build(name, 1, 28, EIGHTH, seed).eval()(batch)
        return embeddings

    batch = images(1, 28)
    whole = embed(0, batch)
    assert torch.equal(whole, embed(0, batch))
    assert not torch.allclose(whole, embed(1, batch))
    assert torch.allclose(whole[1:2], embed(0, batch[1:2]), rtol=1e-4, atol=1e-5)
    in_rows = embed(0, batch.contiguous())
    assert torch.allclose(whole, in_rows, rtol=1e-4, atol=1e-5)  # the memory format is no matter


@pytest.mark.parametrize("name", WIDTHS)
@pytest.mark.parametrize("family", FAMILIES)
def test_embedding_widths_at_full_size(name: str, family: str) -> None:
    channels, side = FAMILIES[family]
    measure = describe(on_meta(name, channels, side), channels, side)
    assert measure.output_width == WIDTHS[name][list(FAMILIES).index(family)]


def resnet_of_torchvision(blocks: list[int]) -> int:
    """Parameters of torchvision's network with the first convolution and without the last layer."""
    with torch.device("meta"):
        network = torchvision.models.ResNet(torchvision.models.resnet.BasicBlock, blocks)
    return parameters(network) - parameters(network.fc) - 64 * 3 * (7 * 7 - 3 * 3)


def resnet12_by_hand() -> int:
    maps = [3, 64, 160, 320, 640]
    blocks = pairwise(maps)
    return sum(9 * a * b + 2 * 9 * b * b + a * b + 4 * 2 * b for a, b in blocks)


def convolutions_by_hand(*maps: int) -> int:
    return sum(9 * a * b + b + 2 * b for a, b in pairwise(maps))


@pytest.mark.parametrize(
    ("name", "expected", "millions"),
    [
        ("conv4", convolutions_by_hand(3, 64, 64, 64, 64), 0.113),
        ("conv6", convolutions_by_hand(3, *[64] * 6), 0.187),
        ("conv4-512", convolutions_by_hand(3, 96, 192, 384, 512), 2.605),
        ("resnet10", resnet_of_torchvision([1, 1, 1, 1]), 4.9),
        ("resnet18", resnet_of_torchvision([2, 2, 2, 2]), 11.2),  # Chen et al. 2019: 11.2 M
        ("resnet12", resnet12_by_hand(), 12.4),  # Tian et al. 2020 and others: 12.4 M
        # Zagoruyko & Komodakis 2016, table 5: 36.5 M, 36,479,194 with the classifier of ten.
        ("wrn-28-10", 36_479_194 - 10 * 641, 36.5),
    ],
)
def test_published_numbers_of_parameters(name: str, expected: int, millions: float) -> None:
    count = parameters(on_meta(name, 3, 84))
    assert count == expected
    assert count / 1e6 == pytest.approx(millions, rel=0.01)


def test_vit_tiny_is_the_published_network_but_for_patches_and_positions() -> None:
    ours = on_meta("vit-tiny", 3, 84)
    with torch.device("meta"):
        theirs = torchvision.models.VisionTransformer(
            image_size=84, patch_size=7, num_layers=12, num_heads=3, hidden_dim=192, mlp_dim=768
        )
    class_token_and_its_position = 2 * 192
    spare = parameters(theirs.heads) + class_token_and_its_position
    assert parameters(ours) == parameters(theirs) - spare


def test_vit_fills_up_sides_that_do_not_divide() -> None:
    network = class_of("backbones", "vit-tiny")(1, 30, EIGHTH).eval()
    batch = images(1, 30)
    with torch.inference_mode():
        before = network(batch)
        batch[:, :, -1, -1] += 1  # the last pixel is seen
        assert not torch.allclose(before, network(batch), atol=1e-7)
    assert network.positions.shape[1] == 8 * 8


def test_the_layers_of_a_vit_start_differently() -> None:
    first, second, *_ = class_of("backbones", "vit-tiny")(1, 28, EIGHTH).layers
    assert not torch.equal(first.out.weight, second.out.weight)


def test_drop_block_drops_squares_and_keeps_the_mean() -> None:
    torch.manual_seed(0)
    layer, maps = DropBlock(0.2, side=3), torch.ones(64, 4, 10, 10)
    out = layer(maps)
    assert out.mean() == pytest.approx(1, abs=1e-5)
    assert 0.1 < (out == 0).float().mean() < 0.25
    zeros = (out == 0).float()
    corners = 1 - nn.functional.max_pool2d(1 - zeros, 3, 1)
    squares = nn.functional.max_pool2d(nn.functional.pad(corners, [2] * 4), 3, 1)
    assert torch.equal(squares, zeros)  # every dropped pixel lies in a dropped 3x3 square
    assert torch.equal(layer.eval()(maps), maps)
    assert layer.train()(torch.ones(2, 4, 1, 1)).isfinite().all()  # maps smaller than a square


def test_resnet12_drops_only_in_training() -> None:
    network = class_of("backbones", "resnet12")(1, 28, EIGHTH, drop=0.3)
    batch = images(1, 28)
    assert not torch.equal(network(batch), network(batch))
    network.eval()
    assert torch.equal(network(batch), network(batch))


def test_multiply_adds_by_hand() -> None:
    # Conv4 on 84x84: four 3x3 convolutions on maps of 84, 42, 21 and 10 pixels.
    expected = 9 * 3 * 64 * 84**2 + sum(9 * 64 * 64 * side**2 for side in (42, 21, 10))
    assert multiply_adds(on_meta("conv4", 3, 84), 3, 84) == expected

    counted = 0

    def count(layer: nn.Module, _: Any, out: Tensor) -> None:
        nonlocal counted
        assert isinstance(layer, nn.Conv2d)
        counted += layer.weight.numel() * out[0, 0].numel()

    network = on_meta("resnet12", 3, 84).eval()
    total = multiply_adds(network, 3, 84)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(count)
    network(torch.zeros(1, 3, 84, 84, device="meta"))
    assert total == counted


def test_rows_describe_every_backbone() -> None:
    table = rows()
    assert {r["name"] for r in table} == set(part_names("backbones"))
    assert len({tuple(r) for r in table}) == 1  # the same columns in every row
    assert row("conv4", "photograph") in table
    assert row("koch", "character")["input size"] == 105
    assert all(r["parameters"] > 0 and r["multiply-adds"] > 0 for r in table)
    with pytest.raises(UnknownName):
        row("conv5", "character")


def test_names_are_found_without_torch() -> None:
    code = (
        "import sys; import baselines.backbones.describe; from baselines.parts import part_names;"
        "names = part_names('backbones'); assert {'resnet12', 'wrn-28-10'} <= set(names);"
        "assert 'describe' not in names; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", WIDTHS)
def test_images_that_are_too_small_are_refused(name: str) -> None:
    smallest = class_of("backbones", name).smallest
    with pytest.raises(Refused, match=f"{smallest} pixels or more"):
        _build.build(name, 1, smallest - 1, EIGHTH, 0)


# Networks of other libraries.


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


def test_unknown_backbones_hear_of_the_adapters() -> None:
    with pytest.raises(UnknownName, match=r"Did you mean resnet12.*torchvision:resnet18"):
        _build.recipe_name("resnet-12")
