"""Every item through the network once: from stored bytes to one matrix of embeddings."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from benchmark.datasets.data_set import DataSet
from benchmark.errors import ModelFailed
from benchmark.evaluation.memory import SMALLER, free, ran_out
from benchmark.evaluation.views import check, view

log = logging.getLogger(__name__)
BATCH_VALUES = 1 << 22  # input values (pixels) a batch: bounds memory whatever the image size
# ITU-R BT.601 luma in 1/256, so that grey values are whole numbers on every machine.
LUMA = np.array([77, 150, 29], dtype=np.uint16)


def pixels_for(model: Any, data: DataSet) -> NDArray[np.generic]:
    """The items as the model wants them: uint8 [n, c, side, side], or see `DataSet.inputs`.

    Grey images are repeated to three channels, coloured ones reduced to luma, as the model's
    `channels` says.
    """
    size = getattr(model, "input_size", None)
    if data.kind != "image":
        return data.inputs(size)
    images = data.images(size)
    channels = getattr(model, "channels", None) or data.channels
    if channels == data.channels:
        return images
    if channels == 3:
        return np.repeat(images, 3, axis=1)
    grey = (images * LUMA[None, :, None, None]).sum(axis=1, dtype=np.uint16) >> 8
    return np.asarray(grey[:, None], dtype=np.uint8)


def to_input(items: NDArray[np.generic], model: Any, device: str) -> Tensor:
    """float32 on the device: images scaled to [0, 1], then normalised as the model declares."""
    return normalised(scaled(items, device), model)


def scaled(items: NDArray[np.generic], device: str) -> Tensor:
    """float32 on the device: images in [0, 1]; vectors as they are."""
    tensor = torch.from_numpy(np.ascontiguousarray(items)).to(device)
    return tensor.float().div_(255) if tensor.dtype == torch.uint8 else tensor


def normalised(tensor: Tensor, model: Any) -> Tensor:
    """Images [n, c, h, w] minus the mean and over the deviation that the model declares, if any."""
    mean_std = getattr(model, "normalise", None)
    if mean_std is None:
        return tensor
    mean, std = (torch.tensor(v, device=tensor.device).view(1, -1, 1, 1) for v in mean_std)
    return (tensor - mean) / std


def batches(
    items: NDArray[np.generic], device: str, size: int | None = None
) -> Iterator[tuple[int, Tensor]]:
    """(first row, float32 batch) over all items, images in [0, 1]; `size` items at most a batch."""
    size = size or batch_size(items)
    for start in range(0, len(items), size):
        yield start, scaled(items[start : start + size], device)


def batch_size(items: NDArray[np.generic]) -> int:
    """How many items go through a network at once."""
    return min(max(1, BATCH_VALUES // max(1, int(items[0].size))), 512)


def embed(model: Any, data: DataSet, device: str = "cpu", views: int = 1) -> Tensor:
    """float32 [n, e] on `device`: the embedding of each item of `data`, each computed once.

    With several `views` it is the mean over the item's views, each brought to length one first
    where the model declares the cosine.

    Where memory runs out it begins again, once, with smaller batches.

    Raises:
        ModelFailed: if the model gives another number of rows, or values that are not finite.
        Refused: several views of items that are no images.
    """
    check(data.family, views)
    items = pixels_for(model, data)
    size = batch_size(items)
    try:
        out = _all_rows(model, items, data, device, views, size)
    except (MemoryError, RuntimeError) as error:
        if not ran_out(error) or size == 1:
            raise
        free()
        size = max(1, size // SMALLER)
        log.warning("Memory ran out; embedding goes on with batches of %d items.", size)
        out = _all_rows(model, items, data, device, views, size)
    if not torch.isfinite(out).all():
        bad = int((~torch.isfinite(out)).any(dim=1).sum())
        raise ModelFailed(f"{bad} of {len(out)} embeddings have values that are not finite.")
    return out


def _all_rows(
    model: Any, items: NDArray[np.generic], data: DataSet, device: str, views: int, size: int
) -> Tensor:
    """float32 [n, e]: the embedding of each item, `size` items at a time."""
    unit = views > 1 and getattr(model, "distance", None) == "cosine"
    out: Tensor | None = None
    with torch.inference_mode():
        for start, batch in batches(items, device, size):
            rows = _rows(model, batch)
            if unit:
                rows = functional.normalize(rows, dim=1)
            for number in range(1, views):
                seen = _rows(model, view(batch, data.family, number))
                rows = rows + (functional.normalize(seen, dim=1) if unit else seen)
            if views > 1:
                rows = rows / views
            if out is None:
                out = torch.empty((len(items), rows.shape[1]), dtype=torch.float32, device=device)
            out[start : start + len(rows)] = rows
    assert out is not None
    return out


def _rows(model: Any, batch: Tensor) -> Tensor:
    """The model's embeddings [n, e] of a batch in [0, 1], their shape checked."""
    rows: Tensor = model.embed(normalised(batch, model))
    if rows.ndim != 2 or len(rows) != len(batch):
        raise ModelFailed(
            f"embed gave shape {list(rows.shape)} for {len(batch)} items; "
            f"expected [{len(batch)}, width]."
        )
    return rows
