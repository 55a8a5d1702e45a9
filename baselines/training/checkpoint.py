"""Checkpoints that can be trusted: plain tensors and numbers, written whole or not at all."""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path
from typing import Any

import torch

from benchmark.errors import OneshotError

NAME = "checkpoint.pt"


def save(folder: Path, state: dict[str, Any]) -> None:
    """Writes the state of a training to a temporary file, then puts it in place in one move.

    Raises:
        OneshotError: the folder cannot be written or the disk is full; the checkpoint before this
            one is still there.
    """
    path = folder / NAME
    part = path.with_name(f"{NAME}.{os.getpid()}.part")
    data = io.BytesIO()  # torch.save hides the reason when writing to a full disk fails
    torch.save(state, data)
    try:
        with part.open("wb") as file:
            file.write(data.getbuffer())
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise OneshotError(
            f"Cannot write the checkpoint {path}: {error.strerror or error}.",
            "Free some space, or choose another folder with --work DIR; the same command goes on "
            "from the last checkpoint.",
        ) from error
    finally:
        with contextlib.suppress(OSError):
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
