"""Every item through the network once: from stored bytes to one matrix of embeddings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.datasets.data_set import DataSet
from benchmark.errors import ModelFailed

BATCH_VALUES = 1 << 22  # input values (pixels) a batch: bounds memory whatever the image size
# ITU-R BT.601 luma in 1/256, so that grey values are whole numbers on every machine.
LUMA = np.array([77, 150, 29], dtype=np.uint16)


def pixels_for(model: Any, data: DataSet) -> NDArray[np.generic]:
    """The items as the model wants them: uint8 [n, c, side, side], or what vectors are stored as.

    Grey images are repeated to three channels, coloured ones reduced to luma, as the model's
    `channels` says.
    """
    if data.kind != "image":
        return np.asarray(data.stored[data.rows])
    images = data.images(getattr(model, "input_size", None))
    channels = getattr(model, "channels", None) or data.channels
    if channels == data.channels:
        return images
    if channels == 3:
        return np.repeat(images, 3, axis=1)
    grey = (images * LUMA[None, :, None, None]).sum(axis=1, dtype=np.uint16) >> 8
    return np.asarray(grey[:, None], dtype=np.uint8)


def to_input(items: NDArray[np.generic], model: Any, device: str) -> Tensor:
    """float32 on the device: images scaled to [0, 1], then normalised as the model declares."""
    tensor = torch.from_numpy(np.ascontiguousarray(items)).to(device)
    if tensor.dtype == torch.uint8:
        tensor = tensor.float().div_(255)
    mean_std = getattr(model, "normalise", None)
    if mean_std is not None:
        mean, std = (torch.tensor(v, device=device).view(1, -1, 1, 1) for v in mean_std)
        tensor = (tensor - mean) / std
    return tensor


def batches(items: NDArray[np.generic], model: Any, device: str) -> Iterator[tuple[int, Tensor]]:
    """(first row, float32 batch) over all items."""
    size = max(1, BATCH_VALUES // max(1, items[0].size))
    size = min(size, 512)
    for start in range(0, len(items), size):
        yield start, to_input(items[start : start + size], model, device)


def embed(model: Any, data: DataSet, device: str = "cpu") -> Tensor:
    """float32 [n, e] on `device`: the embedding of each item of `data`, each computed once.

    Raises:
        ModelFailed: if the model gives another number of rows, or values that are not finite.
    """
    items = pixels_for(model, data)
    out: Tensor | None = None
    with torch.inference_mode():
        for start, batch in batches(items, model, device):
            rows = model.embed(batch)
            if rows.ndim != 2 or len(rows) != len(batch):
                raise ModelFailed(
                    f"embed gave shape {list(rows.shape)} for {len(batch)} items; "
                    f"expected [{len(batch)}, width]."
                )
            if out is None:
                out = torch.empty((len(items), rows.shape[1]), dtype=torch.float32, device=device)
            out[start : start + len(rows)] = rows
    assert out is not None
    if not torch.isfinite(out).all():
        bad = int((~torch.isfinite(out)).any(dim=1).sum())
        raise ModelFailed(f"{bad} of {len(out)} embeddings have values that are not finite.")
    return out
