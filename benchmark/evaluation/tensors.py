"""What a model's methods return, as tensors: NumPy arrays and lists are taken, shapes checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmark.errors import ModelFailed


def as_tensor(
    value: Any, method: str, shape: Sequence[int | str], device: torch.device | str | None = None
) -> Tensor:
    """A tensor of real numbers, without a gradient, on the device.

    Args:
        value: a tensor of any numeric type on any device, a NumPy array, or a list of one of these
            or of numbers.
        method: that returned it, for messages.
        shape: expected; a text stands for any size and is its name in messages.
        device: None leaves a tensor where it is.

    Raises:
        ModelFailed: it is something else, holds something else, or has another shape.
    """
    expected = f"expected [{', '.join(map(str, shape))}]"
    found = value.detach() if isinstance(value, Tensor) else _converted(value, method, expected)
    if found.is_complex() or found.layout != torch.strided or found.is_quantized:
        kind = "complex numbers" if found.is_complex() else "a sparse or quantised tensor"
        raise ModelFailed(f"{method} gave {kind}; {expected}.")
    fits = found.ndim == len(shape) and all(
        isinstance(want, str) or want == size for want, size in zip(shape, found.shape, strict=True)
    )
    if not fits:
        raise ModelFailed(f"{method} gave shape {list(found.shape)}; {expected}.")
    found = found if found.is_floating_point() else found.float()
    return found if device is None else found.to(device)


def _converted(value: Any, method: str, expected: str) -> Tensor:
    """A NumPy array or a list as a tensor."""
    kind = type(value).__name__
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "fiub":
            raise ModelFailed(f"{method} gave a NumPy array of {value.dtype}; {expected}.")
        return torch.from_numpy(np.array(value, dtype=np.float32))
    if isinstance(value, list):
        try:
            return torch.stack([torch.as_tensor(each).detach() for each in value])
        except (TypeError, ValueError, RuntimeError):
            raise ModelFailed(
                f"{method} gave a list that is not rows of one length; {expected}."
            ) from None
    inside = ""
    if isinstance(value, tuple):
        inside = f" of {len(value)} ({', '.join(type(each).__name__ for each in value)})"
    raise ModelFailed(f"{method} gave {kind}{inside}, not a tensor; {expected}.")
