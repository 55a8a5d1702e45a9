"""What a model may offer to the harness, and what the harness hands to a model that trains.

Everything is structural: a class need not import or inherit anything to be a model. A file with
`class Mine: def embed(self, images): ...` is enough.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from benchmark.datasets.data_set import DataSet, Family

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True)
class Seen:
    """Classes that a model learned from or was chosen by; stored with its weights.

    Attributes:
        name: as tables show it, such as "omniglot-vinyals/train".
        data: name of the data set.
        digest: digest of the data set's content, "" where it is not known.
        classes: names of the classes.
    """

    name: str
    data: str
    digest: str
    classes: tuple[str, ...]


@runtime_checkable
class Embedder(Protocol):
    """Maps items to vectors; the harness answers by the nearest prototype (Snell et al. 2017).

    Optional attributes, all read by the harness: `distance` ("euclidean", "squared-euclidean",
    "cosine", "dot-product" or "manhattan"; default "euclidean"), `input_size` (side in pixels;
    default the stored size), `channels` (1 or 3; default the stored number), `normalise`
    ((mean, std) per channel; default none), `seen` (what it was trained on: names such as
    "omniglot-vinyals/train" or "imagenet-1k", or `Seen` with the classes; a test of classes that
    it has seen is refused), `transductive` (default False), `trained_for` ((n_way, n_shot) if the
    head is fixed). `to(device)` and `eval()` are called where they exist.

    Exceptions from what `oneshot check` asks of every model are declared too, all False by default:
    `ordered_support` (supports are read one after another), `ordered_classes` (each class position
    has weights of its own, as in MAML), `ordered_pairs` (`compare` reads the support and the query
    differently), `stochastic` (answers are drawn from the given generator).
    """

    def embed(self, items: Tensor) -> Tensor:
        """float32 [n, c, h, w] in [0, 1] (or [n, d] vectors) -> float32 [n, e]."""
        ...


@runtime_checkable
class PairHead(Embedder, Protocol):
    """An embedder with a similarity of its own, such as Koch's learned head."""

    def compare(self, a: Tensor, b: Tensor) -> Tensor:
        """Embeddings [p, e] and [p, e] -> [p]; higher is more alike. `a` is the support."""
        ...


@runtime_checkable
class EmbeddingClassifier(Embedder, Protocol):
    """A classifier of embeddings, batched over episodes."""

    def classify(self, support: Tensor, labels: Tensor, queries: Tensor) -> Tensor:
        """[b, s, e], int64 [b, s], [b, q, e] -> scores [b, q, n_way]; no state between calls."""
        ...


@runtime_checkable
class EpisodeClassifier(Protocol):
    """A classifier that must see each episode's items themselves (MAML, fine-tuning)."""

    def classify_episode(
        self, support: Tensor, labels: Tensor, queries: Tensor, generator: torch.Generator
    ) -> Tensor:
        """[s, c, h, w], int64 [s], [q, c, h, w] -> scores [q, n_way]; no state between calls."""
        ...


@runtime_checkable
class ImagePairScorer(Protocol):
    """A similarity of two images that is no function of separate embeddings."""

    def similarity(self, support: Tensor, queries: Tensor) -> Tensor:
        """[s, c, h, w] and [q, c, h, w] -> [q, s]; higher is more alike."""
        ...


@runtime_checkable
class Trainable(Protocol):
    """A model that learns from the track's training split.

    Optional attributes: `refits` (True if it can do a final fit, see `TrainingData`), `searches`
    (factors on numbers of its recipe that `oneshot tune` tries), `follows` (settings that follow
    the task, see `benchmark.evaluation.shots`), `answering` (names of its recipe's entries that do
    not touch the training, such as the head put on frozen embeddings: models that differ in these
    alone share one training).
    """

    def fit(self, data: TrainingData, run: TrainingRun) -> TrainingResult:
        """Learns, keeps the weights that validate best, and says what it did."""
        ...


@dataclass(frozen=True)
class SplitSize:
    """How much a training split holds.

    Attributes:
        classes: classes of two items or more.
        items: items of these classes.
        per_class: items that nine in ten of the classes have.
    """

    classes: int
    items: int
    per_class: int


@dataclass(frozen=True)
class TrackInfo:
    """What a recipe may depend on before any data are read.

    A model class whose `__init__` takes `track` is given this. A vector counts as an image of one
    pixel (`side` 1) with as many `channels` as it has numbers; a text has one channel. `labelled`
    says that all that is known of the training split are pairs that somebody labelled: they are
    `TrainingData.train.pairs`, and its classes are what those labelled the same connect. `aligned`
    says that the images are few and show things at one place and in one size, as faces may be.
    """

    name: str
    family: Family
    channels: int
    side: int
    labelled: bool = False
    aligned: bool = False
    train: SplitSize | None = None


@dataclass(frozen=True, eq=False)
class TrainingData:
    """All that a model may learn from; no test item is reachable from here.

    In a final fit the training split holds the validation classes too and nothing is left to choose
    by: `validate` is None, and `final_items` says how long to train. Only models with a true
    attribute `refits` are asked for one.

    Attributes:
        train: the training split, labels 0..c-1.
        validation: the validation split, labels 0..c-1; None in a final fit.
        validate: accuracy in [0, 1] of a model on the track's pinned validation episodes, or 1
            minus its equal error rate on validation trials where the track has no episodes; None in
            a final fit.
        final_items: training items after which a final fit stops, on the schedule of the whole
            training; None in a first training.
    """

    train: DataSet
    validation: DataSet | None
    validate: Callable[[Any], float] | None
    final_items: int | None = None


@dataclass(frozen=True)
class Progress:
    """One report of a running training, for whoever watches.

    Attributes:
        items: training items seen so far, of `items_total`.
        loss: mean training loss since the last report.
        validation: latest validation accuracy in [0, 1], None before the first.
        items_per_second: speed since the last report, 0 where it is not measured.
    """

    items: int
    items_total: int
    loss: float
    validation: float | None = None
    items_per_second: float = 0.0


PARTS = ("data", "augmentation", "forward", "backward", "optimiser")


def unmarked(part: str) -> None:
    """Nobody measures where the time goes."""


@dataclass(frozen=True)
class TrainingRun:
    """Where, how and how long a training runs; only `seed` and `items` may change its result.

    Attributes:
        seed: keys every random draw together with the step number.
        device: "cpu", "cuda" or "mps".
        folder: private folder for checkpoints (exists), or None to keep none.
        report: called now and then with the progress; must return quickly.
        key: identity of the training (recipe, track, data, seed); a checkpoint of another is
            not resumed.
        mark: called with the name of what was just done, which is one of `PARTS` within a step or
            any other word between steps; for `oneshot run --profile`.
        budget: what the user asked for: "quick", "standard", "full", or "custom".
        items: training items of that budget on such data, augmented views counted; None where it
            has no number. Tables label a training by the items that it reports, so one that sees
            another number is ranked under another budget.
    """

    seed: int
    device: str
    folder: Path | None
    report: Callable[[Progress], None]
    key: str
    mark: Callable[[str], None] = unmarked
    budget: str = "quick"
    items: int | None = None


@dataclass(frozen=True)
class TrainingResult:
    """What a training did.

    Attributes:
        items: training items seen in all.
        seconds: wall-clock time spent, resumed parts included.
        curve: per validation (items, mean loss in millionths, validation correct per 10,000).
        best_items: items seen when the kept weights were taken.
        device: where it ran; the harness fills it in.
    """

    items: int
    seconds: float
    curve: list[tuple[int, int, int]] = field(default_factory=list)
    best_items: int = 0
    device: str = ""
