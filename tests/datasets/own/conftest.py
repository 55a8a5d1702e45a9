"""Small class-per-folder trees, sound and hostile."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image


def picture(path: Path, seed: int = 0, mode: str = "RGB", size=(20, 14)) -> Path:
    """An image of random pixels at `path`; the ending says the format."""
    random = np.random.Generator(np.random.Philox(seed))
    shape = (size[1], size[0], 3)
    image = Image.fromarray(random.integers(0, 256, shape, dtype=np.uint8)).convert(mode)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)
    return path


@pytest.fixture
def tree(tmp_path) -> Path:
    """Eight classes of three images in two parents; non-ASCII and composed names among them."""
    root = tmp_path / "tree"
    names = ["a/ä", "a/b", "a/c", "a/日本", "b/e", "b/f", "b/g", "b/h"]
    for c, name in enumerate(names):
        for i in range(3):
            picture(root / name / f"cam{i}_{c}.png", 10 * c + i)
    return root
