"""timm's networks as backbones."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from torch import nn

from baselines.backbones._pretrained import Normalise
from benchmark.errors import Refused, UnknownName


def make(timm: ModuleType, name: str, channels: int, side: int, pretrained: bool) -> nn.Module:
    """A network of timm that gives the numbers its classifier sees.

    Raises:
        UnknownName: timm has no such network.
        Refused: nobody has published weights of it.
    """
    if not timm.is_model(name):
        raise UnknownName("network of timm", name, timm.list_models(), "See timm.list_models().")
    if pretrained and not timm.is_model_pretrained(name):
        raise Refused(
            f"timm has no published weights of '{name}'.", "See timm.list_models(pretrained=True)."
        )
    options: dict[str, Any] = {"pretrained": pretrained, "in_chans": channels, "num_classes": 0}
    try:
        network: Any = timm.create_model(name, img_size=side, **options)
    except TypeError:  # convolutional networks take any side and do not know the option
        network = timm.create_model(name, **options)
    if not pretrained:
        return network  # type: ignore[no-any-return]
    shown = network.pretrained_cfg
    return nn.Sequential(Normalise(shown["mean"], shown["std"]), network)
