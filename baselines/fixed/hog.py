"""Histograms of oriented gradients, compared by the cosine; on scikit-image.

Dalal, Triggs: Histograms of Oriented Gradients for Human Detection. CVPR 2005.

Idea: describes an image by how often edges of each direction occur in each of its cells, which
changes little when strokes move a little. The classical feature before networks were learned.

Differences: images of one size as a whole instead of sliding windows; no Gaussian window over a
block. scikit-image takes one image at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from baselines.distance import with_distance
from baselines.settings import derived, with_settings
from benchmark.errors import OneshotError, Refused
from benchmark.protocols import TrackInfo


@dataclass(frozen=True)
class HogRecipe:
    """The descriptor's numbers; those of the paper unless said otherwise."""

    distance: str = "cosine"
    distance_code: str = derived("", optional=True)  # hash of a user's file
    input_size: int = 64  # side in pixels, as wide as the paper's windows
    orientations: int = 9  # of half a turn
    cell: int = 8  # side in pixels
    block: int = 2  # side in cells


class Hog:
    """Gradients of overlapping blocks of cells; needs no seed.

    Raises:
        OneshotError: scikit-image is missing, or the image is smaller than a block.
        Refused: the track holds no images.
    """

    def __init__(
        self, seed: int = 0, track: TrackInfo | None = None, budget: str = "quick", **settings: Any
    ) -> None:
        if track is not None and track.family not in ("character", "photograph"):
            raise Refused(f"HOG describes images; the track '{track.name}' holds {track.family}s.")
        _skimage()
        recipe = self.recipe = with_settings(HogRecipe(), settings)
        if min(recipe.orientations, recipe.cell, recipe.block) < 1:
            raise OneshotError("The settings orientations, cell and block must be at least 1.")
        if recipe.input_size < recipe.cell * recipe.block:
            raise OneshotError(
                f"A block of {recipe.block}x{recipe.block} cells of {recipe.cell} pixels does not "
                f"fit into {recipe.input_size} pixels.",
                "Try a smaller --set cell=N.",
            )
        self.recipe, self.input_size = with_distance(self, recipe), recipe.input_size

    def embed(self, items: Tensor) -> Tensor:
        """float32 [n, c, h, w] -> float32 [n, e], each block of length 1 or 0."""
        hog, recipe = _skimage(), self.recipe
        rows = [
            hog(
                image,
                orientations=recipe.orientations,
                pixels_per_cell=(recipe.cell, recipe.cell),
                cells_per_block=(recipe.block, recipe.block),
                block_norm="L2-Hys",
                channel_axis=0,  # of several colours the steepest counts
            )
            for image in items.cpu().numpy()
        ]
        return torch.from_numpy(np.stack(rows)).float().to(items.device)


def _skimage() -> Any:
    try:
        from skimage.feature import hog
    except ImportError:
        install = "Type: pip install 'oneshot-benchmark[classical]'"
        raise Refused("HOG needs scikit-image.", install) from None
    return hog
