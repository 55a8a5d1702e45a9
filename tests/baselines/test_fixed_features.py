"""HOG and frozen published weights."""

from __future__ import annotations

import sys

import pytest
import torch
from torch import nn

from baselines.backbones import efficientnet_lite0
from baselines.fixed.frozen import Frozen
from baselines.fixed.hog import Hog
from benchmark.errors import OneshotError, Refused
from benchmark.protocols import TrackInfo


def test_hog_has_the_descriptors_size(photographs: TrackInfo) -> None:
    pytest.importorskip("skimage")
    model = Hog(track=photographs, input_size=32)
    images = torch.rand(3, 3, 32, 32)
    rows = model.embed(images)
    assert rows.shape == (3, 3 * 3 * 4 * 9) and rows.dtype == torch.float32
    assert torch.allclose(rows, model.embed(0.5 * images), atol=1e-3)  # contrast does not count
    with pytest.raises(OneshotError, match="does not fit"):
        Hog(input_size=8)


def test_hog_says_what_it_needs(track: TrackInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "skimage.feature", None)
    with pytest.raises(OneshotError, match=r"oneshot-benchmark\[classical\]"):
        Hog(track=track)


def test_frozen_weights_are_flagged(track: TrackInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = efficientnet_lite0.EfficientnetLite0(3, 64)
    published = dict(fresh.layers.state_dict())
    monkeypatch.setattr(efficientnet_lite0, "published_weights", lambda: published)
    model = Frozen(0, track, input_size=64)
    assert (model.pool, model.seen, model.channels) == ("pretrained", ("imagenet-1k",), 3)
    fresh.normalise = efficientnet_lite0.Normalise(
        efficientnet_lite0.MEAN, efficientnet_lite0.SPREAD
    )
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        assert torch.allclose(model.embed(images), nn.Module.eval(fresh)(images), atol=1e-4)
    assert not any(weight.requires_grad for weight in model.parameters())


def test_frozen_says_what_it_needs(track: TrackInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, efficientnet_lite0.PACKAGE, None)
    with pytest.raises(OneshotError, match=r"oneshot-benchmark\[pretrained\]"):
        Frozen(0, track)
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(OneshotError, match=r"oneshot-benchmark\[pretrained\]"):
        Frozen(0, track, backbone="timm:resnet18")
    with pytest.raises(Refused, match="no published weights"):
        Frozen(0, track, backbone="conv4")
