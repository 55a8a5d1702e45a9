"""Losses and miners of pytorch-metric-learning: "pml:NAME", or "pml:NAME,setting=value,...".

Musgrave, Belongie, Lim: PyTorch Metric Learning. arXiv 2008.09164, 2020.

The network's distance is the distance of the loss and of the miner: the library's own where it has
the same one, else the network's in the library's form. A loss that is defined for one distance
alone, such as CircleLoss for the cosine, refuses the others.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from baselines.siamese.losses._embedding_loss import EmbeddingLoss
from baselines.siamese.losses._loss import Loss, LossSettings
from baselines.siamese.traits import Needs, Traits
from benchmark.errors import ModelBroken, OneshotError, Refused, UnknownName
from benchmark.models.distances._distance import Distance

if TYPE_CHECKING:
    from types import ModuleType

PREFIX = "pml:"
PACKAGE = "pytorch-metric-learning"
NEEDS = Needs()
INSTALL = 'Install it: pip install "pytorch-metric-learning>=2.8"'
SETTINGS = "Settings are part of the name: pml:TripletMarginLoss,margin=0.2"
SIZES = ("num_classes", "embedding_size")


def is_reference(name: str) -> bool:
    """Whether a name asks for a loss or miner of the library."""
    return name.startswith(PREFIX)


def version() -> str:
    """The library's name and version, as recipes hold it.

    Raises:
        Refused: it is not installed.
    """
    try:
        return f"{PACKAGE} {version_of(PACKAGE)}"
    except PackageNotFoundError:
        raise Refused(f"'{PREFIX}NAME' needs {PACKAGE}.", INSTALL) from None


def loss(reference: str) -> Callable[[Distance, str, Traits, LossSettings], Loss]:
    """What builds a loss of the library.

    Raises:
        UnknownName: the library has no such loss.
        OneshotError: a setting that cannot be read.
        Refused: the library is missing.
    """
    class_, options = _found(reference, "loss")

    def make(metric: Distance, name: str, traits: Traits, settings: LossSettings) -> Loss:
        def build(**sizes: int) -> nn.Module:
            takes = _parameters(class_)
            given = {k: v for k, v in sizes.items() if k in takes and k not in options}
            return _made(class_, reference, {**given, **options}, metric, name)

        build(**dict.fromkeys(SIZES, 2))  # says now what does not fit
        return EmbeddingLoss(reference, build, traits, settings)

    return make


def miner(reference: str, metric: Distance, name: str) -> nn.Module:
    """A miner of the library; see `loss` for the errors."""
    class_, options = _found(reference, "miner")
    return _made(class_, reference, options, metric, name)


def mined_tuples(found: tuple[Tensor, ...], kinds: tuple[str, ...], labels: Tensor) -> Tensor:
    """What a miner found, as a loss of the suite takes it: pairs int64 [p, 2], triplets [t, 3].

    Args:
        found: of the miner: triplets (3 tensors), or positive and negative pairs (4 tensors).
        kinds: batches that the loss takes, see `Needs`.
        labels: int64 [b].
    """
    from pytorch_metric_learning.utils import loss_and_miner_utils as utils

    if "triplets" in kinds:
        return torch.stack(utils.convert_to_triplets(found, labels, labels), dim=1)
    a, p, c, n = utils.convert_to_pairs(found, labels, labels)
    return torch.stack([torch.cat([a, c]), torch.cat([p, n])], dim=1)


def _found(reference: str, kind: str) -> tuple[type, dict[str, Any]]:
    """The class and its settings."""
    version()
    from pytorch_metric_learning import losses, miners

    module: ModuleType = losses if kind == "loss" else miners
    name, *texts = reference.removeprefix(PREFIX).split(",")
    known = sorted(
        k
        for k, v in vars(module).items()
        if isinstance(v, type) and k.lower().endswith(kind) and not k.startswith("Base")
    )
    if name not in known:
        raise UnknownName(f"{kind} of {PACKAGE}", name, known, f"Known: {', '.join(known)}.")
    options = {}
    for text in texts:
        key, equals, value = text.partition("=")
        try:
            if not equals:
                raise ValueError
            options[key.strip()] = ast.literal_eval(value.strip())
        except (ValueError, SyntaxError):
            raise OneshotError(
                f"'{text}' in {reference} is not a setting; expected name=value.", SETTINGS
            ) from None
    return getattr(module, name), options


def _made(
    class_: type, reference: str, options: dict[str, Any], metric: Distance, name: str
) -> nn.Module:
    takes = _parameters(class_)
    unknown = sorted(set(options) - takes)
    if unknown:
        raise UnknownName(
            f"setting of {reference.partition(',')[0]}", unknown[0], sorted(takes),
            f"Known: {', '.join(sorted(takes))}.",
        )  # fmt: skip
    given = {"distance": _distance(metric, name)} if "distance" in takes else {}
    try:
        made: nn.Module = class_(**given, **options)
    except Exception as error:
        text = " ".join(str(error).split())
        if "distance" in text:
            raise Refused(
                f"{reference} does not take the distance '{name}': {text}",
                "Try --set distance=cosine.",
            ) from error
        raise ModelBroken(f"{reference} cannot be built: {text}.", SETTINGS) from error
    return made


def _parameters(class_: type) -> set[str]:
    """What a class of the library can be given; its constructors pass the rest on to each other."""
    named = (
        inspect.signature(vars(each)["__init__"]).parameters
        for each in class_.__mro__[:-1]
        if "__init__" in vars(each)
    )
    return {k for each in named for k in each} - {"self", "kwargs", "args"}


def _distance(metric: Distance, name: str) -> nn.Module:
    """The library's distance that is the network's."""
    from pytorch_metric_learning import distances

    own: dict[str, Callable[[], nn.Module]] = {
        "cosine": distances.CosineSimilarity,
        "dot-product": lambda: distances.DotProductSimilarity(normalize_embeddings=False),
        "euclidean": lambda: distances.LpDistance(normalize_embeddings=False),
        "manhattan": lambda: distances.LpDistance(normalize_embeddings=False, p=1),
        "squared-euclidean": lambda: distances.LpDistance(normalize_embeddings=False, power=2),
    }
    if name in own:
        return own[name]()

    class NetworkDistance(distances.BaseDistance):  # type: ignore[misc]
        """The network's distance in the library's form."""

        def __init__(self) -> None:
            super().__init__(normalize_embeddings=False)
            self.metric = [metric]  # in a list: its weights are the network's, not the loss's

        def compute_mat(self, query_emb: Tensor, ref_emb: Tensor) -> Tensor:
            table: Tensor = self.metric[0](query_emb, ref_emb)
            return table

        def pairwise_distance(self, query_emb: Tensor, ref_emb: Tensor) -> Tensor:
            return self.metric[0].pairs(query_emb, ref_emb)

    return NetworkDistance()
