"""A convolutional network over the characters of short texts; 0.24 million parameters.

Zhang, Zhao, LeCun: Character-level Convolutional Networks for Text Classification. NIPS 2015, made
small for names and words.

Differences: three convolutions of 128 filters instead of six of 256 and two fully connected layers;
no pooling but the maximum over all positions, so that a text may have any length; batch norm; any
character of Unicode instead of seventy, by embeddings that rare characters share.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from baselines.backbones._layers import scaled

TITLE = "Char-CNN"
# A prime: the characters of one script never meet, and scripts are shifted against each other.
EMBEDDINGS = 4093
NUMBERS = 32  # of an embedding
FILTERS = 128
CONVOLUTIONS = 3
SIZE = 3  # three in a row see seven characters, as the paper's first convolution


class CharCnn(nn.Module):
    """Texts of any length -> the maximum over positions: 128 numbers.

    The numbers do not depend on how much padding follows a text.

    Args:
        channels: unused: a text has none.
        side: characters of a text (unused: the network is fully convolutional).
        width: factor on the numbers of an embedding and on the filters.
    """

    family = "text"
    smallest = 1

    def __init__(self, channels: int, side: int, width: float = 1.0) -> None:
        super().__init__()
        inputs, filters = scaled(NUMBERS, width), scaled(FILTERS, width)
        self.characters = nn.Embedding(1 + EMBEDDINGS, inputs, padding_idx=0)
        self.blocks = nn.ModuleList()
        for _ in range(CONVOLUTIONS):
            convolution = nn.Conv1d(inputs, filters, SIZE, padding=SIZE // 2, bias=False)
            self.blocks.append(nn.Sequential(convolution, nn.BatchNorm1d(filters), nn.ReLU()))
            inputs = filters

    def forward(self, texts: Tensor) -> Tensor:
        """Code points [n, t], int64 or float32, 0 for padding -> float32 [n, e], non-negative."""
        code_points = texts.long()
        written = code_points > 0
        rows = torch.where(written, 1 + code_points % EMBEDDINGS, 0)
        maps = self.characters(rows).transpose(1, 2)  # [n, numbers, t]
        for block in self.blocks:
            # Batch norm moves the zeros of padding, and the next convolution would see them.
            maps = block(maps) * written[:, None]
        embeddings: Tensor = maps.amax(dim=2)  # of numbers >= 0: padding never wins
        return embeddings
