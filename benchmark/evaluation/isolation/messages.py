"""Messages between the harness and a model's process: JSON, and arrays as their bytes."""

from __future__ import annotations

import json
from multiprocessing import BufferTooShort
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.files import NOT_AS_WRITTEN, parse_json

KINDS = "biufU"  # of arrays: numbers and texts, never objects
ARRAY = "$array"
MOST_BYTES = 256 << 20  # of a message without its arrays


def send(pipe: Connection, value: Any) -> None:
    """Sends a value made of None, bools, numbers, texts, lists, dicts, arrays and tensors."""
    arrays: list[NDArray[np.generic]] = []
    pipe.send_bytes(json.dumps(_packed(value, arrays)).encode())
    for array in arrays:
        if array.size:
            pipe.send_bytes(array.reshape(-1).view(np.uint8).data)


def receive(pipe: Connection) -> Any:
    """The next message.

    Raises:
        EOFError: the other side is gone.
        ValueError: it is not a message.
    """
    try:
        return _unpacked(parse_json(pipe.recv_bytes(MOST_BYTES)), pipe)
    except (*NOT_AS_WRITTEN, MemoryError, BufferTooShort) as error:
        raise ValueError(str(error) or type(error).__name__) from error


def _packed(value: Any, arrays: list[NDArray[np.generic]]) -> Any:
    if isinstance(value, Tensor):
        value = value.detach()
        value = value.float() if value.dtype == torch.bfloat16 else value
        array = np.asarray(value.cpu().numpy(), order="C")
    elif isinstance(value, np.ndarray):
        array = np.asarray(value, order="C")
    elif isinstance(value, dict):
        return {str(key): _packed(each, arrays) for key, each in value.items()}
    elif isinstance(value, list | tuple):
        return [_packed(each, arrays) for each in value]
    elif isinstance(value, np.generic):
        return value.item()
    else:
        return value
    if array.dtype.kind not in KINDS:
        raise ValueError(f"an array of type {array.dtype} cannot be sent")
    arrays.append(array)
    kind = "tensor" if isinstance(value, Tensor) else "array"
    return {ARRAY: kind, "type": array.dtype.str, "shape": list(array.shape)}


def _unpacked(value: Any, pipe: Connection) -> Any:
    if isinstance(value, list):
        return [_unpacked(each, pipe) for each in value]
    if not isinstance(value, dict):
        return value
    if ARRAY not in value:
        return {key: _unpacked(each, pipe) for key, each in value.items()}
    dtype = np.dtype(value["type"])
    if dtype.kind not in KINDS:
        raise ValueError(f"an array of type {dtype} is not taken")
    array = np.empty(value["shape"], dtype)
    if array.size:
        pipe.recv_bytes_into(array.reshape(-1).view(np.uint8).data)
    return torch.from_numpy(array) if value[ARRAY] == "tensor" else array
