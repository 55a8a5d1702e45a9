"""Networks of other libraries as backbones: "timm:NAME", "torchvision:NAME", "hf:NAME".

Unless published weights are asked for, theirs are drawn by the seed like those of our own
backbones: nothing is downloaded but, for an "hf:" name with an owner ("facebook/dinov2-small"), its
configuration. Published weights are downloaded by the library, and the network then normalises its
images as it saw them in its training. A library is imported only when one of its networks is built.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import ModuleType

from torch import nn

from baselines.backbones import _timm, _torchvision, _transformers
from baselines.backbones._pretrained import COLOURS, INSTALL, refuse_unless_colours
from benchmark.errors import OneshotError, Refused

LARGER = "A larger input_size may do: --set input_size=224 is what most were made for."
PUBLISHED = (
    "Published weights are downloaded once, and many fit one size of images alone: most of them "
    "--set input_size=224."
)

Maker = Callable[[ModuleType, str, int, int, bool], nn.Module]
MAKERS: dict[str, tuple[str, Maker]] = {
    "timm": ("timm", _timm.make),
    "torchvision": ("torchvision", _torchvision.make),
    "hf": ("transformers", _transformers.make),
}


def is_adapter(backbone: str) -> bool:
    """Whether a name asks for another library's network."""
    prefix, colon, _ = backbone.partition(":")
    return bool(colon) and prefix in MAKERS


def build(backbone: str, channels: int, side: int, pretrained: bool = False) -> nn.Module:
    """Another library's network without its classifier, with random or published weights.

    Raises:
        OneshotError: the library is missing, has no such network or cannot build it for `side`.
        Refused: the network has no embedding to give, or no published weights for the images.
    """
    prefix, _, name = backbone.partition(":")
    library, make = MAKERS[prefix]
    if pretrained:
        refuse_unless_colours(backbone, channels)
        channels = COLOURS  # grey images are repeated
    try:
        module = import_module(library)
    except ImportError:
        raise Refused(f"The backbone '{backbone}' needs {library}.", INSTALL) from None
    try:
        return make(module, name, channels, side, pretrained)
    except OneshotError:
        raise
    except Exception as error:
        raise OneshotError(
            f"{library} cannot build '{name}' for images of [{channels}, {side}, {side}]: {error}",
            PUBLISHED if pretrained else LARGER,
        ) from error
