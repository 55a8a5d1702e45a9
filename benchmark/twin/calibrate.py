"""Similarities as probabilities: the scaling that a verification fits on validation, kept.

It is fitted as `oneshot run` does it: on the validation twin of the track's verification, or, for
a track without one, on pairs drawn of the same split. Nothing of the test split is read.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import OneshotError
from benchmark.evaluation import platt
from benchmark.evaluation.embedding_store import EmbeddingStore
from benchmark.evaluation.job import RunContext
from benchmark.evaluation.platt import Platt
from benchmark.evaluation.provenance import code_digest
from benchmark.evaluation.verification import score_trials
from benchmark.files import NOT_AS_WRITTEN, parse_json, read_regular
from benchmark.protocols.verification.task import validation_pairs
from benchmark.records.canonical import digest
from benchmark.records.store import write_bytes
from benchmark.statistics.calibrated import accuracy, chances
from benchmark.tasks.loading import bind
from benchmark.tasks.spec import Track
from benchmark.tasks.tracks import track as find_track

MOST_BYTES = 1 << 20  # of a calibration


@dataclass(frozen=True)
class Calibration:
    """From similarities to log-odds that two images are of one class.

    Attributes:
        task: the validation trials that it was fitted on.
        trials: how many they were.
        slope, offset: log-odds = slope * similarity + offset; same and different pairs weigh the
            same.
        accuracy: share of these trials told right, in [0, 1], same and different weighing the same;
            the fit has seen them. 0.5 where nothing could be fitted.
        doubt: why nothing could, or why the fit is uncertain; see `statistics.calibrated.DOUBTS`.
    """

    task: str
    trials: int
    slope: float
    offset: float
    accuracy: float
    doubt: str | None = None

    @property
    def fitted(self) -> bool:
        """Whether there are probabilities and decisions at all."""
        return self.slope > 0

    @property
    def threshold(self) -> float | None:
        """The similarity above which two images are taken for the same; None without a fit.

        It is where the log-odds are 0, as in a record's verification.
        """
        return -self.offset / self.slope if self.slope > 0 else None

    def log_odds(self, similarities: NDArray[np.float64]) -> NDArray[np.float64]:
        """float64 [p]: log-odds of "same" in whole thousandths, as a record would hold them."""
        return Platt(self.slope, self.offset).thousandths(similarities) / 1000

    def probability(self, similarities: NDArray[np.float64]) -> NDArray[np.float64]:
        """float64 [p] in [0, 1]: how likely a pair is the same, if as many are as are not."""
        return chances(self.log_odds(similarities))

    def same(self, similarities: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Bool [p]: whether a pair is taken for the same; log-odds of 0 tell nothing."""
        return self.log_odds(similarities) > 0


def calibrate(
    model: object,
    track: Track,
    context: RunContext,
    views: int,
    report: Callable[[int, int], None] | None = None,
) -> Calibration:
    """Asks the model about validation trials of the track and fits the scaling.

    Args:
        model: on the device of `context`, in evaluation mode.
        track: whose validation split is read.
        context: where the data are.
        views: of each image, see `InferenceConfig`.
        report: called with (trials done, trials in all).

    Raises:
        DataMissing: the track's data set is not there.
        ModelFailed: a similarity is not finite.
        Refused: the model has no similarity of two images, or the track no validation split.
    """
    task, home = validation_pairs(track, find_track)
    loaded = bind(task, home, context.data_set(home.data))
    bank = EmbeddingStore(model, context.device, views)
    scores = score_trials(model, loaded, device=context.device, report=report, bank=bank)
    same = scores.asked.labels.same
    scaling = platt.fit(scores.scores, same)
    right = 0.5
    if scaling.calibrated:
        right = accuracy(scaling.thousandths(scores.scores) / 1000, same)
    return Calibration(
        task.name, len(same), scaling.slope, scaling.offset, right, scaling.doubt
    )  # fmt: skip


def identity(
    recipe: dict[str, Any], weights: str | None, seed: int, track: Track, data: str | None
) -> str:
    """What a calibration depends on, as one digest.

    Args:
        recipe: of the model, views included.
        weights: SHA-256 of its weights, None where it has none.
        seed: of its training.
        track: whose validation split it was asked about.
        data: digest of the track's data set.
    """
    task = validation_pairs(track, find_track)[0]
    code = code_digest("benchmark", "baselines")
    return digest([recipe, weights, seed, task.name, task.version, data, code])


def kept(path: Path, identity: str) -> Calibration | None:
    """The calibration in a file, if it is of this identity; anything else is made anew."""
    try:
        told = parse_json(read_regular(path, MOST_BYTES))
        return Calibration(**told["calibration"]) if told["identity"] == identity else None
    except (OneshotError, *NOT_AS_WRITTEN):
        return None


def keep(path: Path, identity: str, calibration: Calibration) -> None:
    """Writes the calibration for the next time.

    Raises:
        OneshotError: the folder cannot be written.
    """
    told = {"identity": identity, "calibration": asdict(calibration)}
    write_bytes(path, json.dumps(told, indent=1).encode(), "--work")


def noted(told: Any) -> Calibration:
    """The calibration that a file says of itself.

    Raises:
        OneshotError: it is none.
    """
    try:
        return Calibration(**told)
    except TypeError as error:
        raise OneshotError(f"The file's calibration cannot be read: {error}.") from error
