"""A method of easyfsl on a backbone of the suite: "easyfsl:PrototypicalNetworks".

Bennequin: easyfsl, github.com/sicara/easy-few-shot-learning, 2021. Its own code answers each
episode; the suite brings the episodes, the backbone and, with --set weights=PATH, its weights.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from baselines.adapters.checkpoint import fill
from baselines.backbones import _build
from baselines.backbones._defaults import default_size
from baselines.settings import convert, derived, settable
from benchmark.errors import OneshotError, UnknownName
from benchmark.protocols import Seen, TrackInfo


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
        if "feature_dimension" in takes:
            options.setdefault("feature_dimension", width)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            try:
                self.method: Any = kind(backbone=backbone, **options)
            except Exception as error:
                raise OneshotError(f"easyfsl's {method} cannot be built: {error}.") from error
        recipe = dataclasses.replace(
            recipe, backbone=name, backbone_code=code, input_size=side, channels=track.channels,
            embedding=width, weights=weights,
        )  # fmt: skip
        self.recipe = dataclasses.asdict(recipe) | options
        self.input_size, self.channels = side, track.channels
        self.transductive = bool(kind.is_transductive())
        if recipe.seen or noted or not weights:
            self.seen = (*noted, *filter(None, map(str.strip, recipe.seen.split(","))))
        self.eval()

    def classify_episode(
        self, support: Tensor, labels: Tensor, queries: Tensor, generator: torch.Generator
    ) -> Tensor:
        """[s, c, h, w], int64 [s], [q, c, h, w] -> scores [q, n_way], as easyfsl computes them."""
        with torch.no_grad():  # methods that adapt switch gradients on themselves
            self.method.process_support_set(support, labels)
            scores: Tensor = self.method(queries)
        return scores


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
    return names - {"self", "args", "kwargs", "backbone"}


def _literal(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except json.JSONDecodeError:
        return value
