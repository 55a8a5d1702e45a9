"""Vectors of length one, whatever their length was."""

from __future__ import annotations

import torch
from torch import Tensor

SAFE = 2.0**-40, 2.0**40  # values whose squares float32 sums without overflow or underflow
EPSILON = 1e-12  # as in torch.nn.functional.normalize


def unit(vectors: Tensor) -> Tensor:
    """Vectors [..., e] of length one; a zero vector stays zero, no other length is too small."""
    lengths = torch.linalg.vector_norm(vectors, dim=-1, keepdim=True)
    if bool(((lengths < SAFE[0]) | (lengths > SAFE[1])).any()):
        peaks = torch.linalg.vector_norm(vectors, ord=float("inf"), dim=-1, keepdim=True)
        vectors = rescaled(vectors, peaks)
        lengths = torch.linalg.vector_norm(vectors, dim=-1, keepdim=True)
    directions: Tensor = vectors / lengths.clamp_min(EPSILON)
    return directions


def rescaled(vectors: Tensor, peaks: Tensor) -> Tensor:
    """Vectors times powers of two that bring `peaks` to [0.5, 1)."""
    exponent = torch.frexp(peaks).exponent
    half = exponent // 2  # in two steps: one power alone may overflow
    scaled = torch.ldexp(torch.ldexp(vectors, -half), half - exponent)
    return scaled.to(vectors.dtype)
