"""A trained twin: how alike two images are to it, and how likely they are of one class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.datasets.catalogue import KNOWN
from benchmark.datasets.data_set import DataSet
from benchmark.errors import OneshotError, Refused
from benchmark.evaluation.api import find_device
from benchmark.evaluation.embeddings import embed, pixels_for, to_input
from benchmark.evaluation.job import RunContext, default_work
from benchmark.evaluation.pairs import finite, pair_way, refusal
from benchmark.evaluation.tensors import as_tensor
from benchmark.evaluation.verification import score_pairs
from benchmark.models import distances
from benchmark.models.model import resolved
from benchmark.records.canonical import recipe_hash
from benchmark.records.store import slug
from benchmark.tasks.own import looking_in
from benchmark.tasks.tracks import track as find_track
from benchmark.twin import calibrate
from benchmark.twin.calibrate import Calibration
from benchmark.twin.find import Asked, Found, find
from benchmark.twin.pictures import Form, Images, check_fit, form_from, form_of, shown

Report = Callable[[str, int, int], None]  # what is being done, how much is done, of how much
AT_ONCE = 64  # images that a model without embeddings compares with one other


def load_twin(
    run: str,
    *,
    track: str | None = None,
    seed: int = 0,
    budget: str | None = None,
    settings: Mapping[str, Any] | None = None,
    fit: str | None = None,
    data: Path | None = None,
    results: Path = Path("results"),
    work: Path | None = None,
    device: str = "auto",
    trust_code: bool = False,
) -> Twin:
    """A trained model that compares images of your own.

    Args:
        run: a catalogue key, "path/to/file.py:Name", KEY--RECIPE8 of the results folder, or a file
            ("onnx:PATH", "torchscript:PATH", "checkpoint:PATH"). Weights of a model that trains
            are those that `oneshot run` left in the work folder.
        track: whose training is meant, and in whose form images are shown; None for the one track
            there are weights of, what an exported file says, or "glyphs".
        seed: the training's seed.
        budget: "quick", "standard" or "full"; None for the one there are weights of.
        settings: settings of the model, as they were given to the training.
        fit: how an image becomes square: "pad", "crop", "stretch" or "ink"; None for what was done
            to the track's data set.
        data: data directory.
        results: results folder, for KEY--RECIPE8.
        work: folder of checkpoints and weights; None for the user's cache, as in `oneshot run`.
        device: "auto", "cpu", "cuda" or "mps".
        trust_code: with KEY--RECIPE8, also build a model that is not of the catalogue: the file or
            package that the record names runs as code.

    Raises:
        UnknownName: nothing has that name.
        Refused: the model has no similarity of two images.
        OneshotError: there are no such weights, with the command that trains them.
    """
    asked = Asked(track, seed, budget, settings, data, Path(results), work, trust_code)
    folder = Path(work) if work is not None else default_work()
    with looking_in(data):
        found = find(run, asked, folder)
        reason = refusal(found.model)
        if reason is not None:
            raise Refused(f"{run} cannot compare two images: {reason}.")
        note = getattr(found.model, "note", None)
        if note is not None and track in (None, note["form"]["track"]):
            form = form_from(note["form"] | ({"fit": check_fit(fit)} if fit else {}))
        else:
            note, form = None, form_of(found.job.track, fit)
    context = RunContext(data=data, work=folder, device=find_device(device))
    return Twin(found, form, context, note, changed=bool(set(settings or {}) - {"seen"}))


@dataclass(frozen=True, eq=False)
class Twin:
    """A model with its weights, and how images are shown to it.

    Images are paths of files, Pillow's images, or arrays uint8 [h, w] or [h, w, 3]; one or a list.
    Any mode and size will do: they are brought to the form of the track's data. Two lists of one
    length are compared image by image, a single image with each of the others.

    Attributes:
        found: the model and what it was built from.
        form: how images are shown to it.
        context: data directory, work folder and device.
        note: what an exported file says of itself, if that is followed.
        changed: whether settings were laid over the note, which its calibration does not cover.
    """

    found: Found
    form: Form
    context: RunContext
    note: Mapping[str, Any] | None = None
    changed: bool = False

    def __post_init__(self) -> None:
        for model in (self.found.model, self.found.chosen):
            resolved(model).ready(self.context.device)

    def __repr__(self) -> str:
        return f"Twin({self.key!r}, track={self.form.track!r}, seed={self.found.job.seed})"

    @property
    def key(self) -> str:
        """The model's key, as records show it."""
        return self.found.job.spec.key

    @property
    def recipe8(self) -> str:
        """The first 8 hex digits of the recipe's hash, as in names of records."""
        return recipe_hash(self.found.recipe)

    @property
    def way(self) -> str:
        """What the model compares images by: "embed", "compare" or "similarity"."""
        way = pair_way(self.found.model)
        assert way is not None  # load_twin has refused it
        return way

    @property
    def distance(self) -> str:
        """The name of what makes the similarity."""
        if self.way == "embed":
            return distances.stated(self.found.model)[0]
        name = self.found.recipe.get("distance")
        return "a similarity of its own" if name in (None, "compare") else f"{name}, learned"

    @property
    def views(self) -> int:
        """Views of each image whose embeddings are averaged, see `InferenceConfig`."""
        if self.note is not None and not self.changed:
            return int(self.note["views"])
        return int(self.found.recipe["views"])

    def embed(self, images: Images) -> NDArray[np.float32]:
        """float32 [n, e]: the embedding of each image.

        Raises:
            Refused: the model compares images without embedding them.
            OneshotError: naming the first image that cannot be used.
        """
        if self.way == "similarity":
            raise Refused(f"{self.key} compares images without embedding them.", "Use similarity.")
        rows: NDArray[np.float32] = self.encode(shown(images, self.form)).cpu().numpy()
        return rows

    def similarity(self, a: Images, b: Images) -> NDArray[np.float64]:
        """float64 [p]: how alike the images are, on the model's own scale; higher is more alike.

        Raises:
            OneshotError: naming the first image that cannot be used, or for lists that do not pair.
            ModelFailed: a similarity is not finite.
        """
        return self.score(*(self.encode(shown(images, self.form)) for images in (a, b)))

    def probability(self, a: Images, b: Images) -> NDArray[np.float64]:
        """float64 [p] in [0, 1]: how likely the two are of one class, if as many are as are not.

        The scaling is that of a verification's records, fitted on validation (`calibration`).

        Raises:
            DataMissing: the data set to calibrate on is not there.
            OneshotError: as in `similarity`.
        """
        return self.calibration.probability(self.similarity(a, b))

    def same(self, a: Images, b: Images) -> NDArray[np.bool_]:
        """Bool [p]: whether the two are taken for one class, at the validation threshold.

        Raises:
            DataMissing: the data set to calibrate on is not there.
            OneshotError: as in `similarity`.
        """
        return self.calibration.same(self.similarity(a, b))

    def check(self, images: Images) -> None:
        """Looks whether the images can be used.

        Raises:
            OneshotError: naming the first that cannot.
        """
        shown(images, self.form)

    @cached_property
    def calibration(self) -> Calibration:
        """From similarities to log-odds; fitted when first asked for, and kept beside the weights.

        Raises:
            DataMissing: the track's data set is not there.
            OneshotError: the track has no validation split, or the work folder cannot be written.
        """
        return self.calibrated()

    def calibrated(self, report: Report | None = None) -> Calibration:
        """See `calibration`; `report` is told of the trials."""
        if self.note is not None and not self.changed:
            return calibrate.noted(self.note["calibration"])
        found, work = self.found, self.context.work
        with looking_in(self.context.data):
            track = find_track(self.form.track)
            known = KNOWN[track.data].digest if track.data in KNOWN else None
            digest = known or self.context.data_set(track.data).digest
            identity = calibrate.identity(
                found.recipe | {"views": self.views}, found.weights, found.job.seed, track, digest
            )
            assert work is not None
            folder = found.folder or work / slug(track.name) / "calibrations"
            path = folder / f"calibration-{identity[:16]}.json"
            kept = calibrate.kept(path, identity)
            if kept is not None:
                return kept
            told = None if report is None else (lambda *done: report("calibrating", *done))
            made = calibrate.calibrate(found.chosen, track, self.context, self.views, told)
        calibrate.keep(path, identity, made)
        return made

    def encode(self, items: DataSet) -> Tensor:
        """What is kept of each image, on the device: float32 [n, e], or uint8 [n, c, h, w] pixels.

        Pixels stand for the images of a model that compares without embedding.
        """
        if self.way == "similarity":
            return torch.from_numpy(pixels_for(self.found.model, items))
        return embed(self.found.model, items, self.context.device, self.views, quick=False)

    def score(self, a: Tensor, b: Tensor) -> NDArray[np.float64]:
        """float64 [p]: how alike the encoded images are, pair by pair or one with each.

        Raises:
            OneshotError: neither as many on both sides nor one on one side.
        """
        if len(a) != len(b) and 1 not in (len(a), len(b)):
            raise OneshotError(
                f"{len(a)} images cannot be compared with {len(b)} pair by pair.",
                "Give as many on both sides, or one on one side.",
            )
        count = max(len(a), len(b))
        left = np.arange(len(a)) if len(a) == count else np.zeros(count, dtype=np.int64)
        right = np.arange(len(b)) if len(b) == count else np.zeros(count, dtype=np.int64)
        if self.way == "similarity":
            return self._score_pixels(a.numpy(), b.numpy(), left, right)
        rows = left[:, None], len(a) + right
        return score_pairs(self.found.model, self.way, torch.cat([a, b]), *rows)

    def _score_pixels(
        self,
        a: NDArray[np.uint8],
        b: NDArray[np.uint8],
        left: NDArray[np.int64],
        right: NDArray[np.int64],
    ) -> NDArray[np.float64]:
        """Of a model that must see both images: each reference with all its probes at once."""
        model, device = self.found.model, self.context.device
        out = np.empty(len(left))
        with torch.inference_mode():
            for row in np.unique(left):
                pairs = np.flatnonzero(left == row)
                reference = to_input(a[row : row + 1], model, device)
                for start in range(0, len(pairs), AT_ONCE):
                    part = pairs[start : start + AT_ONCE]
                    found = resolved(model).similarity(
                        reference, to_input(b[right[part]], model, device)
                    )
                    found = as_tensor(found, "similarity", [len(part), 1], device)
                    out[part] = finite(found)[:, 0].double().cpu().numpy()
        return out
