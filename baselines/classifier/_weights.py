"""The last layer of a classifier: one row of weights for each training class."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.late import LateWeights
from baselines.randomness import keyed


class ClassWeights(LateWeights):
    """Logits of the training classes; there are no weights before `prepare` or loading them.

    Args:
        kind: "linear" (inner product plus bias) or "cosine" (Chen et al. 2019, section 3.2).
        scale: of the cosine's logits.
    """

    late = ("weight", "bias")

    def __init__(self, kind: Literal["linear", "cosine"], scale: float) -> None:
        super().__init__()
        self.kind, self.scale = kind, scale
        self.weight = nn.Parameter(torch.empty(0, 0))  # [classes, e]
        self.bias = nn.Parameter(torch.empty(0))  # [classes]; stays empty under the cosine

    def prepare(self, classes: int, embedding: int, seed: int) -> None:
        """Draws the weights as `nn.Linear` does: uniform within 1 / sqrt(e) either way."""
        draw = torch.Generator().manual_seed(keyed(seed, 0, "classifier"))
        bound = 1 / math.sqrt(embedding)

        def uniform(*shape: int) -> nn.Parameter:
            return nn.Parameter((2 * torch.rand(*shape, generator=draw) - 1) * bound)

        self.weight = uniform(classes, embedding)
        self.bias = uniform(classes if self.kind == "linear" else 0)

    def forward(self, embeddings: Tensor) -> Tensor:
        """Embeddings float [n, e] -> logits [n, classes]."""
        if self.kind == "linear":
            return functional.linear(embeddings, self.weight, self.bias)
        own = functional.normalize(embeddings, dim=1)
        return self.scale * own @ functional.normalize(self.weight, dim=1).T
