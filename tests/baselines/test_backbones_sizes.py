"""The sizes and costs of the backbones against the published ones and those found by hand."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch
import torchvision
from torch import Tensor, nn

from baselines.backbones._measure import describe, multiply_adds
from baselines.backbones.describe import row, rows
from baselines.parts import part_names
from benchmark.errors import Refused, UnknownName

from .test_backbones import FAMILIES, WIDTHS, on_meta, parameters


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
        ("conv4-maps", convolutions_by_hand(3, 64, 64, 64, 64), 0.113),
        ("conv6", convolutions_by_hand(3, *[64] * 6), 0.187),
        ("conv4-128", convolutions_by_hand(3, 32, 64, 128, 128), 0.242),
        ("conv4-512", convolutions_by_hand(3, 96, 192, 384, 512), 2.605),
        ("resnet10", resnet_of_torchvision([1, 1, 1, 1]), 4.9),
        ("resnet18", resnet_of_torchvision([2, 2, 2, 2]), 11.2),  # Chen et al. 2019: 11.2 M
        ("resnet12", resnet12_by_hand(), 12.4),  # Tian et al. 2020 and others: 12.4 M
        # Google's README of efficientnet/lite: 4.7 M with the classifier of a thousand.
        ("efficientnet-lite0", 4_652_008 - 1000 * 1281, 3.37),
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


@pytest.mark.training
def test_rows_describe_every_backbone() -> None:
    table = rows()
    assert {r["name"] for r in table} == set(part_names("backbones"))
    assert len({tuple(r) for r in table}) == 1  # the same columns in every row
    assert row("conv4", "photograph") in table
    assert row("koch", "character")["input size"] == 105
    assert all(r["parameters"] > 0 and r["multiply-adds"] > 0 for r in table)
    with pytest.raises(UnknownName):
        row("conv5", "character")
    with pytest.raises(Refused, match="does not take text"):
        row("conv4", "text")
    text = row("char-cnn", "text")
    assert text in table and (text["input size"], text["channels"]) == (32, 1)
