"""Checkpoints that can be trusted: plain tensors and numbers, written whole or not at all."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import torch

NAME = "checkpoint.pt"


def save(folder: Path, state: dict[str, Any]) -> None:
    """Writes the state of a training to a temporary file, then puts it in place in one move."""
    path = folder / NAME
    part = path.with_name(f"{NAME}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def load(folder: Path, like: dict[str, Any]) -> dict[str, Any] | None:
    """The state in `folder` if it continues `like`, the state of a training that has not begun.

    A truncated file, one that holds anything but tensors and plain values, or one of another
    training is moved aside to "checkpoint.pt.broken" and the training starts afresh.
    """
    path = folder / NAME
    if not path.exists():
        return None
    data = io.BytesIO(path.read_bytes())
    try:
        # weights_only: a checkpoint is data, and reading it may not run code.
        state = torch.load(data, map_location="cpu", weights_only=True)
        if _continues(state, like):
            return dict(state)
    except Exception:  # what a damaged file raises depends on where it is damaged
        state = None
    path.replace(path.with_name(f"{NAME}.broken"))
    return None


def _continues(state: Any, like: dict[str, Any]) -> bool:
    return (
        isinstance(state, dict)
        and set(state) == set(like)
        and state["key"] == like["key"]
        and _shapes(state["model"]) == _shapes(like["model"])
    )


def _shapes(weights: dict[str, torch.Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in weights.items()}
