"""Networks of other libraries as backbones: "timm:NAME", "torchvision:NAME", "hf:NAME".

Their weights are drawn by the seed like those of our own backbones: nothing is downloaded but, for
an "hf:" name with an owner ("facebook/dinov2-small"), its configuration. A library is imported only
when one of its networks is built.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

from torch import Tensor, nn

from benchmark.errors import OneshotError, Refused, UnknownName

INSTALL = "Try: pip install 'oneshot-benchmark[pretrained]'"
LARGER = "A larger input_size may do: --set input_size=224 is what most were made for."
CLASSES = 1000  # of the classifier that torchvision's networks end with
COLOURS = 3  # channels that torchvision's networks expect


def is_adapter(backbone: str) -> bool:
    """Whether a name asks for another library's network."""
    prefix, colon, _ = backbone.partition(":")
    return bool(colon) and prefix in MAKERS


def build(backbone: str, channels: int, side: int) -> nn.Module:
    """Another library's network with random weights, without its classifier.

    Raises:
        OneshotError: the library is missing, has no such network or cannot build it for `side`.
        Refused: the network has no embedding to give.
    """
    prefix, _, name = backbone.partition(":")
    library, make = MAKERS[prefix]
    try:
        module = import_module(library)
    except ImportError:
        raise OneshotError(f"The backbone '{backbone}' needs {library}.", INSTALL) from None
    try:
        return make(module, name, channels, side)
    except OneshotError:
        raise
    except Exception as error:
        raise OneshotError(
            f"{library} cannot build '{name}' for images of [{channels}, {side}, {side}]: {error}",
            LARGER,
        ) from error


class FromTransformers(nn.Module):
    """The pooled output of a vision encoder, or the mean over its tokens where it has none."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, images: Tensor) -> Tensor:
        """float32 [n, c, h, w] -> [n, e]."""
        out = self.encoder(pixel_values=images)
        pooled: Tensor | None = getattr(out, "pooler_output", None)
        if pooled is not None:
            return pooled.flatten(1)
        last: Tensor = out.last_hidden_state  # [n, t, e], or [n, e, h, w] of a convolutional one
        return last.mean(dim=1) if last.ndim == 3 else last.mean(dim=(2, 3))


def _from_timm(timm: ModuleType, name: str, channels: int, side: int) -> nn.Module:
    if not timm.is_model(name):
        raise UnknownName("network of timm", name, timm.list_models(), "See timm.list_models().")
    options = {"pretrained": False, "in_chans": channels, "num_classes": 0}
    try:
        network: nn.Module = timm.create_model(name, img_size=side, **options)
    except TypeError:  # convolutional networks take any side and do not know the option
        network = timm.create_model(name, **options)
    return network


def _from_torchvision(torchvision: ModuleType, name: str, channels: int, side: int) -> nn.Module:
    models = torchvision.models
    known = models.list_models(module=models)  # classifiers only: no detection, no video
    if name not in known:
        hint = "See torchvision.models.list_models()."
        raise UnknownName("network of torchvision", name, known, hint)
    options: dict[str, Any] = {"image_size": side} if name.startswith("vit_") else {}
    if name in ("googlenet", "inception_v3"):
        options = {"aux_logits": False, "init_weights": True}  # one answer, in training as well
    network: nn.Module = models.get_model(name, weights=None, **options)
    if channels != COLOURS:
        _replace(network, _first_convolution(network), lambda old: _for_channels(old, channels))
    _replace(network, _classifier(network, name), lambda old: nn.Identity())
    return network


def _from_transformers(library: ModuleType, name: str, channels: int, side: int) -> nn.Module:
    if "/" in name:  # owner/model: its configuration comes from the hub or a folder
        config = library.AutoConfig.from_pretrained(name)
    else:  # a model type such as "vit" or "dinov2" in its default size
        config = library.AutoConfig.for_model(name)
    config = getattr(config, "vision_config", config)  # of models with a text half
    config.num_channels, config.image_size = channels, side
    return FromTransformers(library.AutoModel.from_config(config))


Maker = Callable[[ModuleType, str, int, int], nn.Module]
MAKERS: dict[str, tuple[str, Maker]] = {
    "timm": ("timm", _from_timm),
    "torchvision": ("torchvision", _from_torchvision),
    "hf": ("transformers", _from_transformers),
}


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
