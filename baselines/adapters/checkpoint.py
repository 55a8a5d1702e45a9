"""Weights in a file, put into a backbone: "checkpoint:PATH" with --set backbone=NAME.

The backbone is one of the suite's or a class in a file, `--set backbone=my_net.py:Net`. Only
tensors are read: a pickle that would run code is refused. Weights that learn2learn or DataParallel
wrapped (names begin with "module."), and those that the suite keeps itself, are found under their
prefixes.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from baselines.adapters._file import FileModel, FileRecipe, failure, on_cpu, read, refuse, seen_of
from baselines.backbones import _build
from baselines.backbones._custom import Flat
from baselines.backbones._defaults import default_size
from baselines.settings import convert, derived
from benchmark.errors import OneshotError
from benchmark.protocols import Seen, TrackInfo

NESTED = ("state_dict", "model_state_dict", "model", "weights")  # where trainers put a state dict
PREFIXES = ("", "module.", "backbone.", "module.backbone.", "model.", "network.", "encoder.")
SAVE = "Save weights alone: torch.save(model.state_dict(), PATH), or a .safetensors file."


@dataclass(frozen=True, kw_only=True)
class CheckpointRecipe(FileRecipe):
    """The file and the network it fills."""

    backbone: str = ""
    backbone_code: str = derived("")  # first 16 hex digits of the SHA-256 of a user's file
    width: float = 1.0
    embedding: int = derived(0)


class Checkpoint(FileModel):
    """A backbone with the weights of a file; needs no seed.

    Raises:
        OneshotError: no backbone was named, the file cannot be read, holds more than tensors or
            does not fit, or a setting makes no sense.
    """

    def __init__(
        self, path: str, seed: int, track: TrackInfo, budget: str = "quick", **settings: Any
    ) -> None:
        recipe = CheckpointRecipe(**convert(CheckpointRecipe, settings))
        if not recipe.backbone:
            raise OneshotError(
                f"Weights alone are no network: which backbone does {path} fill?",
                "Add --set backbone=NAME or --set backbone=my_net.py:Net.",
            )
        name, code = _build.recipe_name(recipe.backbone)
        side = recipe.input_size or default_size(track, recipe.backbone)
        channels = recipe.channels or track.channels
        self.network = _build.build(recipe.backbone, channels, side, recipe.width, 0)
        sha256, seen = fill(self.network, path, name)
        width = _build.checked_width(recipe.backbone, self.network, channels, side)
        recipe = dataclasses.replace(
            recipe, backbone=name, backbone_code=code, input_size=side, embedding=width,
            sha256=sha256,
        )  # fmt: skip
        self.declare(recipe, track, seen)
        self.network.eval()

    def embed(self, items: Tensor) -> Tensor:
        """float32 [n, c, h, w], normalised as declared -> float32 [n, e].

        Raises:
            ModelFailed: the network fails.
        """
        try:
            rows: Tensor = self.network(items)
        except Exception as error:
            raise failure(items, error) from error
        return rows.flatten(1).float()

    def to(self, device: str) -> Checkpoint:
        """Moves the network."""
        self.network.to(device)
        return self

    def eval(self) -> Checkpoint:
        """Puts the network into evaluation mode."""
        self.network.eval()
        return self

    def parameters(self) -> list[nn.Parameter]:
        """The network's weights."""
        return list(self.network.parameters())


def fill(network: nn.Module, path: str, name: str) -> tuple[str, tuple[Seen, ...]]:
    """Copies the weights of a file into the network called `name`.

    Returns:
        The file's SHA-256, and what the suite noted in it of the classes that it has seen.

    Raises:
        OneshotError: the file cannot be read, holds more than tensors, or does not fit.
    """
    data, sha256 = read(path)
    weights = _weights(path, data)
    target = network.network if isinstance(network, Flat) else network
    assert isinstance(target, nn.Module)
    wanted = {key: value.shape for key, value in target.state_dict().items()}
    for prefix in PREFIXES:
        found = {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}
        if {key: value.shape for key, value in found.items()} == wanted:
            target.load_state_dict(found)
            return sha256, _seen(path, data)
    raise OneshotError(
        f"The weights in {path} do not fit the backbone {name}: {_difference(weights, wanted)}.",
        "Is it another backbone, width, input_size or number of channels?",
    )


def _seen(path: str, data: bytes) -> tuple[Seen, ...]:
    """What is noted in the header of a .safetensors file; nothing in other files."""
    if not path.endswith(".safetensors"):
        return ()
    length = int.from_bytes(data[:8], "little")
    try:
        noted = json.loads(data[8 : 8 + length]).get("__metadata__", {}).get("seen", "[]")
        return seen_of(json.loads(noted))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise OneshotError(f"What {path} tells of its training is damaged.", SAVE) from error


def _weights(path: str, data: bytes) -> dict[str, Tensor]:
    try:
        if path.endswith(".safetensors"):
            from safetensors.torch import load

            found: Any = load(data)
        else:
            found = on_cpu(data, torch.load, weights_only=True)
    except Exception as error:
        raise refuse(path, "weights", error, SAVE) from error
    for name in NESTED:
        if isinstance(found, Mapping) and isinstance(found.get(name), Mapping):
            found = found[name]
    if not isinstance(found, Mapping) or not found:
        raise OneshotError(f"{path} holds a {type(found).__name__}, not a state dict.", SAVE)
    others = [str(key) for key, value in found.items() if not isinstance(value, Tensor)]
    if others:
        raise OneshotError(f"{path} holds more than tensors: {', '.join(others[:3])}.", SAVE)
    return {str(key): value for key, value in found.items()}


def _difference(weights: Mapping[str, Tensor], wanted: Mapping[str, torch.Size]) -> str:
    """The first thing that does not fit, under the prefix that fits best."""
    prefix = max(PREFIXES, key=lambda p: sum(p + key in weights for key in wanted))
    for key, shape in wanted.items():
        if prefix + key not in weights:
            return f"it lacks {prefix}{key} {list(shape)}"
        if weights[prefix + key].shape != shape:
            return f"{prefix}{key} is {list(weights[prefix + key].shape)}, not {list(shape)}"
    own = (key for key in weights if key.startswith(prefix))
    return f"it has {next(key for key in own if key.removeprefix(prefix) not in wanted)} as well"
