"""A network in the form in which it embeds fastest: batch norms folded, channels last.

In evaluation mode a batch norm is a fixed factor and shift of each map, which the convolution
before it can apply itself (Jacob et al.: Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference. CVPR 2018, section 3.2). The products are the same up to
rounding; the maps are written and read once less.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

TOLERANCE = 1e-5  # of the largest coordinate: what rounding explains
PROBED = 8  # items on which both forms are compared


@contextmanager
def folded(model: Any) -> Iterator[int]:
    """Folds batch norms of a network for as long as the context lasts; tells how many.

    Only a plain convolution directly before a batch norm in a plain `nn.Sequential` is touched, and
    only where nothing hooks into either. The network has its own layers back afterwards.
    """
    replaced: list[tuple[nn.Sequential, int, nn.Module]] = []
    try:
        if isinstance(model, nn.Module):
            for layers, at in _foldable(model):
                convolution, norm = layers[at], layers[at + 1]
                replaced += [(layers, at, convolution), (layers, at + 1, norm)]
                assert isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)
                fused = fuse_conv_bn_eval(convolution, norm)
                layers[at] = fused.to(memory_format=torch.channels_last)
                layers[at + 1] = nn.Identity()
        yield len(replaced) // 2
    finally:
        for layers, at, layer in replaced:
            layers[at] = layer


def folds(model: Any, sample: Tensor) -> bool:
    """Whether the network gives the same embeddings in the faster form, up to rounding.

    Args:
        model: an embedder, in evaluation mode.
        sample: float32 [n, c, h, w] as `embed` takes it; the first few items are tried.

    Returns:
        False also where the faster form fails, as code does that reshapes maps by `view`: such a
        network is asked in its own form.
    """
    if not isinstance(model, nn.Module) or sample.ndim != 4 or next(_foldable(model), None) is None:
        return False
    own = model.embed(sample[:PROBED])  # type: ignore[operator]
    try:
        with folded(model):
            quick = model.embed(channels_last(sample[:PROBED]))  # type: ignore[operator]
    except Exception:  # whatever it is, its own form has just worked
        return False
    same = isinstance(quick, Tensor) and quick.shape == own.shape
    return same and bool((quick - own).abs().max() <= TOLERANCE * own.abs().max())


def channels_last(batch: Tensor) -> Tensor:
    """The batch with the channels of a pixel side by side, where processors compute faster so.

    Graphics processors do so only in low precision.
    """
    if batch.ndim != 4 or (batch.is_cuda and not torch.is_autocast_enabled("cuda")):
        return batch
    return batch.contiguous(memory_format=torch.channels_last)


def _foldable(model: nn.Module) -> Iterator[tuple[nn.Sequential, int]]:
    """Containers and positions of convolutions whose batch norm can be folded into them."""
    for layers in list(model.modules()):
        if type(layers) is not nn.Sequential:
            continue
        for at in range(len(layers) - 1):
            if _folds_into(layers[at], layers[at + 1]):
                yield layers, at


def _folds_into(layer: nn.Module, norm: nn.Module) -> bool:
    if type(layer) is not nn.Conv2d or type(norm) is not nn.BatchNorm2d:
        return False
    if norm.training or norm.running_mean is None:
        return False
    return not any(
        hooks
        for module in (layer, norm)
        for hooks in (module._forward_hooks, module._forward_pre_hooks)
    )
