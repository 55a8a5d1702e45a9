"""Weights of finished trainings on disk: written whole, believed only with their digest."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmark.protocols import TrainingResult
from benchmark.records.store import set_aside, write_bytes

WEIGHTS, TOLD = "weights.safetensors", "training.json"
ASIDE = ".broken"  # in the names of files that were set aside; they are nobody's to delete


@dataclass(frozen=True)
class Trained:
    """A finished training: what it did, and the SHA-256 of the weights it left."""

    result: TrainingResult
    weights: str | None


def save(
    model: Any, folder: Path | None, key: str, result: TrainingResult, seen: str
) -> str | None:
    """Writes weights and result; the weights first, so that a result never lacks its weights.

    What the weights have seen is kept inside their file, and goes wherever it goes.

    Returns:
        SHA-256 (hex) of the file of weights; None for a model without any.

    Raises:
        OneshotError: the folder cannot be written.
    """
    if not callable(getattr(model, "state_dict", None)):
        return None
    from safetensors.torch import save as encode

    state = {k: v.detach().cpu().contiguous().clone() for k, v in model.state_dict().items()}
    data = encode(state, metadata={"seen": seen})
    weights = hashlib.sha256(data).hexdigest()
    if folder is not None:
        write_bytes(folder / WEIGHTS, data, "--work")
        told = {"key": key, "weights": weights, "result": asdict(result)}
        write_bytes(folder / TOLD, json.dumps(told).encode(), "--work")
        for leftover in folder.glob("checkpoint*"):
            if ASIDE not in leftover.name:
                leftover.unlink(missing_ok=True)
    return weights


def load(model: Any, folder: Path, key: str, tidy: bool = False) -> Trained | None:
    """Puts the kept weights into the model, if they are of this training and whole; else None.

    Args:
        model: built like the one that was trained.
        folder: see `training.folder_of`.
        key: see `training.key_of` and `training.refit_key`.
        tidy: set files aside that are damaged or of another training; for who holds the lock.
    """
    try:
        told = json.loads((folder / TOLD).read_bytes())
        data = (folder / WEIGHTS).read_bytes()
        if told["key"] != key:
            raise ValueError("of another training")
        if hashlib.sha256(data).hexdigest() != told["weights"]:
            raise ValueError("not the weights that were written")
        curve = [(int(a), int(b), int(c)) for a, b, c in told["result"].pop("curve")]
        result = TrainingResult(**told["result"], curve=curve)
    except (OSError, ValueError, KeyError, TypeError):
        if tidy and (folder / TOLD).exists():
            for name in (TOLD, WEIGHTS):
                if (folder / name).exists():
                    set_aside(folder / name, "it is damaged or of another training")
        return None
    from safetensors.torch import load as tensors

    model.load_state_dict(tensors(data))
    return Trained(result, told["weights"])
