"""A user's own network as a backbone: "path/to/my_net.py:Net" or "package.module:Net"."""

from __future__ import annotations

import hashlib
import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from benchmark.errors import OneshotError
from benchmark.user_code import load_file

HINT = "A backbone is 'my_net.py:Net' with `class Net(nn.Module)`, images [n, c, h, w] -> [n, e]."


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
    """Finds a user's backbone.

    Raises:
        OneshotError: there is no such file, module or class.
    """
    place, _, attribute = reference.rpartition(":")
    if place.endswith(".py"):
        path = Path(place).expanduser()
        if not path.is_file():
            raise OneshotError(f"There is no file '{place}' for the backbone.", HINT)
        module, name = load_file(path)[0], f"{path.name}:{attribute}"
    else:
        try:
            module = importlib.import_module(place)
        except ImportError as error:
            raise OneshotError(
                f"The backbone's module cannot be imported: {error}.", HINT
            ) from None
        path, name = Path(str(module.__file__)), reference
    if not hasattr(module, attribute):
        raise OneshotError(f"'{place}' has no '{attribute}' to use as a backbone.", HINT)
    code = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    return CustomBackbone(name, code, getattr(module, attribute))
