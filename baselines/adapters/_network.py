"""A network in a file, whatever its format: how it is fed, and which output is its answer.

One input makes an embedder. Two inputs and one number a pair make a scorer of image pairs, such as
an exported Siamese network. What the file declares is followed; what contradicts it is refused.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Literal

import torch
from torch import Tensor, nn

from baselines.adapters._file import FileModel, FileRecipe, failure, noted, say_once
from baselines.settings import convert
from benchmark.errors import ModelFailed, OneshotError, Refused
from benchmark.graphs import EXPORT_AGAIN
from benchmark.models.recipe import as_dict
from benchmark.protocols import TrackInfo

DTYPES = {
    "float32": torch.float32,
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "float64": torch.float64,
    "uint8": torch.uint8,
    "int32": torch.int32,
    "int64": torch.int64,
}
IMAGE_TYPES = ("float32", "float16", "bfloat16", "float64", "uint8")
COLOURS = (1, 3)
MOST_PAIRS = 256  # pairs of images fed at once
PROBED = 8  # images compared with themselves to see which way a network's number points
PAIR_HINT = "A pair network takes two batches of images and gives one number a pair."


@dataclass(frozen=True, kw_only=True)
class NetworkRecipe(FileRecipe):
    """How a network in a file is fed and read; the fields left out of records are the defaults."""

    output: str = ""  # of several outputs: name or number (from 0) of the one to use
    layout: Literal["nchw", "nhwc"] = "nchw"  # order of an image's axes; as the file declares
    input_type: Literal["float32", "float16", "bfloat16", "float64", "uint8"] = "float32"
    batch_size: int = 0  # images fed at once, 0 for any number; as the file declares
    pair_output: Literal["", "similarity", "distance"] = ""  # of pair networks: what the number is


@dataclass(frozen=True)
class Port:
    """An input or output of a network.

    Attributes:
        name: as the file names it.
        type: of `DTYPES` or any other name, "" where the file does not say.
        shape: None for a side that is open; None as a whole where the file does not say.
    """

    name: str
    type: str = ""
    shape: tuple[int | None, ...] | None = None

    def __str__(self) -> str:
        sides = ", ".join("?" if side is None else str(side) for side in self.shape or ())
        return " ".join(filter(None, (self.name, self.type, f"[{sides}]" if self.shape else "")))


class Network(ABC):
    """What a file holds, read once.

    Attributes:
        path: as the user typed it.
        sha256: of the file.
        note: what the file says of itself, None where it says nothing.
        inputs: those that have no default.
        outputs: empty where they are known only once the network has run.
        training_mode: what its graph does that belongs to training, see `benchmark.graphs`.
    """

    path: str
    sha256: str
    note: Mapping[str, Any] | None = None
    inputs: Sequence[Port]
    outputs: Sequence[Port] = ()
    training_mode: tuple[str, ...] = ()
    module: nn.Module | None = None  # None where another library holds the weights

    @abstractmethod
    def run(self, inputs: Sequence[Tensor], output: str) -> Any:
        """The output of this name for the inputs; "" for the only one."""

    def probe(self, inputs: Sequence[Tensor]) -> Sequence[Port]:
        """The outputs, found by running the network where the file does not say."""
        return self.outputs


class NetworkModel(FileModel):
    """What embedders and pair scorers share: feeding the network in its own form, in batches."""

    def __init__(self, network: Network, track: TrackInfo, settings: Mapping[str, Any]) -> None:
        self.network, self.note = network, network.note
        self.module = network.module  # where the harness looks for torch modules
        self.training_mode = network.training_mode
        known, seen = noted(network.note)
        typed, declared = convert(NetworkRecipe, settings), _declared(network, track)
        for name, value in declared.items():
            if typed.get(name, value) != value:
                raise OneshotError(
                    f"{network.path} declares its input as {network.inputs[0]}: "
                    f"{name}={typed[name]} does not fit.",
                    f"Leave it out, or type --set {name}={value}",
                )
        fields = {**convert(NetworkRecipe, known), **declared, **typed}
        recipe = NetworkRecipe(**fields, sha256=network.sha256)
        if recipe.batch_size < 0:
            raise OneshotError("The setting batch_size must be 0 or more.")
        if recipe.input_type == "uint8" and recipe.normalise:
            raise OneshotError(
                f"{network.path} takes bytes from 0 to 255, which normalise={recipe.normalise} "
                "would change.",
                "Leave normalise out.",
            )
        self.layout, self.batch_size = recipe.layout, recipe.batch_size
        self.type = network.inputs[0].type if track.family == "text" else recipe.input_type
        self.declare(recipe, track, seen)
        self.output = self._chosen(recipe.output)
        several = len(self.outputs) > 1
        self.recipe = dataclasses.replace(self.recipe, output=self.output if several else "")
        self.recipe = _recorded(self.recipe)

    def answers(self, *inputs: Tensor, most: int | None = None) -> Tensor:
        """The network's output for the items, fed in its own form and batches.

        Args:
            inputs: float32 [n, c, h, w], or as the harness gives vectors and texts, one per input.
            most: items at once, where the file declares no batch; None for all.

        Raises:
            ModelFailed: it was exported in training mode, fails, or gives no row for each item.
        """
        if self.training_mode:
            raise ModelFailed(
                f"{PurePath(self.network.path).name} was exported in training mode: its graph "
                f"holds {', '.join(self.training_mode)}. Its answers depend on chance or on the "
                "other items of a batch.",
                EXPORT_AGAIN,
            )
        count = len(inputs[0])
        size = self.batch_size or min(count, most or count)
        parts = []
        for start in range(0, count, max(1, size)):
            part = [each[start : start + size] for each in inputs]
            there = len(part[0])
            if self.batch_size > there:  # filled up with copies of the last item, cut off below
                part = [torch.cat([p, p[-1:].expand(size - there, *p.shape[1:])]) for p in part]
            parts.append(self._run(part)[:there])
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def _run(self, items: Sequence[Tensor]) -> Tensor:
        fed = [self._fed(each) for each in items]
        try:
            out = self.network.run(fed, self.output)
        except Exception as error:
            raise failure(items[0], error, self.network.inputs) from error
        if not isinstance(out, Tensor) or out.ndim < 1 or len(out) != len(fed[0]):
            found = list(out.shape) if isinstance(out, Tensor) else type(out).__name__
            raise ModelFailed(
                f"The network gave {found} for {len(fed[0])} items; expected a row for each.",
                "Does it take batches of one size alone? Try --set batch_size=N.",
            )
        return out.float()

    def _fed(self, items: Tensor) -> Tensor:
        """The items in the network's own type and order of axes."""
        if self.type == "uint8":
            items = items.mul(255).round().clamp(0, 255)
        if self.layout == "nhwc" and items.ndim == 4:
            items = items.permute(0, 2, 3, 1).contiguous()
        return items.to(DTYPES[self.type]) if self.type else items

    def _chosen(self, output: str) -> str:
        """The name of the output to use; also sets `outputs`."""
        network = self.network
        self.outputs = network.outputs
        if not self.outputs:
            n = self.batch_size or 2
            side, channels = self.input_size, self.channels
            blank = torch.zeros(n, channels, side, side)
            try:
                self.outputs = network.probe([self._fed(blank)] * len(network.inputs))
            except Exception as error:
                raise failure(blank, error, network.inputs) from error
        names = [port.name for port in self.outputs]
        listed = "; ".join(f"{number}: {port}" for number, port in enumerate(self.outputs))
        if not output and len(names) != 1:
            example = names[-1] if names else "NAME"
            raise OneshotError(
                f"{network.path} has {len(names)} outputs ({listed}); which one is the answer?",
                f"Choose by name or number, such as --set output={example}",
            )
        if not output:
            return names[0]
        if output in names:
            return output
        if output.isdecimal() and int(output) < len(names):
            return names[int(output)]
        raise OneshotError(f"{network.path} has no output '{output}'; it has {listed}.")

    def to(self, device: str) -> NetworkModel:
        """Moves the network, where it can compute elsewhere than on the processor."""
        if self.module is not None:
            self.module.to(device)
        return self

    def eval(self) -> NetworkModel:
        """Puts the network into evaluation mode."""
        if self.module is not None:
            self.module.eval()
        return self

    def parameters(self) -> list[nn.Parameter]:
        """The network's weights."""
        return [] if self.module is None else list(self.module.parameters())


class NetworkEmbedder(NetworkModel):
    """A network with one input: its output, flattened, is the embedding."""

    def __init__(self, network: Network, track: TrackInfo, settings: Mapping[str, Any]) -> None:
        if settings.get("pair_output"):
            raise OneshotError(
                f"{network.path} has one input and embeds: pair_output has no effect.",
                "Leave it out.",
            )
        super().__init__(network, track, settings)
        if network.note is not None and network.note["distance"] is None:
            self.compare = self._compare  # what has `compare` is a PairHead to the harness
            self.recipe["distance"] = "compare"

    def embed(self, items: Tensor) -> Tensor:
        """float32 [n, c, h, w], normalised as declared -> float32 [n, e].

        Raises:
            ModelFailed: the network fails, or gives no vector for each item.
        """
        out = self.answers(items)
        if out.ndim < 2:
            raise ModelFailed(f"The network gave {list(out.shape)}; expected one tensor [n, e].")
        return out.flatten(1)

    def _compare(self, a: Tensor, b: Tensor) -> Tensor:
        """Embeddings [p, e] and [p, e] -> [p], by the similarity that was exported with them."""
        found: Tensor = self.module.compare(a, b)  # type: ignore[operator, union-attr]
        return found


class NetworkPairScorer(NetworkModel):
    """A network with two inputs: one number for each pair of images."""

    def __init__(self, network: Network, track: TrackInfo, settings: Mapping[str, Any]) -> None:
        if "distance" in settings:
            raise OneshotError(
                f"{network.path} has two inputs and compares images itself: the setting distance "
                "has no effect.",
                "Its number is a similarity, or with --set pair_output=distance a distance.",
            )
        super().__init__(network, track, settings)
        meaning = settings.get("pair_output")
        if not meaning:
            say_once(
                f"{network.path} has two inputs: it scores pairs of images. Its number is taken as "
                "a similarity (higher is more alike); if it is a distance, add "
                "--set pair_output=distance."
            )
        self.sign = -1 if meaning == "distance" else 1
        self.recipe |= {"pair_output": meaning or "similarity", "distance": "similarity"}
        self._is_probed = False

    def similarity(self, support: Tensor, queries: Tensor) -> Tensor:
        """[s, c, h, w] and [q, c, h, w] -> float32 [q, s]; the support is the first input.

        Raises:
            ModelFailed: the network fails, or gives no number for each pair.
        """
        if not self._is_probed:
            self._probe(torch.cat([support, queries])[:PROBED])
        s, q = len(support), len(queries)
        left = torch.arange(s, device=support.device).repeat(q)
        right = torch.arange(q, device=support.device).repeat_interleave(s)
        size = self.batch_size or MOST_PAIRS
        parts = [
            self._scores(support[left[start : start + size]], queries[right[start : start + size]])
            for start in range(0, s * q, size)
        ]
        return torch.cat(parts).view(q, s)

    def _scores(self, a: Tensor, b: Tensor) -> Tensor:
        """Images [p, c, h, w] and [p, c, h, w] -> [p]."""
        out = self.answers(a, b)
        if out.numel() != len(a):
            raise ModelFailed(
                f"The network gave {list(out.shape)} for {len(a)} pairs; expected one number each.",
                PAIR_HINT,
            )
        return self.sign * out.flatten()

    def _probe(self, images: Tensor) -> None:
        """Says so where images are less alike to themselves than to any other image."""
        self._is_probed = True
        others = images.roll(1, 0)
        different = (images != others).flatten(1).any(dim=1)
        if len(images) < 2 or not different.any():
            return
        same, unlike = self._scores(images, images), self._scores(images, others)[different]
        if same.max() < unlike.min():
            other = "similarity" if self.sign < 0 else "distance"
            say_once(
                f"{self.network.path} scores images as less alike to themselves than to others. "
                f"Is its number a {other}? Then add --set pair_output={other}."
            )


def model_of(network: Network, track: TrackInfo, settings: Mapping[str, Any]) -> NetworkModel:
    """The network as a model: an embedder, or with two inputs a pair scorer.

    Raises:
        OneshotError: it has other inputs, or a setting makes no sense.
    """
    kinds = {1: NetworkEmbedder, 2: NetworkPairScorer}
    ports = "; ".join(map(str, network.inputs))
    kind = kinds.get(len(network.inputs))
    if kind is None:
        raise OneshotError(
            f"{network.path} has {len(network.inputs)} inputs ({ports}); expected one, images, or "
            "two, images to compare."
        )
    first, last = network.inputs[0], network.inputs[-1]
    if (first.type, first.shape) != (last.type, last.shape):
        raise OneshotError(
            f"The two inputs of {network.path} differ ({ports}); expected images alike.", PAIR_HINT
        )
    return kind(network, track, settings)


def _declared(network: Network, track: TrackInfo) -> dict[str, Any]:
    """Settings that follow from the declared input.

    Raises:
        Refused: it takes no items of the track's kind.
    """
    port = network.inputs[0]
    images = track.family not in ("vector", "text")
    types = IMAGE_TYPES if images else tuple(DTYPES)
    if port.type not in ("", *types):
        raise Refused(
            f"{network.path} takes {port}; expected {track.family} data as {', '.join(types)}."
        )
    found: dict[str, Any] = {"input_type": port.type} if port.type in IMAGE_TYPES else {}
    if port.shape is None:
        return found
    if len(port.shape) != (4 if images else 2):
        expected = "[n, c, h, w] or [n, h, w, c]" if images else "[n, d]"
        raise Refused(f"{network.path} takes {port}; expected {track.family} data, {expected}.")
    if port.shape[0]:
        found["batch_size"] = port.shape[0]
    if images:
        return found | _image_form(network.path, port)
    if track.family == "text" and port.shape[1]:
        found["input_size"] = port.shape[1]
    elif track.family == "vector" and port.shape[1] not in (None, track.channels):
        raise Refused(
            f"{network.path} takes {port}; {track.name} has vectors of {track.channels} numbers."
        )
    return found


def _image_form(path: str, port: Port) -> dict[str, Any]:
    """Layout, channels and side that a declared shape fixes."""
    assert port.shape is not None
    _, *shape = port.shape
    last = shape[0] not in COLOURS and shape[2] in COLOURS
    height, width = (shape[0], shape[1]) if last else (shape[1], shape[2])
    channels = shape[2] if last else shape[0]
    if (channels or 1) not in COLOURS:
        raise Refused(f"{path} takes {port}; expected images with 1 or 3 channels.")
    if height and width and height != width:
        raise Refused(f"{path} takes {port}; expected square images.")
    found: dict[str, Any] = {}
    if channels:  # else the order of the axes is open
        found |= {"layout": "nhwc" if last else "nchw", "channels": channels}
    if height or width:
        found["input_size"] = height or width
    return found


def _recorded(recipe: NetworkRecipe) -> dict[str, Any]:
    """The recipe without the fields of this class that are at their defaults."""
    plain = as_dict(recipe) or {}
    own = {f.name: f.default for f in dataclasses.fields(NetworkRecipe)}
    inherited = {f.name for f in dataclasses.fields(FileRecipe)}
    return {k: v for k, v in plain.items() if k in inherited or v != own[k]}
