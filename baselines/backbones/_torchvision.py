"""torchvision's classifiers as backbones: fitted to the channels, without the last layer."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from torch import nn

from baselines.backbones._pretrained import COLOURS, Normalise
from benchmark.errors import Refused, UnknownName

CLASSES = 1000  # of the classifier that torchvision's networks end with
TWO_ANSWERS = ("googlenet", "inception_v3")  # in training, unless they are told not to


def make(
    torchvision: ModuleType, name: str, channels: int, side: int, pretrained: bool
) -> nn.Module:
    """A network of torchvision that gives the numbers its classifier sees.

    Raises:
        UnknownName: torchvision has no such classifier.
        Refused: the network does not end in a linear classifier.
    """
    models = torchvision.models
    known = models.list_models(module=models)  # classifiers only: no detection, no video
    if name not in known:
        hint = "See torchvision.models.list_models()."
        raise UnknownName("network of torchvision", name, known, hint)
    options: dict[str, Any] = {"image_size": side} if name.startswith("vit_") else {}
    if name in TWO_ANSWERS and not pretrained:
        options = {"aux_logits": False, "init_weights": True}
    weights = models.get_model_weights(name).DEFAULT if pretrained else None
    network: nn.Module = models.get_model(name, weights=weights, **options)
    if name in TWO_ANSWERS and pretrained:  # the published weights hold both
        network.aux_logits, network.AuxLogits = False, None  # type: ignore[assignment]
    if channels != COLOURS:
        _replace(network, _first_convolution(network), lambda old: _for_channels(old, channels))
    _replace(network, _classifier(network, name), lambda old: nn.Identity())
    if weights is None:
        return network
    shown = weights.transforms()
    return nn.Sequential(Normalise(shown.mean, shown.std), network)


def _replace(network: nn.Module, path: str, change: Callable[[nn.Module], nn.Module]) -> None:
    parent, _, name = path.rpartition(".")
    old = network.get_submodule(path)
    setattr(network.get_submodule(parent), name, change(old))


def _first_convolution(network: nn.Module) -> str:
    found = (path for path, layer in network.named_modules() if isinstance(layer, nn.Conv2d))
    first: str = next(found)
    return first


def _for_channels(old: nn.Module, channels: int) -> nn.Module:
    assert isinstance(old, nn.Conv2d)  # the caller looked for one
    assert isinstance(old.padding, tuple)
    return nn.Conv2d(
        channels,
        old.out_channels,
        (old.kernel_size[0], old.kernel_size[1]),
        (old.stride[0], old.stride[1]),
        (old.padding[0], old.padding[1]),
        bias=old.bias is not None,
    )


def _classifier(network: nn.Module, name: str) -> str:
    linear: list[str] = [
        path
        for path, layer in network.named_modules()
        if isinstance(layer, nn.Linear) and layer.out_features == CLASSES
    ]
    if not linear:
        raise Refused(f"torchvision's '{name}' ends in no linear classifier to take away.")
    return linear[-1]
