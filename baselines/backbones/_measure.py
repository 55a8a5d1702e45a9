"""The size of a network, measured by sending a blank image or text through it."""

from __future__ import annotations

from dataclasses import dataclass

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


def blank(network: nn.Module, n: int, channels: int, side: int) -> Tensor:
    """Zeros where the network is: float32 [n, channels, side, side], or texts int64 [n, side]."""
    device = next((p.device for p in network.parameters()), None)
    if getattr(network, "family", None) == "text":
        return torch.zeros(n, side, dtype=torch.int64, device=device)
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
