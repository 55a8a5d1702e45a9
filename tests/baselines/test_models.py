"""What the models answer: shapes, seeds, batches, and a user's own backbone."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
import torch

from baselines.backbones import _build
from baselines.backbones._measure import describe
from baselines.episodic.prototypical import Prototypical
from baselines.fixed.chance import Chance
from baselines.fixed.pixels import Pixels
from baselines.fixed.untrained import Untrained
from baselines.parts import class_of, part_names
from baselines.siamese.network import Siamese
from benchmark.errors import OneshotError, Refused
from benchmark.protocols import TrackInfo

MODELS = {"siamese": Siamese, "prototypical": Prototypical, "untrained": Untrained}
NET = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self{arguments}):
        super().__init__()
        self.conv = nn.Conv2d({channels}, 4, 3)

    def forward(self, images):
        return self.conv(images).amax(dim=3)

class Broken(nn.Module):
    def forward(self, images):
        return images.reshape(5, 5)

def nothing():
    return 3
"""


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("backbone", part_names("backbones"))
def test_embeddings(track: TrackInfo, kind: str, backbone: str) -> None:
    text = _build.takes(backbone) == ("text",)
    if text:
        track = TrackInfo("words", "text", channels=1, side=32)

    def embed(seed: int) -> tuple[Any, torch.Tensor]:
        model = MODELS[kind](seed, track, backbone=backbone, width=0.05)
        model.eval()
        side, draw = model.input_size, torch.Generator().manual_seed(0)
        shape = (7, side) if text else (7, 1, side, side)
        images = torch.rand(shape, generator=draw)
        if text:
            images = (200 * images).int()
        with torch.inference_mode():
            whole = model.embed(images)
            parts = torch.cat([model.embed(images[:1]), model.embed(images[1:])])
        assert torch.allclose(whole, parts, atol=1e-5)  # no image sees the others
        return model, whole

    model, embeddings = embed(0)
    assert embeddings.shape == (7, model.recipe.embedding) and embeddings.dtype == torch.float32
    assert torch.equal(embeddings, embed(0)[1])
    assert not torch.equal(embeddings, embed(1)[1])


@pytest.mark.parametrize(("side", "channels", "width"), [(28, 1, 64), (84, 3, 1600)])
def test_conv4_has_its_published_size(side: int, channels: int, width: int) -> None:
    measure = describe(class_of("backbones", "conv4")(channels, side), channels, side)
    convolutions = 9 * 64 * (channels + 3 * 64) + 4 * 64
    assert (measure.parameters, measure.output_width) == (convolutions + 8 * 64, width)


def test_koch_has_its_published_size() -> None:
    network = class_of("backbones", "koch")(1, 105, width=1 / 32)
    assert network.units.in_features == 8 * 6 * 6  # 256@6x6 at full width, figure 4


@pytest.mark.parametrize("backbone", part_names("backbones"))
def test_the_smallest_side_is_enough(backbone: str) -> None:
    part = class_of("backbones", backbone)
    assert describe(part(1, part.smallest, 0.05), 1, part.smallest).output_width > 0


def test_a_head_compares_like_its_distance(track: TrackInfo) -> None:
    model = Siamese(0, track, distance="weighted-l1", loss="bce", width=0.05)
    a, b = torch.rand(5, model.recipe.embedding), torch.rand(5, model.recipe.embedding)
    with torch.no_grad():
        scores = model.compare(a, b)
        assert torch.allclose(scores, -model.metric(a, b).diagonal(), atol=1e-6)
        assert bool((model.compare(a, a) > scores).all())
    assert not hasattr(Siamese(0, track, width=0.05), "compare")


def test_state_goes_from_one_model_to_another(track: TrackInfo) -> None:
    settings = {"distance": "weighted-l1", "loss": "bce", "width": 0.05}
    one, other = Siamese(0, track, **settings), Siamese(1, track, **settings)
    other.load_state_dict(one.state_dict())
    images = torch.rand(3, 1, 28, 28)
    assert torch.equal(one.eval().embed(images), other.eval().embed(images))


def test_chance_draws_from_the_given_generator() -> None:
    support, queries, labels = (
        torch.zeros(10, 1, 4, 4),
        torch.zeros(6, 1, 4, 4),
        torch.arange(10) // 2,
    )

    def scores(seed: int) -> torch.Tensor:
        generator = torch.Generator().manual_seed(seed)
        return Chance().classify_episode(support, labels, queries, generator)

    assert scores(0).shape == (6, 5)
    assert torch.equal(scores(0), scores(0)) and not torch.equal(scores(0), scores(1))


def test_pixels_are_left_as_they_are() -> None:
    images = torch.rand(3, 1, 5, 5)
    assert torch.equal(Pixels().embed(images), images.reshape(3, 25))
    assert Pixels(distance="cosine").distance == "cosine"
    assert getattr(Pixels(), "input_size", None) is None


@pytest.mark.parametrize(
    ("arguments", "channels"),
    [("", "1"), (", channels", "channels"), (", c, side", "c"), (", side, channels", "channels")],
)
def test_a_backbone_of_ones_own(
    track: TrackInfo, tmp_path: Path, arguments: str, channels: str
) -> None:
    path = tmp_path / "my_net.py"
    path.write_text(NET.format(arguments=arguments, channels=channels))
    model = Siamese(0, track, backbone=f"{path}:Net")
    assert model.recipe.backbone == "my_net.py:Net"
    assert model.recipe.backbone_code == hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    assert model.recipe.embedding == 4 * 26  # the map is flattened
    assert str(tmp_path) not in repr(model.recipe)
    assert model.embed(torch.rand(2, 1, 28, 28)).shape == (2, 104)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("my_net.py:Nett", "has no 'Nett'"),
        ("missing.py:Net", "no file"),
        ("no_such_package.nets:Net", "cannot be imported"),
        ("my_net.py:nothing", "no torch.nn.Module"),
        ("my_net.py:Broken", r"failed on images of shape \[2, 1, 28, 28\]"),
    ],
)
def test_what_is_said_of_a_backbone_that_does_not_work(
    track: TrackInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str
) -> None:
    (tmp_path / "my_net.py").write_text(NET.format(arguments="", channels="1"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OneshotError, match=message):
        Siamese(0, track, backbone=name)


def test_the_width_of_ones_own_backbone_is_ones_own(track: TrackInfo, tmp_path: Path) -> None:
    path = tmp_path / "my_net.py"
    path.write_text(NET.format(arguments="", channels="1"))
    with pytest.raises(Refused, match="width"):
        Siamese(0, track, backbone=f"{path}:Net", width=0.5)
