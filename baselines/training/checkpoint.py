"""Checkpoints that can be trusted: plain tensors and numbers, written whole or not at all.

A file is a line that names the format, a line with the SHA-256 of the rest, and what `torch.save`
wrote. The checkpoint before the newest is kept beside it, for the day the newest is damaged.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
from pathlib import Path
from typing import Any

import torch

from benchmark.errors import NotEnoughMemory, OneshotError
from benchmark.files import flush_folder, read_regular, set_aside

NAME, PREVIOUS = "checkpoint.pt", "checkpoint-previous.pt"
FORMAT = b"oneshot checkpoint 2\n"
DIGEST_LETTERS = 64
MOST_BYTES = 64 << 30


def save(folder: Path, state: dict[str, Any]) -> None:
    """Writes the state of a training; whatever dies at whatever moment, one whole file is there.

    Raises:
        OneshotError: the folder cannot be written or the disk is full; the checkpoint before this
            one is still there.
    """
    path = folder / NAME
    part = path.with_name(f"{NAME}.{os.getpid()}.part")
    data = io.BytesIO()  # torch.save hides the reason when writing to a full disk fails
    torch.save(state, data)
    content = data.getbuffer()
    try:
        with part.open("wb") as file:
            file.write(FORMAT + hashlib.sha256(content).hexdigest().encode() + b"\n")
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            path.replace(folder / PREVIOUS)
        part.replace(path)
        flush_folder(folder)
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
    """The newest state in `folder` that continues `like`, the state of a training not yet begun.

    A file that is truncated or changed, one that holds anything but tensors and plain values, or
    one of another training is named, moved aside to "NAME.broken", and the one before it is taken;
    without one the training starts afresh. For one process at a time.

    Raises:
        NotEnoughMemory: the file is larger than the free memory; it stays where it is.
    """
    for leftover in folder.glob(f"{NAME}.*.part"):  # of processes that were killed
        leftover.unlink(missing_ok=True)
    for name in (NAME, PREVIOUS):
        path = folder / name
        if not path.exists():
            continue
        try:
            state = read(path)
            reason = None if _continues(state, like) else "it is of another training"
        except NotEnoughMemory:
            raise
        except Exception as error:  # what a damaged file raises depends on where it is damaged
            reason = f"it cannot be read: {type(error).__name__}"
        if reason is None:
            return dict(state)
        set_aside(path, reason)
    return None


def read(path: Path) -> Any:
    """What a checkpoint holds.

    Raises:
        ValueError: it is no checkpoint, or not the one that was written.
    """
    content = read_regular(path, MOST_BYTES, substitutes=True)
    head = len(FORMAT) + DIGEST_LETTERS + 1
    if not content.startswith(FORMAT):
        raise ValueError("no checkpoint of this version")
    data = content[head:]
    if hashlib.sha256(data).hexdigest().encode() + b"\n" != content[len(FORMAT) : head]:
        raise ValueError("not what was written")
    # weights_only: a checkpoint is data, and reading it may not run code.
    return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)  # noqa: TID251


def _continues(state: Any, like: dict[str, Any]) -> bool:
    return (
        isinstance(state, dict)
        and set(state) == set(like)
        and state["key"] == like["key"]
        and _shapes(state["model"]) == _shapes(like["model"])
    )


def _shapes(weights: dict[str, torch.Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in weights.items()}
