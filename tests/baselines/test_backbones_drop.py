"""The drop rate of backbones: what is dropped, when, and who has none."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from baselines.backbones import _build
from baselines.backbones.resnet12 import DropBlock
from benchmark.errors import OneshotError, Refused

from .test_backbones import EIGHTH, images


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


@pytest.mark.parametrize("name", ["resnet12", "wrn-28-10"])
def test_a_drop_rate_drops_only_in_training(name: str) -> None:
    network = _build.build(name, 1, 28, EIGHTH, seed=0, drop=0.3)
    batch = images(1, 28)
    assert not torch.equal(network(batch), network(batch))
    network.eval()
    assert torch.equal(network(batch), network(batch))


@pytest.mark.parametrize("name", ["resnet12", "wrn-28-10"])
def test_nothing_is_dropped_by_default_and_the_weights_do_not_depend_on_the_rate(name: str) -> None:
    network = _build.build(name, 1, 28, EIGHTH, seed=0)
    batch = images(1, 28)
    assert torch.equal(network(batch), network(batch))
    other = _build.build(name, 1, 28, EIGHTH, seed=0, drop=0.3).state_dict()
    fresh = _build.build(name, 1, 28, EIGHTH, seed=0).state_dict()
    assert list(fresh) == list(other)
    assert all(torch.equal(fresh[key], other[key]) for key in fresh)


def test_wide_networks_drop_between_the_convolutions_of_every_block() -> None:
    network = _build.build("wrn-28-10", 1, 28, EIGHTH, seed=0, drop=0.3)
    assert sum(isinstance(layer, nn.Dropout) for layer in network.modules()) == 3 * 4
    residual = network.layers[1].residual  # type: ignore[union-attr,index]
    kinds = [type(layer) for layer in residual.modules() if not list(layer.children())]
    assert kinds == [nn.Conv2d, nn.BatchNorm2d, nn.ReLU, nn.Dropout, nn.Conv2d]


def test_backbones_without_a_drop_rate_name_those_that_have_one(tmp_path: Path) -> None:
    for name in ("conv4", "efficientnet-lite0", "torchvision:resnet18"):
        with pytest.raises(Refused, match=rf"'{name}' has no drop rate.*resnet12, wrn-28-10"):
            _build.build(name, 1, 28, 1.0, seed=0, drop=0.1)
    file = tmp_path / "my_net.py"
    file.write_text("from torch import nn\n\n\nclass Net(nn.Flatten):\n    pass\n")
    with pytest.raises(Refused, match="drop rate of your own backbone is set in its file"):
        _build.build(f"{file}:Net", 1, 28, 1.0, seed=0, drop=0.1)


@pytest.mark.parametrize("rate", [-0.1, 1.0, float("nan")])
def test_a_drop_rate_is_a_part(rate: float) -> None:
    with pytest.raises(OneshotError, match="at least 0 and below 1"):
        _build.build("resnet12", 1, 28, EIGHTH, seed=0, drop=rate)
