"""The size of a network, measured by sending a blank image through it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
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
    """Numbers per image that `network` gives for images of [channels, side, side]."""
    training = network.training
    network.eval()  # a blank image must not move the running means of batch norm
    try:
        with torch.no_grad():
            device = next((p.device for p in network.parameters()), None)
            out = network(torch.zeros(2, channels, side, side, device=device))
    finally:
        network.train(training)
    return int(out.flatten(1).shape[1])


def multiply_adds(network: nn.Module, channels: int, side: int) -> int:
    """Multiplications with additions for one image in convolutions and matrix products.

    Normalisation, activations and biases do not count, as is usual. A network on the meta device
    costs nothing to count.
    """
    device = next(network.parameters()).device
    training = network.training
    network.eval()
    try:
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            network(torch.zeros(1, channels, side, side, device=device))
    finally:
        network.train(training)
    return int(counter.get_total_flops()) // 2  # PyTorch counts the two operations apart
