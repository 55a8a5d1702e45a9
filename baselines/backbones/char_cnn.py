"""A convolutional network over the characters of short texts; 0.24 million parameters.

Zhang, Zhao, LeCun: Character-level Convolutional Networks for Text Classification. NIPS 2015, made
small for names and words.

Differences: three convolutions of 128 filters instead of six of 256 and two fully connected layers;
no pooling but the maximum and the mean over all positions, so that a text may have any length and
what is typical of it counts beside what is striking; batch norm; any character of Unicode instead
of seventy, as the sum of the embeddings of its letter, of its marks and of being a capital, which
rare characters share; the text's start and end are characters too.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.backbones._layers import scaled
from baselines.backbones._unicode import KNOWN, decompositions

TITLE = "Char-CNN"
# A prime: the characters of one script never meet, and scripts are shifted against each other.
EMBEDDINGS = 4093
NUMBERS = 32  # of an embedding
FILTERS = 128
CONVOLUTIONS = 3
SIZE = 3  # three in a row see seven characters, as the paper's first convolution
START, END, CAPITAL = 1, 2, 3  # control characters, which no name contains


class CharCnn(nn.Module):
    """Texts of any length -> the maximum and the mean over positions: 256 numbers.

    The numbers do not depend on how much padding follows a text: all texts of a batch are laid end
    to end with a gap between them, and padding is never computed.

    Args:
        channels: unused: a text has none.
        side: characters of a text (unused: the network is fully convolutional).
        width: factor on the numbers of an embedding and on the filters.
    """

    family = "text"
    smallest = 1
    parts: Tensor

    def __init__(self, channels: int, side: int, width: float = 1.0) -> None:
        super().__init__()
        inputs, filters = scaled(NUMBERS, width), scaled(FILTERS, width)
        self.register_buffer("parts", torch.from_numpy(decompositions()), persistent=False)
        self.characters = nn.Embedding(1 + EMBEDDINGS, inputs, padding_idx=0)
        self.blocks = nn.ModuleList()
        for _ in range(CONVOLUTIONS):
            convolution = nn.Conv1d(inputs, filters, SIZE, padding=SIZE // 2, bias=False)
            self.blocks.append(nn.Sequential(convolution, nn.BatchNorm1d(filters), nn.ReLU()))
            inputs = filters

    def forward(self, texts: Tensor) -> Tensor:
        """Code points [n, t], int64 or float32, 0 for padding -> float32 [n, e], non-negative."""
        framed, kept = _framed(texts.long())
        points = framed[kept]  # [p], texts end to end with a gap behind each
        written = points > 0
        packed = self._embedded(points).T[None]  # [1, numbers, p]
        for block in self.blocks:
            # Batch norm moves the zeros of the gaps, and the next convolution would see them.
            packed = block(packed) * written
        maps = packed.new_zeros(*kept.shape, packed.shape[1])  # [n, t + 3, filters]
        maps[kept] = packed[0].T
        mean = maps.sum(dim=1) / (framed > 0).sum(dim=1, keepdim=True)
        # Of numbers >= 0: gaps never win.
        embeddings: Tensor = torch.cat([maps.amax(dim=1), mean], dim=1)
        return embeddings

    def _embedded(self, points: Tensor) -> Tensor:
        """Code points [p] -> float32 [p, numbers]; zeros for 0."""
        apart = self.parts[points.clamp(max=KNOWN - 1)]  # [p, 4]
        letter = torch.where(points < KNOWN, apart[:, 0], points)
        parts = torch.cat([letter[:, None], apart[:, 1:3], CAPITAL * apart[:, 3:]], dim=1)
        rows = torch.where(parts > 0, 1 + parts % EMBEDDINGS, 0)
        total: Tensor = self.characters(rows).sum(dim=1)
        return total


def _framed(points: Tensor) -> tuple[Tensor, Tensor]:
    """Texts [n, t] with start and end, int64 [n, t + 3], and bool [n, t + 3]: these and a gap."""
    framed = functional.pad(points, (1, 1 + SIZE // 2))
    framed[:, 0] = START
    ends = 1 + (points > 0).sum(dim=1, keepdim=True)
    framed.scatter_(1, ends, END)
    places = torch.arange(framed.shape[1], device=points.device)
    return framed, places <= ends + SIZE // 2
