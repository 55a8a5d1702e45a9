"""Images as files, read item by item as peers' own data sets and tutorials read them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset
from torchvision import transforms


class Files(Dataset[tuple[Tensor, int]]):
    """Images in files of their own; each is opened, decoded and brought to size when asked for.

    Characters lie there as PNG in their original size, dark on white, and go through the transforms
    of learn2learn's Omniglot benchmark. Photographs lie there as JPEG in the size that is asked
    for, although peers' own are larger: what is measured is the least that they take.

    Args:
        images: uint8 [n, channels, side, side]; characters white on black.
        labels: int64 [n].
        side: what a network sees.
        folder: an empty one.
    """

    def __init__(
        self, images: NDArray[np.uint8], labels: NDArray[np.int64], side: int, folder: Path
    ) -> None:
        characters = images.shape[1] == 1
        self.labels = [int(label) for label in labels]
        self.paths = []
        for number, image in enumerate(images):
            path = folder / f"{number:06d}.{'png' if characters else 'jpg'}"
            drawn = 255 - image[0] if characters else np.moveaxis(image, 0, -1)
            Image.fromarray(drawn).save(path, quality=95)
            self.paths.append(path)
        size = transforms.Resize(side, interpolation=transforms.InterpolationMode.LANCZOS)
        steps = [size, transforms.ToTensor()] if characters else [transforms.ToTensor()]
        self.mode = "L" if characters else "RGB"
        self.transform = transforms.Compose(steps)
        self.inverted = characters

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        with Image.open(self.paths[index]) as image:
            item: Tensor = self.transform(image.convert(self.mode))
        return (torch.sub(1.0, item) if self.inverted else item), self.labels[index]

    def get_labels(self) -> list[int]:
        return self.labels
