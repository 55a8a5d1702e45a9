"""Weight files as people have them: prefixes, nested keys, a classifier's layer, substitutes."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from baselines.adapters import _file
from benchmark.errors import OneshotError
from benchmark.protocols import TrackInfo
from benchmark.registry import resolve

IMAGES = torch.rand(3, 1, 28, 28, generator=torch.Generator().manual_seed(0))
NET = """
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 4, 5, stride=4), nn.BatchNorm2d(4), nn.Flatten())
        self.last = nn.Linear(144, 6)

    def forward(self, images):
        return self.last(self.body(images).relu())
"""
WIDTH = 6


@pytest.fixture
def net(tmp_path: Path) -> nn.Module:
    """A network with random running statistics; its class is in net.py."""
    (tmp_path / "net.py").write_text(NET)
    space: dict[str, Any] = {}
    exec(NET, space)
    torch.manual_seed(5)
    made: nn.Module = space["Net"]()
    with torch.no_grad():
        for value in made.state_dict().values():
            if value.is_floating_point():
                value.uniform_(0.1, 1)
    return made.eval()


def loaded(path: Path, **settings: Any) -> Any:
    track = TrackInfo("small", "character", channels=1, side=28)
    backbone = f"{path.parent / 'net.py'}:Net"
    spec = resolve(f"checkpoint:{path}", {"backbone": backbone, **settings})
    return spec.build(0, track, "quick")


def assert_same(path: Path, net: nn.Module, **settings: Any) -> Any:
    model = loaded(path, **settings)
    with torch.no_grad():
        assert torch.allclose(model.embed(IMAGES), net(IMAGES), atol=1e-6)
    return model


def under(prefix: str, state: dict[str, Any]) -> dict[str, Any]:
    return {prefix + key: value for key, value in state.items()}


PREFIXES = [
    "module.", "model.", "encoder.", "backbone.", "embedder.", "_orig_mod.", "module._orig_mod.",
    "a.b.c.d.", "my_own_name.", "module.features.0.",
]  # fmt: skip
NESTED = {
    "net": lambda s: {"net": s},
    "state_dict": lambda s: {"epoch": 3, "state_dict": s, "best": 0.5},
    "twice": lambda s: {"model": {"state_dict": under("module.", s)}, "args": {"lr": 0.1}},
    "lightning": lambda s: {
        "state_dict": under("model.encoder.", s),
        "hyper_parameters": {"lr": 0.1, "name": "x"},
        "optimizer_states": [{"state": {0: {"exp_avg": torch.ones(3)}}, "param_groups": [{}]}],
        "pytorch-lightning_version": "2.0",
    },
    "averaged": lambda s: {"n_averaged": torch.tensor(3), **under("module.", s)},
    "compiled": lambda s: {
        k.replace("body.", "body._orig_mod."): v for k, v in under("module.", s).items()
    },
    "list": lambda s: [s, {"epoch": 1}],
    "beside": lambda s: {**s, "epoch": 3},
}


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("ending", [".pt", ".safetensors"])
def test_any_one_prefix_is_found_and_said(
    prefix: str, ending: str, net: nn.Module, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _file.say_once.cache_clear()
    path, state = tmp_path / f"weights{ending}", under(prefix, net.state_dict())
    if ending == ".pt":
        torch.save(state, path)
    else:
        from safetensors.torch import save_file

        save_file(state, path)
    with caplog.at_level(logging.WARNING):
        model = assert_same(path, net)
    kept = prefix.replace("_orig_mod.", "")
    assert not kept or f"9 tensors under the prefix '{kept}' fill the backbone" in caplog.text
    assert "prefix" not in model.recipe
    assert model.recipe == loaded(path, **({"prefix": kept} if kept else {})).recipe


@pytest.mark.parametrize("form", NESTED)
@pytest.mark.parametrize("ending", [".pth", ".ckpt"])
def test_nested_keys_are_looked_into(
    form: str, ending: str, net: nn.Module, tmp_path: Path
) -> None:
    torch.save(NESTED[form](net.state_dict()), tmp_path / f"weights{ending}")
    assert_same(tmp_path / f"weights{ending}", net)


def test_plain_weights_are_loaded_without_a_word(
    net: nn.Module, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _file.say_once.cache_clear()
    state = {k: v for k, v in net.state_dict().items() if "num_batches_tracked" not in k}
    torch.save(state, tmp_path / "older.pt")  # as torch wrote them before 0.4.1
    torch.save({k: v.half() if v.is_floating_point() else v for k, v in state.items()},
               tmp_path / "half.pt")  # fmt: skip
    assert_same(tmp_path / "older.pt", net)
    with torch.no_grad():
        assert torch.allclose(loaded(tmp_path / "half.pt").embed(IMAGES), net(IMAGES), rtol=1e-2)
    assert not caplog.records


def linear(name: str, width: int = WIDTH, bias: bool = True) -> dict[str, Tensor]:
    found = {f"{name}.weight": torch.ones(10, width)}
    return found | ({f"{name}.bias": torch.ones(10)} if bias else {})


@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize(
    "head",
    [
        linear("fc"),
        linear("classifier"),
        linear("head", bias=False),
        linear("heads.head"),
        linear("classifier.6"),
        linear("8"),  # the last of a Sequential
        {"fc.weight": torch.ones(10, WIDTH, 1, 1)},
        {**linear("head"), **linear("head_dist")},
    ],
)
def test_the_layer_of_a_classifier_may_be_left_over(
    head: dict[str, Tensor],
    prefix: str,
    net: nn.Module,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    _file.say_once.cache_clear()
    path = tmp_path / "weights.pth"
    torch.save(under(prefix, net.state_dict() | head), path)
    assert_same(path, net)
    for key in head:
        assert f"{prefix}{key}" in caplog.text.split("left out")[1]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (linear("fc", width=7), r"it has fc\.weight, .*fc\.bias as well"),
        (linear("projection"), r"it has projection\.weight"),
        ({"fc.weight": torch.ones(10, WIDTH), "fc.scale": torch.ones(1)}, "fc.scale"),
        ({"extra": torch.ones(2)}, "it has extra as well"),
        ({"last.gain": torch.ones(2)}, r"it has last\.gain as well"),
        ({**linear("fc"), "body.3.weight": torch.ones(4)}, r"it has body\.3\.weight as well"),
        ({"last.weight": torch.ones(6, 100)}, r"last\.weight is \[6, 100\], not \[6, 144\]"),
        ({"last.bias": None}, r"it lacks last\.bias \[6\]"),
    ],
)
@pytest.mark.parametrize("prefix", ["", "embedder."])
def test_other_differences_stay_errors(
    more: dict[str, Any], message: str, prefix: str, net: nn.Module, tmp_path: Path
) -> None:
    path = tmp_path / "weights.pth"
    state = {k: v for k, v in (net.state_dict() | more).items() if v is not None}
    torch.save(under(prefix, state), path)
    expected = message.replace("it has ", f"it has {prefix}").replace("lacks ", f"lacks {prefix}")
    with pytest.raises(OneshotError, match=expected) as raised:
        loaded(path)
    if prefix and "as well" in message:
        assert "all keys fit under 'embedder.', but it has" in raised.value.message


@pytest.mark.parametrize(
    ("first", "second"),
    [("model.", "model_ema."), ("encoder_q.", "encoder_k."), ("state_dict.", "ema_state_dict."),
     ("", "ema.")],
)  # fmt: skip
def test_two_sets_of_weights_are_named(
    first: str, second: str, net: nn.Module, tmp_path: Path
) -> None:
    path, state = tmp_path / "weights.pth", net.state_dict()
    other = {k: v + (v.is_floating_point()) for k, v in state.items()}
    torch.save(under(first, state) | under(second, other), path)
    with pytest.raises(OneshotError, match="several sets of weights") as raised:
        loaded(path)
    assert repr(first[:-1]) in str(raised.value) and repr(second[:-1]) in str(raised.value)
    chosen = loaded(path, prefix=second)
    assert chosen.recipe["prefix"] == second[:-1]
    assert not torch.allclose(chosen.embed(IMAGES), net(IMAGES))
    if first:
        assert assert_same(path, net, prefix=first[:-1]).recipe["prefix"] == first[:-1]
    with pytest.raises(OneshotError, match=f"fit under the prefix .*'{second[:-1]}'"):
        loaded(path, prefix="decoder")
    torch.save(under(first, state) | under(second, state), path)  # the same numbers twice
    assert_same(path, net)


class Whole(nn.Module):
    pass


@pytest.mark.parametrize("what", ["module", "arguments"])
def test_python_objects_are_named(what: str, net: nn.Module, tmp_path: Path) -> None:
    path = tmp_path / "weights.ckpt"
    if what == "module":
        torch.save(Whole(), path)
    else:
        torch.save({"state_dict": net.state_dict(), "args": argparse.Namespace(lr=1)}, path)
    with pytest.raises(OneshotError, match="Python objects beside tensors") as raised:
        loaded(path)
    name = "Whole" if what == "module" else "argparse.Namespace"
    assert name in str(raised.value) and "\x1b" not in str(raised.value)


@pytest.mark.parametrize("ending", [".pth", ".safetensors", ".ckpt"])
@pytest.mark.parametrize("prefix", ["checkpoint", "torchscript", "onnx"])
def test_a_page_or_a_pointer_in_place_of_a_file_is_named(
    prefix: str, ending: str, net: nn.Module, tmp_path: Path
) -> None:
    track = TrackInfo("small", "character", channels=1, side=28)
    path = tmp_path / f"w{ending}"
    settings = {"backbone": "conv4"} if prefix == "checkpoint" else {}
    for content, name, command in (
        ("<!DOCTYPE html><html></html>", "web page (HTML), saved in place", "download"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:4c\n", "pointer", "git lfs pull"),
    ):
        path.write_text(content)
        with pytest.raises(OneshotError) as raised:
            resolve(f"{prefix}:{path}", settings).build(0, track, "quick")
        assert name in raised.value.message and command in raised.value.hint


@pytest.mark.parametrize("content", [b"", b"no weights", b"PK\x03\x04" + bytes(40), bytes(64)])
@pytest.mark.parametrize("prefix", ["checkpoint", "torchscript", "onnx"])
def test_what_torch_says_of_a_damaged_file_is_one_plain_line(
    content: bytes, prefix: str, tmp_path: Path
) -> None:
    track = TrackInfo("small", "character", channels=1, side=28)
    settings = {"backbone": "conv4"} if prefix == "checkpoint" else {}
    path = tmp_path / "w.pth"
    path.write_bytes(content)
    with pytest.raises(OneshotError) as raised:
        resolve(f"{prefix}:{path}", settings).build(0, track, "quick")
    assert not {"\x1b", "\n"} & set(str(raised.value)) and "\\x1b" not in str(raised.value)


@pytest.mark.training
@pytest.mark.parametrize(
    "name", ["resnet18", "mobilenet_v2", "vgg11", "googlenet", "convnext_tiny"]
)
def test_the_files_of_torchvision_load_as_they_are_published(name: str, tmp_path: Path) -> None:
    torchvision = pytest.importorskip("torchvision")
    options = {"init_weights": False} if name == "googlenet" else {}
    whole = torchvision.models.get_model(name, weights=None, **options).eval()
    path = tmp_path / "weights.pth"
    torch.save(whole.state_dict(), path)
    track = TrackInfo("small", "photograph", channels=3, side=32)
    spec = resolve(f"checkpoint:{path}", {"backbone": f"torchvision:{name}"})
    model = spec.build(0, track, "quick")
    images = torch.rand(2, 3, 32, 32)
    rows = model.embed(images)
    last = [layer for layer in whole.modules() if isinstance(layer, nn.Linear)][-1]
    with torch.no_grad():
        assert torch.allclose(last(rows), whole(images), atol=1e-4)
