"""Trained weights as bytes: rounded to half precision, so that what is judged is what is kept.

The matrices and filters of a trained model are rounded to float16 before anything is answered with
it, and computed with in float32. Their files take half the space, and a committed one gives the
very answers of its record. Vectors (biases, gains, running statistics) stay in float32: they are
small, and variances may lie outside the range of float16.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from benchmark.errors import OneshotError
from benchmark.files import NOT_AS_WRITTEN, inside
from benchmark.models.model import resolved
from benchmark.records.store import write_bytes
from benchmark.records.weight_files import MOST_BYTES, committed, digest, path_of

__all__ = [
    "MOST_BYTES", "commit", "committed", "digest", "half", "path_of", "put", "round_to_half",
    "to_bytes",
]  # fmt: skip


def half(tensor: Tensor) -> Tensor:
    """The tensor as it is kept: float16 for floating matrices and more axes that stay finite."""
    if not tensor.is_floating_point() or tensor.ndim < 2:
        return tensor
    small = tensor.to(torch.float16)
    return small if bool(torch.isfinite(small).all()) else tensor


def round_to_half(model: object) -> None:
    """Rounds the model's weights in place to what `to_bytes` keeps; their dtypes stay."""
    state = resolved(model).state_dict()
    with torch.no_grad():
        for tensor in state.values():
            tensor.copy_(half(tensor))
    if resolved(model).embeds_elsewhere is not None:  # copies of what another process holds
        resolved(model).load_state_dict(state)


def to_bytes(model: object, seen: str) -> bytes:
    """The model's weights as a safetensors file.

    Args:
        model: has `state_dict`.
        seen: what they were learned from, kept inside the file and going wherever it goes.
    """
    from safetensors.torch import save

    weights = resolved(model).state_dict()
    state = {k: half(v.detach().cpu()).contiguous().clone() for k, v in weights.items()}
    return save(state, metadata={"seen": seen})


def put(model: object, data: bytes) -> None:
    """Puts weights from `to_bytes` into the model.

    Raises:
        OneshotError: they are damaged, or of another model.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        resolved(model).load_state_dict(load(data))
    except (SafetensorError, RuntimeError, *NOT_AS_WRITTEN) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[-1].strip()
        raise OneshotError(f"The weights do not fit the model: {reason.rstrip('.')}.") from error


def commit(results: Path, data: bytes) -> Path:
    """Writes a file of weights beside the records that were measured with it.

    Raises:
        OneshotError: it cannot be written.
    """
    path = inside(results, path_of(results, digest(data)))
    write_bytes(path, data)
    return path
