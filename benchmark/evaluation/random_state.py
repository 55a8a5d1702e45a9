"""Another state of the global random generators, to see whether anything depends on it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np
import torch

# For models in other processes, which set the same state there.
current: ContextVar[int | None] = ContextVar("current", default=None)


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
