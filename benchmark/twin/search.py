"""A folder of images, each embedded once, and the ones most alike to a query."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
import torch
from torch import Tensor

from benchmark.datasets.own.bad import Bad
from benchmark.datasets.own.decode import Trouble
from benchmark.datasets.own.folders import walk
from benchmark.datasets.own.options import OnBad
from benchmark.errors import DataMissing, OneshotError, UnknownName
from benchmark.twin.pictures import OneImage, read, shown
from benchmark.twin.twin import Report, Twin

BLOCK = 512  # images decoded before they are embedded: bounds memory


@dataclass(frozen=True)
class Hit:
    """One image of the folder.

    Attributes:
        rank: from 1.
        name: its path below the folder, with forward slashes.
        similarity: on the model's own scale; higher is more alike.
        probability: that it is of the query's class, see `Twin.probability`; None where the data
            to calibrate on are not there.
        same: the decision at the validation threshold, None likewise.
    """

    rank: int
    name: str
    similarity: float
    probability: float | None
    same: bool | None


@dataclass(frozen=True, eq=False)
class Gallery:
    """The images of a folder as a twin sees them.

    Attributes:
        twin: whose embeddings these are.
        root: the folder.
        names: the images' paths below it, sorted.
        encoded: what the twin keeps of each, by row.
        notes: what was left out, one line each.
    """

    twin: Twin
    root: Path
    names: tuple[str, ...]
    encoded: Tensor
    notes: tuple[str, ...] = ()

    def search(self, query: OneImage, top: int | None = None) -> list[Hit]:
        """The images most alike to the query, the most alike first, ties by name.

        A query that lies in the folder itself is no hit.

        Args:
            query: an image, see `Twin`.
            top: how many; None for all.

        Raises:
            OneshotError: the query cannot be used, or there is nothing but the query.
        """
        asked = self.twin.encode(shown(query, self.twin.form))
        rows = np.arange(len(self.names))
        if isinstance(query, str | Path):
            itself = Path(query).expanduser().resolve()
            rows = np.array(
                [n for n in rows if (self.root / self.names[n]).resolve() != itself], dtype=np.int64
            )
        if not len(rows):
            raise OneshotError(f"{self.root} holds no image but the query.")
        scores = self.twin.score(asked, self.encoded[torch.from_numpy(rows).to(asked.device)])
        order = np.argsort(-scores, kind="stable")[:top]
        try:
            fitted = self.twin.calibration
        except DataMissing:
            fitted = None
        if fitted is not None and not fitted.fitted:
            fitted = None
        chances = None if fitted is None else fitted.probability(scores[order])
        decided = None if fitted is None else fitted.same(scores[order])
        return [
            Hit(
                place + 1,
                self.names[rows[n]],
                float(scores[n]),
                None if chances is None else float(chances[place]),
                None if decided is None else bool(decided[place]),
            )
            for place, n in enumerate(order)
        ]


def gallery(
    twin: Twin, folder: str | Path, on_bad: OnBad = "skip", report: Report | None = None
) -> Gallery:
    """Embeds every image below a folder, block by block.

    Args:
        twin: the model.
        folder: searched with all folders below it; links out of it are not followed.
        on_bad: whether an image that cannot be read is left out and noted, or ends the work.
        report: called with (what is done, images done, images in all).

    Raises:
        UnknownName: for another `on_bad`.
        OneshotError: there is no such folder or no image in it, or for bad images that are not to
            be left out.
    """
    if on_bad not in get_args(OnBad):
        raise UnknownName("choice for --on-bad", on_bad, list(get_args(OnBad)))
    root, bad = Path(folder).expanduser(), Bad()
    if not root.is_dir():
        raise OneshotError(f"There is no folder {folder}.", "Give a folder of images.")
    names = sorted(walk(root, bad))
    if not names:
        bad.settle(on_bad)
        raise OneshotError(f"There is no image under {folder}.", "Give a folder of images.")
    kept: list[str] = []
    encoded: list[Tensor] = []
    for start in range(0, len(names), BLOCK):
        block = names[start : start + BLOCK]
        found = read([root / name for name in block], twin.form)
        good = []
        for name, image in zip(block, found, strict=True):
            if isinstance(image, Trouble):
                bad.add(name, image.reason)
            else:
                good.append(image)
                kept.append(name)
        if good:
            encoded.append(twin.encode(twin.form.data_set(np.stack(good))))
        if report:
            report("embedding the images", start + len(block), len(names))
    notes = bad.settle(on_bad)
    if not kept:
        raise OneshotError(f"None of the {len(names)} images under {folder} can be read.")
    return Gallery(twin, root, tuple(kept), torch.cat(encoded), notes)
