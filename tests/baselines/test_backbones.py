"""The backbones: shapes, gradients, seeds, and what they refuse."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import Tensor, nn

from baselines.backbones import _build
from baselines.backbones._layers import convolution
from baselines.backbones._measure import describe
from baselines.parts import class_of
from benchmark.errors import Refused, UnknownName

EIGHTH = 1 / 8
FAMILIES = {"character": (1, 28), "photograph": (3, 84)}
# Numbers of an embedding at full width: (28x28, 84x84).
WIDTHS = {
    "conv4": (64, 1600),
    "conv4-128": (128, 3200),
    "conv4-512": (512, 12800),
    "conv4-maps": (64 * 7 * 7, 64 * 21 * 21),
    "conv6": (64, 1600),
    "efficientnet-lite0": (1280, 1280),
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
def test_images_that_are_too_small_are_refused(name: str) -> None:
    smallest = class_of("backbones", name).smallest
    with pytest.raises(Refused, match=f"{smallest} pixels or more"):
        _build.build(name, 1, smallest - 1, EIGHTH, 0)


def test_names_are_found_without_torch() -> None:
    code = (
        "import sys; import baselines.backbones.describe; from baselines.parts import part_names;"
        "names = part_names('backbones'); assert {'resnet12', 'wrn-28-10'} <= set(names);"
        "assert 'describe' not in names; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_unknown_backbones_hear_of_the_adapters() -> None:
    with pytest.raises(UnknownName, match=r"Did you mean resnet12.*torchvision:resnet18"):
        _build.recipe_name("resnet-12")


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


@pytest.mark.parametrize("side", [14, 15])
def test_a_shortcut_that_picks_pixels_is_the_strided_convolution(side: int) -> None:
    strided = nn.Conv2d(32, 64, 1, stride=2, bias=False)
    picked = convolution(32, 64, 1, stride=2)
    picked.load_state_dict(strided.state_dict())
    batch = images(32, side)
    assert picked.stride == (1, 1)  # the strided one writes beyond its memory with fewer maps
    torch.testing.assert_close(picked(batch), strided(batch))
