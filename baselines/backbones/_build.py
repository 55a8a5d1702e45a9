"""From the name of a backbone to a network with weights drawn by the seed."""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch import nn

from baselines.backbones import _adapters, _custom
from baselines.backbones._measure import output_width
from baselines.parts import class_of, part_names
from baselines.randomness import keyed
from benchmark.errors import OneshotError, Refused, UnknownName
from benchmark.models import parts


def is_custom(backbone: str) -> bool:
    """Whether a name is a reference to a user's class; "timm:resnet18" and the like are not."""
    known = part_names("backbones")
    return not _adapters.is_adapter(backbone) and parts.is_outside("backbone", backbone, known)


def recipe_name(backbone: str) -> tuple[str, str]:
    """(name, hash of the code) as they stand in the recipe; only a user's class has a hash.

    Raises:
        UnknownName: no backbone has this name.
        OneshotError: a user's class cannot be found.
    """
    if is_custom(backbone):
        custom = _custom.load(backbone)
        return custom.name, custom.code
    if _adapters.is_adapter(backbone):
        return backbone, ""
    known = part_names("backbones")
    if backbone not in known:
        hint = (
            f"Known: {', '.join(known)}; those of other libraries as 'torchvision:resnet18', "
            "'timm:NAME' or 'hf:NAME'; your own as 'my_net.py:Net'."
        )
        raise UnknownName("backbone", backbone, list(known), hint)
    return backbone, ""


def takes(backbone: str) -> tuple[str, ...]:
    """What a backbone can be given: of "image", "vector" and "text".

    A class says so by `takes`, or by `family = "text"`; without either it takes images.

    Raises:
        UnknownName: no backbone has this name.
        OneshotError: a user's class cannot be found.
    """
    if _adapters.is_adapter(backbone):
        return ("image",)
    custom = is_custom(backbone)
    made_by = _custom.load(backbone).make if custom else class_of("backbones", backbone)
    if getattr(made_by, "family", None) == "text":
        return ("text",)
    return tuple(getattr(made_by, "takes", ("image",)))


def build(
    backbone: str,
    channels: int,
    side: int,
    width: float,
    seed: int,
    drop: float = 0.0,
    pretrained: bool = False,
) -> nn.Module:
    """A backbone in channels-last memory, its weights drawn by `seed` alone or published ones.

    A backbone for texts takes no channels, and `side` code points; a vector is an image of one
    pixel with as many channels as it has numbers.

    Raises:
        Refused: the images are too small, or the network has no such width, no layers that drop
            numbers or no published weights.
        OneshotError: `drop` lies outside [0, 1), a network that is not ours cannot be built, or its
            library is missing.
    """
    if not 0 <= drop < 1:
        raise OneshotError(f"The setting drop must be at least 0 and below 1, not {drop:g}.")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(keyed(seed, 0, "initialisation"))
        if is_custom(backbone):
            _refuse_for_custom(width, drop, pretrained)
            network = _custom.load(backbone).build(channels, side)
        elif _adapters.is_adapter(backbone):
            if width != 1.0:
                raise Refused(f"The width of '{backbone}' is part of its name, not set here.")
            if drop:
                raise _without_drop(backbone)
            network = _adapters.build(backbone, channels, side, pretrained)
        else:
            network = _ours(backbone, channels, side, width, drop, pretrained)
    return network.to(memory_format=torch.channels_last)


def _refuse_for_custom(width: float, drop: float, pretrained: bool) -> None:
    settings = {"width": width != 1.0, "drop rate": drop != 0, "choice of weights": pretrained}
    for name, is_set in settings.items():
        if is_set:
            raise Refused(f"The {name} of your own backbone is set in its file, not here.")


def _ours(
    backbone: str, channels: int, side: int, width: float, drop: float, pretrained: bool
) -> nn.Module:
    part = class_of("backbones", backbone)
    if side < part.smallest:
        raise Refused(
            f"The backbone '{backbone}' needs images of {part.smallest} pixels or more, "
            f"not {side}.",
            f"Try --set input_size={part.smallest}.",
        )
    options: dict[str, Any] = {}
    if drop:
        if not _takes(part, "drop"):
            raise _without_drop(backbone)
        options["drop"] = drop
    if pretrained:
        if not _takes(part, "pretrained"):
            raise _without_weights(backbone)
        options["pretrained"] = True
    network: nn.Module = part(channels, side, width, **options)
    return network


def _takes(part: Any, option: str) -> bool:
    return option in inspect.signature(part).parameters


def _that_take(option: str) -> str:
    names = part_names("backbones")
    return ", ".join(name for name in names if _takes(class_of("backbones", name), option))


def _without_drop(backbone: str) -> Refused:
    hint = f"Backbones with a drop rate: {_that_take('drop')}."
    return Refused(f"The backbone '{backbone}' has no drop rate to set.", hint)


def _without_weights(backbone: str) -> Refused:
    others = "'torchvision:NAME', 'timm:NAME' and 'hf:OWNER/NAME'"
    hint = f"Backbones with published weights: {_that_take('pretrained')}, {others}."
    return Refused(f"The backbone '{backbone}' has no published weights.", hint)


def checked_width(backbone: str, network: nn.Module, channels: int, side: int) -> int:
    """Width of a backbone's embeddings, saying in words if a network that is not ours fails."""
    try:
        return output_width(network, channels, side)
    except Exception as error:
        adapter = _adapters.is_adapter(backbone)
        if not adapter and not is_custom(backbone):
            raise
        raise OneshotError(
            f"The backbone {recipe_name(backbone)[0]} failed on images of shape "
            f"[2, {channels}, {side}, {side}]: {error}",
            _adapters.LARGER if adapter else _custom.HINT,
        ) from error
