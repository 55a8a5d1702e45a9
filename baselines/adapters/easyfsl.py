"""A method of easyfsl on a backbone of the suite: "easyfsl:PrototypicalNetworks".

Bennequin: easyfsl, github.com/sicara/easy-few-shot-learning, 2021. Its own code answers each
episode; the suite brings the episodes, the backbone and, with --set weights=PATH, its weights. A
method with weights of its own (relation module, encoders, attention) finds them in the same file;
where it does not, a message says that they are random.
"""

from __future__ import annotations

import dataclasses
import inspect
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from baselines.adapters._file import failure, read, say_once, telling_line
from baselines.adapters.checkpoint import Misfit, _weights, chosen_weights, fill
from baselines.backbones import _build
from baselines.backbones._defaults import default_size
from baselines.backbones._measure import last_map
from baselines.settings import convert, derived, settable
from benchmark.errors import ModelFailed, OneshotError, UnknownName
from benchmark.files import parse_json
from benchmark.protocols import Seen, TrackInfo

ON_MAPS = ("RelationNetworks",)
MODULES = ("attention_module", "query_encoder", "relation_module", "support_encoder")


@dataclass(frozen=True, kw_only=True)
class EasyFslRecipe:
    """The backbone; the method's own numbers, such as fine_tuning_steps, come beside it."""

    backbone: str = "conv4"
    backbone_code: str = derived("")  # first 16 hex digits of the SHA-256 of a user's file
    width: float = 1.0
    input_size: int = 0  # 0: the backbone's default
    channels: int = derived(0)
    embedding: int = derived(0)
    weights: str = ""  # a file, recorded as its SHA-256; "" draws them by the seed
    seen: str = ""  # what the weights were trained on; "" leaves it undeclared


class EasyFsl(nn.Module):
    """An easyfsl FewShotClassifier as an episode classifier.

    Args:
        method: name of the class.
        seed: draws the weights where no file brings them.
        track: decides input size and channels.
        budget: nothing is trained.
        settings: fields of `EasyFslRecipe`, or what the method's constructor takes.

    Raises:
        OneshotError: easyfsl or the method is missing, the method cannot be built, or a setting
            does not exist.
    """

    def __init__(
        self, method: str, seed: int, track: TrackInfo, budget: str = "quick", **settings: Any
    ) -> None:
        super().__init__()
        kind = _method(method)
        known, takes = settable(EasyFslRecipe), _takes(kind)
        options = {k: _literal(v) for k, v in settings.items() if k in takes and k not in known}
        rest = {k: v for k, v in settings.items() if k not in options}
        recipe = EasyFslRecipe(**convert(EasyFslRecipe, rest))
        name, code = _build.recipe_name(recipe.backbone)
        side = recipe.input_size or default_size(track, recipe.backbone)
        backbone = _build.build(recipe.backbone, track.channels, side, recipe.width, seed)
        width = _build.checked_width(recipe.backbone, backbone, track.channels, side)
        weights, noted = "", tuple[Seen, ...]()
        if recipe.weights:
            weights, noted, _ = fill(backbone, recipe.weights, name, width)
        if method in ON_MAPS:
            backbone = _Maps(backbone, last_map(backbone, track.channels, side) or (width, 1, 1))
            width = backbone.shape[0]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            named = inspect.signature(kind.__init__).parameters
            arguments: dict[str, Any] = {}
            if "feature_dimension" in named:
                arguments["feature_dimension"] = width
            try:
                if "attention_module" in named:
                    attention = import_module("easyfsl.modules").MultiHeadAttention
                    arguments["attention_module"] = attention(1, width, width, width)
                self.method: Any = kind(backbone=backbone, **{**arguments, **options})
            except Exception as error:
                raise OneshotError(f"easyfsl's {method} cannot be built: {error}.") from error
        untrained = _fill_parts(self.method, method, recipe.weights)
        recipe = dataclasses.replace(
            recipe, backbone=name, backbone_code=code, input_size=side, channels=track.channels,
            embedding=width, weights=weights,
        )  # fmt: skip
        self.recipe = dataclasses.asdict(recipe) | options
        if untrained and weights:
            self.recipe["untrained"] = ", ".join(untrained)
        self.input_size, self.channels = side, track.channels
        self.transductive = bool(kind.is_transductive())
        self.ordered_support = method == "MatchingNetworks"  # an LSTM reads them one by one
        if recipe.seen or noted or not weights:
            self.seen = (*noted, *filter(None, map(str.strip, recipe.seen.split(","))))
        self.eval()

    def classify_episode(
        self, support: Tensor, labels: Tensor, queries: Tensor, generator: torch.Generator
    ) -> Tensor:
        """[s, c, h, w], int64 [s], [q, c, h, w] -> scores [q, n_way], as easyfsl computes them."""
        try:
            with torch.no_grad():  # methods that adapt switch gradients on themselves
                self.method.process_support_set(support, labels)
                scores: Tensor = self.method(queries)
        except Exception as error:
            failed = failure(queries, error)
            if failed is error:
                raise
            raise ModelFailed(
                f"easyfsl's {type(self.method).__name__} failed on {len(support)} supports and "
                f"{len(queries)} queries: {telling_line(error)}"
            ) from error
        return scores


class _Maps(nn.Module):
    """A backbone whose embeddings are given as the maps that they are flattened from."""

    def __init__(self, backbone: nn.Module, shape: tuple[int, int, int]) -> None:
        super().__init__()
        self.backbone, self.shape = backbone, shape

    def forward(self, images: Tensor) -> Tensor:
        """float32 [n, c, h, w] -> [n, channels, height, width]."""
        rows: Tensor = self.backbone(images)
        return rows.reshape(-1, *self.shape)


def _fill_parts(model: nn.Module, method: str, path: str) -> list[str]:
    """Fills the method's own parts from the file of weights, if they are in it.

    Returns:
        Names of the parts whose weights were drawn by the seed; a message names them too.

    Raises:
        OneshotError: the file holds several sets of weights for a part.
    """
    parts = {
        name: part
        for name, part in model.named_children()
        if name != "backbone" and any(True for _ in part.parameters())
    }
    untrained = list(parts)
    if path:
        weights = _weights(path, read(path)[0])
        for name, part in parts.items():
            try:
                found, _ = chosen_weights(weights, part, path, f"the part {name} of {method}")
            except Misfit:
                continue
            part.load_state_dict(found, strict=False)
            untrained.remove(name)
    if untrained:
        lack = f"{path} holds no weights for them" if path else "no file of weights was given"
        say_once(
            f"easyfsl's {method} has parts with weights of their own: {', '.join(untrained)}. They "
            f"are random, drawn by the seed ({lack}): its answers are those of an untrained model."
        )
    return untrained


def _method(name: str) -> Any:
    try:
        methods = import_module("easyfsl.methods")
    except ImportError:
        raise OneshotError("easyfsl is not installed.", "Type: pip install easyfsl") from None
    base = methods.FewShotClassifier
    known = [
        key
        for key, value in vars(methods).items()
        if inspect.isclass(value) and issubclass(value, base) and value is not base
    ]
    if name not in known:
        raise UnknownName("method of easyfsl", name, known, f"Known: {', '.join(known)}.")
    return getattr(methods, name)


def _takes(kind: Any) -> set[str]:
    """Names that the constructors of a method and its parents take, but the backbone."""
    parents = [each for each in kind.__mro__ if each.__module__.startswith("easyfsl.")]
    names = {name for each in parents for name in inspect.signature(each.__init__).parameters}
    return names - {"self", "args", "kwargs", "backbone", "feature_dimension", *MODULES}


def _literal(value: Any) -> Any:
    try:
        return parse_json(value) if isinstance(value, str) else value
    except ValueError:
        return value
