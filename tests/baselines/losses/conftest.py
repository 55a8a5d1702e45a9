"""The batch that the losses are tried on."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor


@pytest.fixture
def embeddings() -> Tensor:
    return torch.randn(7, 3, generator=torch.Generator().manual_seed(1))
