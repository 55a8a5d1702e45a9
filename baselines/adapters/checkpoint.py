"""Weights in a file, put into a backbone: "checkpoint:PATH" with --set backbone=NAME.

The backbone is one of the suite's or a class in a file, `--set backbone=my_net.py:Net`. Only
tensors are read: a pickle that would run code is refused. The weights may lie under any one prefix
or nested key, and beside the layer of a classifier that the backbone lacks; what was loaded and
what was left out is logged.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from baselines.adapters._file import (
    FileModel,
    FileRecipe,
    failure,
    on_cpu,
    read,
    refuse,
    say_once,
    seen_of,
)
from baselines.backbones import _build
from baselines.backbones._custom import Flat
from baselines.backbones._defaults import default_size
from baselines.settings import convert, derived
from benchmark.errors import OneshotError
from benchmark.files import NOT_AS_WRITTEN, parse_json
from benchmark.models.recipe import as_dict
from benchmark.protocols import Seen, TrackInfo

SAVE = "Save weights alone: torch.save(model.state_dict(), PATH), or a .safetensors file."
DEEPEST = 6  # nested dictionaries and lists are searched so far
# Wrappers whose names stand inside keys: torch.compile, FSDP, activation checkpoints.
WRAPPERS = ("_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module")
# Names of classifiers on top of embeddings; a number is the last layer of a Sequential.
CLASSIFIERS = {
    "fc", "classifier", "classif", "clf", "cls", "cls_head", "fc_cls", "head", "heads", "head_dist",
    "last_linear", "linear", "logits", "output", "out", "l_head",
}  # fmt: skip
AUXILIARY = ("aux1.", "aux2.", "AuxLogits.")  # second classifiers of GoogLeNet and Inception v3
COUNTER = "num_batches_tracked"  # of batch norm; older files lack it and no answer depends on it
NAMED = 4  # keys that a message names


class Misfit(OneshotError):
    """Weights that do not fit a network under any prefix."""


@dataclass(frozen=True, kw_only=True)
class CheckpointRecipe(FileRecipe):
    """The file and the network it fills."""

    backbone: str = ""
    backbone_code: str = derived("")  # first 16 hex digits of the SHA-256 of a user's file
    width: float = 1.0
    embedding: int = derived(0)
    prefix: str = ""  # of the keys to load, where several fit; left out of records where empty


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
        width = _build.checked_width(recipe.backbone, self.network, channels, side)
        sha256, seen, prefix = fill(self.network, path, name, width, recipe.prefix)
        recipe = dataclasses.replace(
            recipe, backbone=name, backbone_code=code, input_size=side, embedding=width,
            sha256=sha256,
        )  # fmt: skip
        self.declare(recipe, track, seen)
        self.recipe = as_dict(self.recipe) or {}
        del self.recipe["prefix"]
        if prefix:
            self.recipe["prefix"] = prefix
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


def fill(
    network: nn.Module, path: str, name: str, width: int, prefix: str = ""
) -> tuple[str, tuple[Seen, ...], str]:
    """Copies the weights of a file into the network called `name`.

    Args:
        network: a backbone.
        path: the file.
        name: of the backbone.
        width: of its embeddings.
        prefix: of the keys to load, where several fit.

    Returns:
        The file's SHA-256, what the suite noted in it of the classes that it has seen, and the
        prefix where the choice among several mattered, else "".

    Raises:
        OneshotError: the file cannot be read, holds more than tensors, or does not fit.
    """
    data, sha256 = read(path)
    weights = _weights(path, data)
    target = network.network if isinstance(network, Flat) else network
    assert isinstance(target, nn.Module)
    loaded, choice = chosen_weights(weights, target, path, f"the backbone {name}", width, prefix)
    target.load_state_dict(loaded, strict=False)  # `chosen_weights` has checked the keys
    return sha256, _seen(path, data), choice


def chosen_weights(
    weights: Mapping[str, Tensor],
    network: nn.Module,
    path: str,
    name: str,
    width: int | None = None,
    prefix: str = "",
) -> tuple[dict[str, Tensor], str]:
    """The tensors of a file that fill a network, by the network's own keys; logs what it left out.

    Also gives the prefix, where the choice among several mattered.

    Args:
        weights: all tensors of the file.
        network: to be filled.
        path: of the file, for messages.
        name: of the network, for messages.
        width: of the embeddings, whose classifier may be left over; None for no classifier.
        prefix: of the keys to load, where several fit.

    Raises:
        OneshotError: none or several prefixes fit.
    """
    wanted = {key: value.shape for key, value in network.state_dict().items()}
    complete = [p for p in _prefixes(weights, wanted) if not _lacking(weights, wanted, p)]
    over = {p: _left_over(weights, wanted, p, complete, width) for p in complete}
    fitting = _different(weights, wanted, [p for p in complete if not over[p]])
    several = len(fitting) > 1
    if prefix:
        asked = prefix.removesuffix(".") + "."
        complete = [p for p in complete if p == asked or p.endswith(f".{asked}")]
        fitting = _different(weights, wanted, [p for p in complete if not over[p]])
    if len(fitting) > 1:
        names = [p.removesuffix(".") for p in fitting]
        raise OneshotError(
            f"{path} holds several sets of weights that fit {name}: "
            f"{', '.join(repr(each) for each in names)}.",
            f"Choose one, such as --set prefix={next(filter(None, names))}, or save it alone.",
        )
    if not fitting:
        raise Misfit(
            f"The weights in {path} do not fit {name}: {_difference(weights, wanted, over)}.",
            "Is it another backbone, width, input_size or number of channels?",
        )
    (chosen,) = fitting
    left = sorted(key for key in weights if key.removeprefix(chosen) not in wanted or
                  not key.startswith(chosen))  # fmt: skip
    if chosen or left:
        where = f" under the prefix '{chosen}'" if chosen else ""
        out = f"; left out {_listed(left)}" if left else ""
        say_once(f"{path}: the {len(weights) - len(left)} tensors{where} fill {name}{out}.")
    loaded = {key: weights[chosen + key] for key in wanted if chosen + key in weights}
    return loaded, chosen.removesuffix(".") if several else ""


def _prefixes(weights: Mapping[str, Tensor], wanted: Mapping[str, torch.Size]) -> list[str]:
    """Prefixes under which any wanted key is found, the one with most of them first."""
    counts: Counter[str] = Counter()
    for key in weights:
        parts = key.split(".")
        for cut in range(len(parts)):
            if ".".join(parts[cut:]) in wanted:
                counts["".join(f"{part}." for part in parts[:cut])] += 1
    return [prefix for prefix, _ in counts.most_common()]


def _lacking(
    weights: Mapping[str, Tensor], wanted: Mapping[str, torch.Size], prefix: str
) -> str | None:
    """The first wanted key that is missing under a prefix, or has another shape, in words."""
    for key, shape in wanted.items():
        if prefix + key not in weights:
            if not key.endswith(COUNTER):
                return f"it lacks {prefix}{key} {list(shape)}"
        elif weights[prefix + key].shape != shape:
            return f"{prefix}{key} is {list(weights[prefix + key].shape)}, not {list(shape)}"
    return None


def _left_over(
    weights: Mapping[str, Tensor],
    wanted: Mapping[str, torch.Size],
    prefix: str,
    complete: Sequence[str],
    width: int | None,
) -> list[str]:
    """Keys under a prefix that the network lacks, but for a classifier and other complete sets."""
    inner = tuple(other for other in complete if other != prefix and other.startswith(prefix))
    own = {
        key.removeprefix(prefix): value
        for key, value in weights.items()
        if key.startswith(prefix) and not key.startswith(inner)
    }
    over = [key for key in own if key not in wanted]
    layers = {key.rpartition(".")[0] for key in over}
    classifiers = {layer for layer in layers if width and _is_classifier(own, layer, width)}
    return [
        prefix + key
        for key in over
        if key.rpartition(".")[0] not in classifiers and not (width and key.startswith(AUXILIARY))
    ]


def _is_classifier(weights: Mapping[str, Tensor], layer: str, width: int) -> bool:
    """Whether a layer maps embeddings of this width to classes, by its name and its shape."""
    parts = layer.split(".")
    if not all(part in CLASSIFIERS or part.isdecimal() for part in parts):
        return False
    weight, bias = weights.get(f"{layer}.weight"), weights.get(f"{layer}.bias")
    others = [key for key in weights if key.rpartition(".")[0] == layer]
    if weight is None or not {*others} <= {f"{layer}.weight", f"{layer}.bias"}:
        return False
    is_linear = weight.ndim >= 2 and list(weight.shape[1:]) == [width, *[1] * (weight.ndim - 2)]
    return is_linear and (bias is None or bias.shape == weight.shape[:1])


def _different(
    weights: Mapping[str, Tensor], wanted: Mapping[str, torch.Size], prefixes: Sequence[str]
) -> list[str]:
    """The prefixes without those that hold the same numbers as an earlier one."""
    found: list[str] = []
    for prefix in prefixes:
        if not any(
            all(
                torch.equal(weights[prefix + key], weights[other + key])
                for key in wanted
                if prefix + key in weights and other + key in weights
            )
            for other in found
        ):
            found.append(prefix)
    return found


def _difference(
    weights: Mapping[str, Tensor],
    wanted: Mapping[str, torch.Size],
    over: Mapping[str, Sequence[str]],
) -> str:
    """What does not fit, under the prefix that fits best."""
    for prefix, keys in over.items():
        if keys:
            where = f"all keys fit under '{prefix}', but " if prefix else ""
            return f"{where}it has {_listed(keys)} as well"
    prefixes = _prefixes(weights, wanted)
    if not prefixes:
        return f"it lacks {_listed(list(wanted))}; it has {_listed(list(weights))}"
    sets = ", ".join(repr(each.removesuffix(".")) for each in over)
    return _lacking(weights, wanted, prefixes[0]) or f"they fit under the prefix {sets}"


def _listed(keys: Sequence[str]) -> str:
    """The first keys and how many more there are."""
    more = f" and {len(keys) - NAMED} more" if len(keys) > NAMED else ""
    return ", ".join(keys[:NAMED]) + more


def _seen(path: str, data: bytes) -> tuple[Seen, ...]:
    """What is noted in the header of a .safetensors file; nothing in other files."""
    if not _is_safetensors(path, data):
        return ()
    length = int.from_bytes(data[:8], "little")
    try:
        noted = parse_json(data[8 : 8 + length]).get("__metadata__", {}).get("seen", "[]")
        return seen_of(parse_json(noted))
    except NOT_AS_WRITTEN as error:
        raise OneshotError(f"The note on its training in {path} is damaged.", SAVE) from error


def _is_safetensors(path: str, data: bytes) -> bool:
    length = int.from_bytes(data[:8], "little")
    return path.endswith(".safetensors") or (data[8:9] == b"{" and length <= len(data) - 8)


def _weights(path: str, data: bytes) -> dict[str, Tensor]:
    """Every tensor of a file by its key, nested keys joined by dots and without wrappers' names.

    Raises:
        OneshotError: it cannot be read, or holds no tensors under names.
    """
    try:
        if _is_safetensors(path, data):
            from safetensors.torch import load

            found: Any = load(data)
        else:
            found = on_cpu(data, torch.load, weights_only=True)  # noqa: TID251
    except Exception as error:
        named = re.search(r"Unsupported (?:global|class|operand)[^\n]*?([\w.]+\.\w+)", str(error))
        if named:
            raise OneshotError(
                f"{path} holds Python objects beside tensors ({named[1]}), which are not read: "
                "they could run code.",
                SAVE,
            ) from error
        raise refuse(path, "weights", error, SAVE) from error
    if not isinstance(found, Mapping | list | tuple):
        raise OneshotError(f"{path} holds a {type(found).__name__}, not a state dict.", SAVE)
    weights = dict(_tensors(found))
    if not weights:
        raise OneshotError(f"{path} holds no tensors under names.", SAVE)
    return weights


def _refuse_repeated(key: str, tensor: Tensor) -> None:
    """Refuses a tensor that repeats its numbers by strides: a copy could take any memory.

    Raises:
        OneshotError: it has more elements than its storage.
    """
    if tensor.layout is not torch.strided or tensor.is_quantized:
        return
    if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
        raise OneshotError(
            f"The tensor '{key}' has {tensor.numel():,} elements, more than the file stores.", SAVE
        )


def _tensors(value: Any, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Tensor]]:
    """(key, tensor) of nested dictionaries and lists; anything else is passed over."""
    inside = value.items() if isinstance(value, Mapping) else enumerate(value)
    for name, each in inside:
        parts = [part for part in str(name).split(".") if part not in WRAPPERS]
        key = ".".join([*filter(None, [prefix]), *parts])
        if isinstance(each, Tensor):
            _refuse_repeated(key, each)
            yield key, each
        elif isinstance(each, Mapping | list | tuple) and depth < DEEPEST:
            yield from _tensors(each, key, depth + 1)
