"""From the name of a backbone to a network with weights drawn by the seed."""

from __future__ import annotations

import torch
from torch import nn

from baselines.backbones import _adapters, _custom
from baselines.backbones._measure import output_width
from baselines.parts import class_of, part_names
from baselines.randomness import keyed
from benchmark.errors import OneshotError, Refused, UnknownName


def is_custom(backbone: str) -> bool:
    """Whether a name is a reference to a user's class; "timm:resnet18" and the like are not."""
    return ":" in backbone and not _adapters.is_adapter(backbone)


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


def build(backbone: str, channels: int, side: int, width: float, seed: int) -> nn.Module:
    """A backbone in channels-last memory, its weights drawn by `seed` alone.

    Raises:
        Refused: the images are too small, or a network that is not ours was given a width.
        OneshotError: a network that is not ours cannot be built, or its library is missing.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(keyed(seed, 0, "initialisation"))
        if is_custom(backbone):
            if width != 1.0:
                raise Refused("The width of your own backbone is set in its file, not here.")
            network = _custom.load(backbone).build(channels, side)
        elif _adapters.is_adapter(backbone):
            if width != 1.0:
                raise Refused(f"The width of '{backbone}' is part of its name, not set here.")
            network = _adapters.build(backbone, channels, side)
        else:
            part = class_of("backbones", backbone)
            if side < part.smallest:
                raise Refused(
                    f"The backbone '{backbone}' needs images of {part.smallest} pixels or more, "
                    f"not {side}.",
                    f"Try --set input_size={part.smallest}.",
                )
            network = part(channels, side, width)
    return network.to(memory_format=torch.channels_last)


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
