"""The size of a network, measured by sending a blank image or text through it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode


@dataclass(frozen=True)
class Measure:
    """Size of a network: trainable numbers, and numbers it gives per image."""

    parameters: int
    output_width: int


def describe(network: nn.Module, channels: int, side: int) -> Measure:
    """Counts the parameters of a network and the width of its output for images of one size."""
    parameters = sum(p.numel() for p in network.parameters())
    return Measure(parameters, output_width(network, channels, side))


def output_width(network: nn.Module, channels: int, side: int) -> int:
    """Numbers that `network` gives for an image [channels, side, side] or a text [side]."""
    training = network.training
    network.eval()  # a blank image must not move the running means of batch norm
    try:
        with torch.no_grad():
            out = network(blank(network, 2, channels, side))
    finally:
        network.train(training)
    return int(out.flatten(1).shape[1])


def last_map(network: nn.Module, channels: int, side: int) -> tuple[int, int, int] | None:
    """(channels, height, width) of the map that is the embedding when flattened; None for none."""
    found: list[Tensor] = []

    def keep(module: nn.Module, inputs: Any, output: Any) -> None:
        if isinstance(output, Tensor) and output.ndim == 4:
            found.append(output)

    hooks = [module.register_forward_hook(keep) for module in network.modules()]
    training = network.training
    network.eval()
    try:
        with torch.no_grad():
            embeddings = network(blank(network, 2, channels, side)).flatten(1)
    finally:
        network.train(training)
        for hook in hooks:
            hook.remove()
    for output in reversed(found):
        if torch.equal(output.flatten(1), embeddings):
            _, maps, height, width = output.shape
            return maps, height, width
    return None


def blank(network: nn.Module, n: int, channels: int, side: int) -> Tensor:
    """Zeros where the network is: float32 [n, channels, side, side]; or texts of `side` letters."""
    device = next((p.device for p in network.parameters()), None)
    if getattr(network, "family", None) == "text":
        return torch.full((n, side), ord("a"), device=device)
    return torch.zeros(n, channels, side, side, device=device)


def multiply_adds(network: nn.Module, channels: int, side: int) -> int:
    """Multiplications with additions for one image or text in convolutions and matrix products.

    Normalisation, activations and biases do not count, as is usual. A network on the meta device
    costs nothing to count.
    """
    items = blank(network, 1, channels, side)
    training = network.training
    network.eval()
    try:
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            network(items)
    finally:
        network.train(training)
    return int(counter.get_total_flops()) // 2  # PyTorch counts the two operations apart
