"""Files and easyfsl as models: the answers of the original, and what is said of wrong ones."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from baselines.backbones import _build
from benchmark.errors import ModelFailed, OneshotError
from benchmark.evaluation.provenance import hide_folder
from benchmark.protocols import TrackInfo
from benchmark.registry import recipe_of, resolve

IMAGES = torch.rand(3, 1, 28, 28, generator=torch.Generator().manual_seed(0))


def built(name: str, track: TrackInfo, **settings: Any) -> Any:
    return resolve(name, settings).build(0, track, "quick")


@pytest.fixture
def network() -> nn.Module:
    return _build.build("conv4", 1, 28, 0.125, seed=3).eval()


def answers(network: nn.Module) -> torch.Tensor:
    with torch.no_grad():
        out: torch.Tensor = network(IMAGES)
        return out


@pytest.mark.parametrize("wrapped", ["plain.pt", "nested.pth", "module.pt", "kept.safetensors"])
def test_a_checkpoint_answers_like_its_network(
    wrapped: str, network: nn.Module, track: TrackInfo, tmp_path: Path
) -> None:
    weights: dict[str, Any] = network.state_dict()
    path = tmp_path / wrapped
    if wrapped == "kept.safetensors":  # as the suite keeps them, with a head beside
        from safetensors.torch import save_file

        kept = {f"backbone.{name}": value.contiguous() for name, value in weights.items()}
        save_file(kept | {"head.weight": torch.ones(2)}, path)
    elif wrapped == "module.pt":  # as learn2learn's wrappers name them
        torch.save({f"module.{name}": value for name, value in weights.items()}, path)
    else:
        torch.save({"state_dict": weights} if wrapped == "nested.pth" else weights, path)
    settings = {"backbone": "conv4", "width": "0.125", "distance": "cosine"}
    spec = resolve(f"checkpoint:{path}", settings)
    model = spec.build(0, track, "quick")
    assert torch.allclose(model.embed(IMAGES), answers(network), atol=1e-6)
    recipe = recipe_of(model, spec, "quick")
    assert spec.key == f"checkpoint:{wrapped}" and str(tmp_path) not in str(recipe)
    assert recipe["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (recipe["distance"], recipe["input_size"], model.input_size) == ("cosine", 28, 28)
    assert not hasattr(model, "seen") and not hasattr(model, "pool")


@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning")
def test_torchscript_answers_like_its_network(
    network: nn.Module, track: TrackInfo, tmp_path: Path
) -> None:
    path = tmp_path / "net.pt"
    torch.jit.save(torch.jit.trace(network, IMAGES), path)
    settings = {"input_size": 28, "normalise": "0.5/0.25", "seen": "glyphs/train, elsewhere"}
    model = built(f"torchscript:{path}", track, **settings)
    with torch.no_grad():
        assert torch.allclose(model.embed(IMAGES), answers(network), atol=1e-6)
    assert model.normalise == ((0.5,), (0.25,))
    assert (model.seen, model.pool) == (("glyphs/train", "elsewhere"), "pretrained")
    with pytest.raises(ModelFailed, match="input_size"):
        model.embed(IMAGES.repeat(1, 2, 1, 1))


def test_onnx_answers_like_its_network(track: TrackInfo, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    onnx = pytest.importorskip("onnx")
    helper, real = onnx.helper, onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [helper.make_node("Flatten", ["x"], ["f"]), helper.make_node("Relu", ["f"], ["y"])],
        "net",
        [helper.make_tensor_value_info("x", real, ["n", 1, 28, 28])],
        [helper.make_tensor_value_info("y", real, ["n", 784])],
    )
    whole = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path = tmp_path / "net.onnx"
    path.write_bytes(whole.SerializeToString())
    model = built(f"onnx:{path}", track, input_size=28)
    assert torch.equal(model.embed(IMAGES - 0.5), (IMAGES - 0.5).flatten(1).relu())
    with pytest.raises(ModelFailed, match="input_size"):
        model.embed(IMAGES[:, :, :20])


class Code:
    def __reduce__(self) -> Any:
        return (pytest.fail, ("code of a pickle ran",))


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_a_pickle_with_code_is_refused(track: TrackInfo, tmp_path: Path) -> None:
    torch.save({"layer": Code()}, tmp_path / "torch.pt")
    (tmp_path / "plain.pt").write_bytes(pickle.dumps({"layer": Code()}))
    for name in ("torch.pt", "plain.pt"):
        with pytest.raises(OneshotError, match="Save weights alone"):
            built(f"checkpoint:{tmp_path / name}", track, backbone="conv4")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "--set backbone=NAME"),
        ({"backbone": "conv4"}, "layers.0.weight is"),
        ({"backbone": "koch", "input_size": 105}, "it lacks"),
        ({"backbone": "conv5"}, "Did you mean conv6 or conv4"),
        ({"backbone": "conv4", "width": 0.125, "normalise": "1,1/2"}, "does not fit 1 channels"),
        ({"backbone": "conv4", "distanse": "cosine"}, "Did you mean 'distance'"),
    ],
)
def test_what_is_said_of_a_checkpoint_that_does_not_fit(
    settings: dict[str, Any], message: str, network: nn.Module, track: TrackInfo, tmp_path: Path
) -> None:
    torch.save(network.state_dict(), tmp_path / "net.pt")
    with pytest.raises(OneshotError, match=message):
        built(f"checkpoint:{tmp_path / 'net.pt'}", track, **settings)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("torchscript:", "Type: torchscript:PATH"),
        ("torchscrip:net.pt", "Did you mean torchscript:net.pt"),
        ("checkpoint:no/such.pt", "There is no file no/such.pt"),
        ("torchscript:no/such.pt", "There is no file no/such.pt"),
    ],
)
def test_what_is_said_of_names(name: str, message: str, track: TrackInfo) -> None:
    settings = {"backbone": "conv4"} if name.startswith("checkpoint") else {}
    with pytest.raises(OneshotError, match=message):
        built(name, track, **settings)


def test_no_folder_of_weights_is_told() -> None:
    assert hide_folder("weights=/home/me/net.pt") == "weights=net.pt"
    assert hide_folder("backbone=hf:facebook/dinov2-small") == "backbone=hf:facebook/dinov2-small"


def test_easyfsl_answers_by_itself(network: nn.Module, track: TrackInfo, tmp_path: Path) -> None:
    methods = pytest.importorskip("easyfsl.methods")
    path = tmp_path / "net.pt"
    torch.save(network.state_dict(), path)
    model = built("easyfsl:PrototypicalNetworks", track, width=0.125, weights=str(path))
    episode = IMAGES, torch.arange(3), IMAGES.flip(0)
    scores = model.classify_episode(*episode, torch.Generator())
    own = methods.PrototypicalNetworks(network).eval()
    with torch.no_grad():
        own.process_support_set(*episode[:2])
        assert torch.allclose(scores, own(episode[2]), atol=1e-5)
    assert str(tmp_path) not in str(model.recipe) and not model.transductive
    again = model.classify_episode(*episode, torch.Generator())
    assert torch.equal(scores, again)
    tuned = built("easyfsl:Finetune", track, width=0.125, fine_tuning_steps="2")
    assert tuned.recipe["fine_tuning_steps"] == 2
    assert tuned.classify_episode(*episode, torch.Generator()).shape == (3, 3)
    assert built("easyfsl:TIM", track, width=0.125).transductive
    with pytest.raises(OneshotError, match="Did you mean PrototypicalNetworks"):
        built("easyfsl:PrototypicalNetwork", track)
