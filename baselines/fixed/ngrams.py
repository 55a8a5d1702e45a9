"""Texts compared by the cosine of their hashed character n-grams; nothing is learned.

Cavnar, Trenkle: N-Gram-Based Text Categorization. SDAIR 1994.

Idea: two texts are as alike as the characters, pairs and triples of characters in them. Languages
differ in these so much that counting is a strong start.

Differences: the cosine of counts instead of the paper's out-of-place measure of ranks; n-grams of
one to three characters instead of one to five, hashed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from baselines.distance import with_distance
from baselines.ngrams import hashed_ngrams
from baselines.settings import derived, with_settings
from benchmark.errors import OneshotError, Refused
from benchmark.protocols import TrackInfo


@dataclass(frozen=True)
class NgramsRecipe:
    """How texts are described and compared."""

    distance: str = "cosine"
    distance_code: str = derived("", optional=True)  # hash of a user's file
    input_size: int = 64  # letters; what is longer is cut
    buckets: int = 4096


class Ngrams:
    """Counts of hashed n-grams as an embedding; needs no seed.

    Raises:
        Refused: the track holds no texts.
        OneshotError: `buckets` is no power of two.
    """

    def __init__(
        self, seed: int = 0, track: TrackInfo | None = None, budget: str = "quick", **settings: Any
    ) -> None:
        if track is not None and track.family != "text":
            raise Refused(
                f"N-grams describe texts; the track '{track.name}' holds {track.family}s."
            )
        recipe = self.recipe = with_settings(NgramsRecipe(), settings)
        if recipe.buckets < 2 or recipe.buckets & (recipe.buckets - 1):
            raise OneshotError(f"The setting buckets={recipe.buckets} is no power of two.")
        if recipe.input_size < 1:
            raise OneshotError("The setting input_size must be at least 1.")
        self.recipe, self.input_size = with_distance(self, recipe), recipe.input_size

    def embed(self, items: Tensor) -> Tensor:
        """int32 [n, l] code points -> float32 [n, buckets]."""
        return hashed_ngrams(items, self.recipe.buckets)
