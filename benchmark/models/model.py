"""A model as the harness sees it: its interfaces and declarations as typed members.

Models are structural: a class with `embed` is one. `resolved` looks at a model's methods and
declarations in one place, so that the rest of the harness works on types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar, cast

from benchmark.errors import ModelFailed
from benchmark.models import distances

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from benchmark.models.distances import Distance
    from benchmark.protocols.interfaces import (
        Embedder,
        EmbeddingClassifier,
        EpisodeClassifier,
        ImagePairScorer,
        PairHead,
        Seen,
        Trainable,
        TrainingData,
        TrainingRun,
    )

Interface = Literal["compare", "classify", "classify_episode", "similarity", "embed"]
INTERFACES: tuple[Interface, ...] = (
    "compare",
    "classify",
    "classify_episode",
    "similarity",
    "embed",
)  # the more specific first
PAIR_INTERFACES: tuple[Interface, ...] = ("compare", "similarity", "embed")
T = TypeVar("T")
Pool = Literal["inductive", "transductive", "pretrained"]


class Weights(Protocol):
    """A model whose weights can be read and set, as a torch module's can."""

    def state_dict(self) -> dict[str, Tensor]:
        """The weights by name."""
        ...

    def load_state_dict(self, state: Mapping[str, Tensor]) -> object:
        """Sets the weights."""
        ...


class Model:
    """A built model: None for each interface that it does not offer.

    Declarations are read when they are used, for a training may change them.

    Args:
        raw: the object that its class built.
    """

    def __init__(self, raw: object) -> None:
        self.raw = raw

    def _has(self, method: str) -> bool:
        return callable(getattr(self.raw, method, None))

    def _declared(self, name: str, default: Any = None) -> Any:
        return getattr(self.raw, name, default)

    @property
    def embedder(self) -> Embedder | None:
        """The model, if it embeds items."""
        return cast("Embedder", self.raw) if self._has("embed") else None

    @property
    def pair_head(self) -> PairHead | None:
        """The model, if it compares embeddings by a similarity of its own."""
        return cast("PairHead", self.raw) if self._has("compare") else None

    @property
    def classifier(self) -> EmbeddingClassifier | None:
        """The model, if it classifies embeddings."""
        return cast("EmbeddingClassifier", self.raw) if self._has("classify") else None

    @property
    def episode_classifier(self) -> EpisodeClassifier | None:
        """The model, if it classifies the items of an episode."""
        return cast("EpisodeClassifier", self.raw) if self._has("classify_episode") else None

    @property
    def image_pair_scorer(self) -> ImagePairScorer | None:
        """The model, if it scores pairs of images."""
        return cast("ImagePairScorer", self.raw) if self._has("similarity") else None

    @property
    def trainable(self) -> Trainable | None:
        """The model, if it learns."""
        return cast("Trainable", self.raw) if self._has("fit") else None

    @property
    def weights(self) -> Weights | None:
        """The model, if its weights can be stored."""
        return cast("Weights", self.raw) if self._has("state_dict") else None

    @property
    def has_parameters(self) -> bool:
        """Whether it has weights that a seed may draw."""
        return self._has("parameters")

    @property
    def interface(self) -> Interface | None:
        """The method that answers episodes, the most specific of several."""
        return next((name for name in INTERFACES if self._has(name)), None)

    @property
    def pair_interface(self) -> Interface | None:
        """The method that compares two items; a classifier of embeddings by their distance."""
        return next((name for name in PAIR_INTERFACES if self._has(name)), None)

    def embed(self, items: Tensor) -> Any:
        """What `embed` gives, unchecked."""
        return _offered(self.embedder, "embed").embed(items)

    def compare(self, a: Tensor, b: Tensor) -> Any:
        """What `compare` gives, unchecked."""
        return _offered(self.pair_head, "compare").compare(a, b)

    def classify(self, support: Tensor, labels: Tensor, queries: Tensor) -> Any:
        """What `classify` gives, unchecked."""
        return _offered(self.classifier, "classify").classify(support, labels, queries)

    def classify_episode(
        self, support: Tensor, labels: Tensor, queries: Tensor, generator: torch.Generator
    ) -> Any:
        """What `classify_episode` gives, unchecked."""
        model = _offered(self.episode_classifier, "classify_episode")
        return model.classify_episode(support, labels, queries, generator)

    def similarity(self, support: Tensor, queries: Tensor) -> Any:
        """What `similarity` gives, unchecked."""
        return _offered(self.image_pair_scorer, "similarity").similarity(support, queries)

    def fit(self, data: TrainingData, run: TrainingRun) -> Any:
        """What `fit` gives, unchecked."""
        return _offered(self.trainable, "fit").fit(data, run)

    def state_dict(self) -> dict[str, Tensor]:
        """The weights by name."""
        return _offered(self.weights, "state_dict").state_dict()

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Sets the weights."""
        _offered(self.weights, "load_state_dict").load_state_dict(state)

    def distance(self, width: int, device: str = "cpu") -> Distance:
        """The declared distance for embeddings of `width` numbers; see `distances.declared`."""
        return distances.declared(self.raw, width, device)

    @property
    def geometry(self) -> str:
        """The arithmetic of the declared distance."""
        return distances.geometry_of(self.raw)

    @property
    def input_size(self) -> int | None:
        """Side in pixels of the images that it takes; None for the stored size."""
        size: int | None = self._declared("input_size")
        return size

    @property
    def channels(self) -> int | None:
        """Channels of the images that it takes; None for the stored number."""
        channels: int | None = self._declared("channels")
        return channels

    @property
    def normalise(self) -> Sequence[Sequence[float]] | None:
        """(mean, deviation) of each channel, by which images are normalised."""
        mean_std: Sequence[Sequence[float]] | None = self._declared("normalise")
        return mean_std

    @property
    def seen(self) -> Sequence[str | Seen] | None:
        """What it was trained on; None where it does not say."""
        seen: Sequence[str | Seen] | None = self._declared("seen")
        return seen

    @property
    def pool(self) -> Pool | None:
        """Where it is ranked, if it says so itself."""
        pool: Pool | None = self._declared("pool")
        return pool

    @property
    def transductive(self) -> bool:
        """Whether it looks at all queries of an episode together."""
        return bool(self._declared("transductive", False))

    @property
    def trained_for(self) -> tuple[int, int] | None:
        """(ways, shots) of a head that is fixed to one shape."""
        shape = self._declared("trained_for")
        return None if shape is None else (int(shape[0]), int(shape[1]))

    @property
    def refits(self) -> bool:
        """Whether it can do a final fit."""
        return bool(self._declared("refits", False))

    @property
    def answering(self) -> tuple[str, ...]:
        """Entries of its recipe that do not touch the training."""
        return tuple(self._declared("answering", ()))

    @property
    def follows(self) -> Mapping[str, str]:
        """Settings that follow the task."""
        follows: Mapping[str, str] = self._declared("follows", {})
        return follows

    @property
    def training_mode(self) -> Sequence[str] | None:
        """What the graph of its file does that belongs to training; None for other models."""
        found: Sequence[str] | None = self._declared("training_mode")
        return found

    def states(self, exception: str) -> bool:
        """Whether it declares an exception from the checks, such as "stochastic"."""
        return bool(self._declared(exception, False))

    @property
    def embeds_elsewhere(self) -> Callable[..., Iterator[Any]] | None:
        """`rows_elsewhere` of a model in a process of its own."""
        found: Callable[..., Iterator[Any]] | None = self._declared("rows_elsewhere")
        return found

    def ready(self, device: str | None = None) -> None:
        """Moves the model to a device and puts it into evaluation mode, as far as it can be."""
        raw = cast("Any", self.raw)
        if device is not None and hasattr(raw, "to"):
            raw.to(device)
        if hasattr(raw, "eval"):
            raw.eval()


def resolved(model: object) -> Model:
    """The typed view of a model; the view itself where it is one already."""
    return model if isinstance(model, Model) else Model(model)


def _offered(interface: T | None, method: str) -> T:
    if interface is None:
        raise ModelFailed(f"The model has no method {method}.")
    return interface
