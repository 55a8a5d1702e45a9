"""A user's own network as a backbone: a class of a file, of a module or of an entry point."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from benchmark.errors import OneshotError
from benchmark.models import parts

HINT = parts.HINTS["backbone"]


@dataclass(frozen=True)
class CustomBackbone:
    """A user's backbone before it is built.

    Attributes:
        name: as it stands in the recipe, without any path.
        code: first 16 hex digits of the SHA-256 of the file.
        make: the class, or a function that returns a module.
    """

    name: str
    code: str
    make: Callable[..., Any]

    def build(self, channels: int, side: int) -> nn.Module:
        """Calls `Net()`, `Net(channels)` or `Net(channels, side)`, whichever it takes."""
        network = self.make(*self._arguments(channels, side))
        if not isinstance(network, nn.Module):
            raise OneshotError(f"The backbone {self.name} gives no torch.nn.Module.", HINT)
        return Flat(network)

    def _arguments(self, channels: int, side: int) -> list[int]:
        given = {"channels": channels, "side": side}
        parameters = list(inspect.signature(self.make).parameters.values())
        named = [given[p.name] for p in parameters if p.name in given]
        required = [
            p
            for p in parameters
            if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
        arguments = named if len(named) >= len(required) else list(given.values())[: len(required)]
        if len(required) > len(arguments):
            raise OneshotError(
                f"The backbone {self.name} wants {len(required)} arguments; "
                "it may take none, (channels) or (channels, side).",
                HINT,
            )
        return arguments


class Flat(nn.Module):
    """Flattens whatever a network gives to [n, e]."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.family = getattr(network, "family", "image")

    def forward(self, images: Tensor) -> Tensor:
        """float32 [n, c, h, w] -> [n, e]."""
        out: Tensor = self.network(images)
        return out.flatten(1)


def load(reference: str) -> CustomBackbone:
    """Finds a user's backbone; see `benchmark.models.parts.load` for the errors."""
    found = parts.load("backbone", reference)
    return CustomBackbone(found.name, found.code, found.make)
