"""ViT-Tiny: a vision transformer of 12 layers and 192 numbers a patch; 5.4 million parameters.

Dosovitskiy et al.: An Image is Worth 16x16 Words. ICLR 2021, in the size "Ti" of Touvron, Cord,
Douze, Massa, Sablayrolles, Jegou: Training Data-efficient Image Transformers. ICML 2021, table 1.

Differences: patches of 4 pixels up to 48x48 (as Lee, Lee, Song: Vision Transformer for Small-Size
Datasets. 2021, on 32x32) and about 12x12 patches of larger images, instead of 16 pixels of 224x224;
the embedding is the mean over patches instead of a class token (Beyer, Zhai, Kolesnikov: Better
Plain ViT Baselines for ImageNet-1k. 2022); no dropout.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

TITLE = "ViT-Tiny"
LAYERS = 12
HEADS = 3
HEAD = 64  # numbers of a head: 3 * 64 = 192
EXPANSION = 4  # hidden units of the perceptron per number
SPREAD = 0.02  # standard deviation of weights and positions at the start (Touvron et al.)
SMALLEST_PATCH = 4
GRID = 12  # patches along a side of larger images


class Layer(nn.Module):
    """Self-attention and a perceptron, each on normalised inputs beside a shortcut."""

    def __init__(self, numbers: int) -> None:
        super().__init__()
        self.before_attention = nn.LayerNorm(numbers)
        self.queries_keys_values = nn.Linear(numbers, 3 * numbers)
        self.out = nn.Linear(numbers, numbers)
        self.perceptron = nn.Sequential(
            nn.LayerNorm(numbers),
            nn.Linear(numbers, EXPANSION * numbers),
            nn.GELU(),
            nn.Linear(EXPANSION * numbers, numbers),
        )

    def forward(self, tokens: Tensor) -> Tensor:
        """float32 [n, t, e] -> the same shape."""
        tokens = tokens + self.attention(self.before_attention(tokens))
        out: Tensor = tokens + self.perceptron(tokens)
        return out

    def attention(self, tokens: Tensor) -> Tensor:
        """float32 [n, t, e] -> the same shape."""
        parts = self.queries_keys_values(tokens).unflatten(2, (3, HEADS, -1))  # [n, t, 3, heads, d]
        queries, keys, values = parts.permute(2, 0, 3, 1, 4)  # each [n, heads, t, d]
        mixed = functional.scaled_dot_product_attention(queries, keys, values)
        out: Tensor = self.out(mixed.transpose(1, 2).flatten(2))
        return out


class VitTiny(nn.Module):
    """Images of the side it was built for -> the mean over patches: 192 numbers.

    28x28 is cut into 7x7 patches of 4 pixels, 84x84 into 12x12 of 7; sides that do not divide are
    filled up with zeros on the right and at the bottom.

    Args:
        channels: of the images.
        side: of the images in pixels.
        width: factor on the numbers of a head.
    """

    smallest = SMALLEST_PATCH

    def __init__(self, channels: int, side: int, width: float = 1.0) -> None:
        super().__init__()
        numbers = HEADS * max(1, round(HEAD * width))  # every head gets the same share
        self.patch = max(SMALLEST_PATCH, math.ceil(side / GRID))
        patches = math.ceil(side / self.patch)
        self.missing = patches * self.patch - side
        self.patches = nn.Conv2d(channels, numbers, self.patch, self.patch)
        self.positions = nn.Parameter(torch.empty(1, patches**2, numbers))
        self.layers = nn.Sequential(*(Layer(numbers) for _ in range(LAYERS)))
        self.norm = nn.LayerNorm(numbers)
        nn.init.trunc_normal_(self.positions, std=SPREAD)
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                nn.init.trunc_normal_(layer.weight, std=SPREAD)
                nn.init.zeros_(layer.bias)

    def forward(self, images: Tensor) -> Tensor:
        """float32 [n, c, side, side] -> [n, e]."""
        if self.missing:
            images = functional.pad(images, [0, self.missing, 0, self.missing])
        tokens = self.patches(images).flatten(2).transpose(1, 2) + self.positions  # [n, t, e]
        embeddings: Tensor = self.norm(self.layers(tokens)).mean(dim=1)
        return embeddings
