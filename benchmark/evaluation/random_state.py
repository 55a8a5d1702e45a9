"""The state of the global random generators: kept, put back, and exchanged for another."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch

# For models in other processes, which set the same state there.
current: ContextVar[int | None] = ContextVar("current", default=None)


@dataclass(frozen=True)
class RandomState:
    """The state of Python's, NumPy's and PyTorch's generators on the processor."""

    python: Any
    numpy: Any
    torch: torch.Tensor

    @classmethod
    def now(cls) -> Self:
        """The present state."""
        return cls(random.getstate(), np.random.get_state(), torch.get_rng_state())

    def restore(self) -> None:
        """Puts the state back."""
        random.setstate(self.python)
        np.random.set_state(self.numpy)
        torch.set_rng_state(self.torch)


@contextmanager
def other_random_state(seed: int, device: str = "cpu") -> Iterator[None]:
    """Seeds all global random generators, and puts their state back afterwards."""
    devices = [device] if torch.device(device).type == "cuda" else []
    python, numpy = random.getstate(), np.random.get_state()
    token = current.set(seed)
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        random.seed(seed)
        np.random.seed(seed)
        try:
            yield
        finally:
            current.reset(token)
            random.setstate(python)
            np.random.set_state(numpy)
