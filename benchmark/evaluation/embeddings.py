"""Every item through the network once: from stored bytes to one matrix of embeddings."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from benchmark.datasets.data_set import DataSet, Family, release
from benchmark.errors import ModelFailed
from benchmark.evaluation.folding import channels_last, folded, folds
from benchmark.evaluation.memory import SMALLER, free, ran_out
from benchmark.evaluation.order import permutation
from benchmark.evaluation.tensors import as_tensor
from benchmark.evaluation.views import check, view
from benchmark.models.model import resolved

log = logging.getLogger(__name__)
BATCH_VALUES = 1 << 22  # input values a batch: bounds memory whatever the item's size
# Images on a processor: the maps of a batch then stay in its caches, which is three times as fast
# as a batch of 200 photographs of 84x84.
BATCH_PIXELS = 1 << 16
CHECKED = 1 << 22  # values of embeddings that are checked at once
NearCopies = Literal["levels", "mixtures"]
READ_VALUES = 1 << 23  # of images read at once: bounds memory whatever their number
# ITU-R BT.601 luma in 1/256, so that grey values are whole numbers on every machine.
LUMA = np.array([77, 150, 29], dtype=np.uint16)


def pixels_for(model: object, data: DataSet) -> NDArray[np.generic]:
    """The items as the model wants them: uint8 [n, c, side, side], or see `DataSet.inputs`.

    Grey images are repeated to three channels, coloured ones reduced to luma, as the model's
    `channels` says.
    """
    size = resolved(model).input_size
    if data.kind != "image":
        return data.inputs(size)
    images = data.images(size)
    channels = resolved(model).channels or data.channels
    if channels == data.channels:
        return images
    if channels == 3:
        return np.repeat(images, 3, axis=1)
    grey = (images * LUMA[None, :, None, None]).sum(axis=1, dtype=np.uint16) >> 8
    return np.asarray(grey[:, None], dtype=np.uint8)


def to_input(items: NDArray[np.generic], model: object, device: str) -> Tensor:
    """float32 on the device: images scaled to [0, 1], then normalised as the model declares."""
    return normalised(scaled(items, device), model)


def scaled(items: NDArray[np.generic], device: str) -> Tensor:
    """float32 on the device: images in [0, 1]; vectors as they are.

    The tensor has memory of its own: a view would show a model where its items lie among the
    others, and what lies beside them.
    """
    tensor = torch.from_numpy(np.array(items, order="C")).to(device)
    return tensor.float().div_(255) if tensor.dtype == torch.uint8 else tensor


def normalised(tensor: Tensor, model: object) -> Tensor:
    """Images [n, c, h, w] minus the mean and over the deviation that the model declares, if any."""
    mean_std = resolved(model).normalise
    if mean_std is None:
        return tensor
    mean, std = (torch.tensor(v, device=tensor.device).view(1, -1, 1, 1) for v in mean_std)
    return (tensor - mean) / std


def _batch_size(shape: tuple[int, ...], device: str, part: int = 1) -> int:
    """Items of a batch; an embedding in float32 does not depend on it. `part` divides the usual."""
    size = min(512, max(1, BATCH_VALUES // max(1, math.prod(shape[1:]))))
    if device == "cpu" and len(shape) == 4:
        size = min(size, max(1, BATCH_PIXELS // (shape[2] * shape[3])))
    return max(1, size // part)


def batch_size(model: object, data: DataSet, device: str) -> int:
    """How many items of `data` (not empty) the model is given at once."""
    return _batch_size(pixels_for(model, data.take(np.arange(1))).shape, device)


def embed(
    model: object,
    data: DataSet,
    device: str = "cpu",
    views: int = 1,
    dtype: str = "float32",
    quick: bool = True,
) -> Tensor:
    """float32 [n, e] on `device`: the embedding of each item of `data`, each computed once.

    The model sees the items in a pinned random order (`benchmark.evaluation.order`).

    With several `views` it is the mean over the item's views, each brought to length one first
    where the model declares the cosine. Where memory runs out it begins again, once, with smaller
    batches.

    Args:
        model: an embedder on `device`, in evaluation mode.
        data: the items; images are read a part at a time.
        device: where the model computes.
        views: of each item.
        dtype: "float32", or "bfloat16" or "float16" for autocast to it.
        quick: looks for a faster form of the network first (`benchmark.evaluation.folding`), which
            costs two small batches.

    Raises:
        ModelFailed: if the model gives another number of rows, or values that are not finite.
        Refused: several views of items that are no images.
    """
    check(data.family, views)
    try:
        out = _embedded(model, data, device, views, dtype, quick)
    except (MemoryError, RuntimeError) as error:
        if not ran_out(error):
            raise
        free()
        log.warning("Memory ran out; embedding begins again with batches of an eighth.")
        out = _embedded(model, data, device, views, dtype, quick, SMALLER)
    bad = sum(
        int((~torch.isfinite(part)).any(dim=1).sum())
        for part in torch.split(out, max(1, CHECKED // max(1, out.shape[1])))
    )
    if bad:
        raise ModelFailed(f"{bad} of {len(out)} embeddings have values that are not finite.")
    return out


def near_copies(items: NDArray[np.generic]) -> NDArray[np.generic]:
    """Items that look the same and of which every pixel differs, by two of 255 levels."""
    if items.dtype == np.uint8:
        levels = items.astype(np.int16)
        return np.where(levels >= 2, levels - 2, levels + 2).astype(np.uint8)
    values: NDArray[np.generic] = (items.astype(np.float64) * (1 - 1 / 128)).astype(items.dtype)
    return values


def mixtures(items: NDArray[np.generic], others: NDArray[np.generic]) -> NDArray[np.generic]:
    """Items [k, ...] with a sixteenth of `others` (of the same shape) in each.

    An affine map moves them by a sixteenth of the distance to the other item's embedding, whatever
    the origin and the scale of the values.
    """
    mixed = items.astype(np.float64)
    mixed += (others.astype(np.float64) - mixed) / 16
    return (mixed if items.dtype.kind == "f" else np.rint(mixed)).astype(items.dtype)


def embed_groups(
    model: object,
    data: DataSet,
    groups: Sequence[NDArray[np.int64]],
    device: str = "cpu",
    views: int = 1,
    dtype: str = "float32",
    near: NearCopies | None = None,
) -> list[Tensor]:
    """Embeddings [k, e] of each group of items (int64 [k]), each group in a batch of its own.

    The arguments are those of `embed`; `near` embeds nearly the same items instead: `near_copies`,
    or `mixtures` with the items of the batch one place further.
    """

    def pixels_of(group: NDArray[np.int64], before: NDArray[np.int64]) -> NDArray[np.generic]:
        pixels = pixels_for(model, data.take(group))
        if near == "levels":
            return near_copies(pixels)
        if near == "mixtures":
            others = np.roll(pixels, 1, axis=0)
            if len(group) == 1:
                others = pixels_for(model, data.take(before[:1]))
            return mixtures(pixels, others)
        return pixels

    before = [*groups[-1:], *groups[:-1]]
    parts = ((group, pixels_of(group, other)) for group, other in zip(groups, before, strict=True))
    with torch.inference_mode():
        found = rows_of(model, parts, data.family, device, views, dtype, True)
        return [rows for _, rows in found]


def _embedded(
    model: object,
    data: DataSet,
    device: str,
    views: int,
    dtype: str,
    quick: bool,
    part: int = 1,
) -> Tensor:
    """float32 [n, e]: the embedding of each item, `part` dividing the usual batch."""
    out: Tensor | None = None
    with torch.inference_mode():
        parts = _parts(model, data, device, part)
        for items, rows in rows_of(model, parts, data.family, device, views, dtype, quick):
            if out is None:
                out = torch.empty((len(data), rows.shape[1]), dtype=torch.float32, device=device)
            out[torch.from_numpy(items).to(out.device)] = rows.float()
    assert out is not None
    return out


def rows_of(
    model: object,
    batches: Iterator[tuple[NDArray[np.int64], NDArray[np.generic]]],
    family: Family,
    device: str,
    views: int,
    dtype: str,
    quick: bool,
) -> Iterator[tuple[NDArray[np.int64], Tensor]]:
    """(numbers of the items, their embeddings [k, e]) of each batch of items from `pixels_for`."""
    elsewhere = resolved(model).embeds_elsewhere
    if elsewhere is not None:
        yield from elsewhere(batches, family, device, views, dtype, quick)
        return
    with ExitStack() as stack:
        fast: bool | None = None
        for items, stored in batches:
            batch = scaled(stored, device)
            if fast is None:
                # Looked at in float32, where forms differ by less than low precision rounds.
                fast = quick and folds(model, normalised(batch, model))
                if fast:
                    stack.enter_context(folded(model))
                if dtype != "float32":
                    place = torch.device(device).type
                    stack.enter_context(torch.autocast(place, getattr(torch, dtype)))
            yield items, _averaged(model, batch, family, views, fast)


def _parts(
    model: object, data: DataSet, device: str, part: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.generic]]]:
    """(numbers of the items, the items) of each batch, in a pinned random order.

    Of images a bounded number is read at once.
    """
    step = len(data)
    if data.kind == "image":
        side = resolved(model).input_size or data.side
        step = max(1, READ_VALUES // (data.channels * max(side, data.side) ** 2))
    for read in _reads(data, step):
        items = pixels_for(model, data.take(read))
        size = _batch_size(items.shape, device, part)
        for start in range(0, len(items), size):
            yield read[start : start + size], items[start : start + size]
        release(data.stored)


def _reads(data: DataSet, step: int) -> Iterator[NDArray[np.int64]]:
    """Numbers of the items that are read together, about `step` each, in random order.

    Turned copies of an image are read together, so that it is resampled once.
    """
    order = permutation(len(data), data.digest)
    if data.turns is not None and step < len(data):
        _, first, of = np.unique(data.rows[order], return_index=True, return_inverse=True)
        order = order[np.argsort(first[of], kind="stable")]
    for start in range(0, len(data), step):
        read = order[start : start + step]
        if data.turns is not None:
            read = read[permutation(len(read), f"{data.digest}/{start}")]
        yield read


def _averaged(model: object, batch: Tensor, family: Family, views: int, fast: bool) -> Tensor:
    """The mean embedding [n, e] over the views of a batch in [0, 1]."""
    unit = views > 1 and resolved(model).geometry == "cosine"
    total = None
    for number in range(views):
        rows = _rows(model, view(batch, family, number), fast)
        rows = functional.normalize(rows, dim=1) if unit else rows
        total = rows if total is None else total + rows
    assert total is not None
    return total / views if views > 1 else total


def _rows(model: object, batch: Tensor, fast: bool) -> Tensor:
    """The model's embeddings [n, e] of a batch in [0, 1], their shape checked."""
    batch = normalised(batch, model)
    rows = resolved(model).embed(channels_last(batch) if fast else batch)
    return as_tensor(rows, "embed", [len(batch), "width"], batch.device)
