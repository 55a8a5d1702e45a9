"""Finished trainings on disk: their weights written whole, believed only with their digest."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmark.errors import NotEnoughMemory, OneshotError
from benchmark.evaluation import weights as files
from benchmark.files import ASIDE, NOT_AS_WRITTEN, parse_json, read_regular, set_aside
from benchmark.protocols import TrainingResult
from benchmark.records.store import write_bytes

WEIGHTS, TOLD = "weights.safetensors", "training.json"
MOST_BYTES = 64 << 20  # of what is said of a training


@dataclass(frozen=True)
class Trained:
    """A finished training: what it did, and the SHA-256 of the weights it left."""

    result: TrainingResult
    weights: str | None


def save(weights: bytes, folder: Path, key: str, result: TrainingResult) -> None:
    """Writes weights and result; the weights first, so that a result never lacks its weights.

    Args:
        weights: see `benchmark.evaluation.weights`.
        folder: see `training.folder_of`; its checkpoints are done with.
        key: see `training.key_of` and `training.refit_key`.
        result: what the training did.

    Raises:
        OneshotError: the folder cannot be written.
    """
    write_bytes(folder / WEIGHTS, weights, "--work")
    told = {"key": key, "weights": files.digest(weights), "result": asdict(result)}
    write_bytes(folder / TOLD, json.dumps(told).encode(), "--work")
    for leftover in folder.glob("checkpoint*"):
        if ASIDE not in leftover.name:
            leftover.unlink(missing_ok=True)


def load(model: object, folder: Path, key: str, tidy: bool = False) -> Trained | None:
    """Puts the kept weights into the model, if they are of this training and whole; else None.

    Args:
        model: built like the one that was trained.
        folder: see `training.folder_of`.
        key: see `training.key_of` and `training.refit_key`.
        tidy: set files aside that are damaged or of another training; for who holds the lock.

    Raises:
        NotEnoughMemory: the weights are larger than the free memory; they stay where they are.
    """
    try:
        told = parse_json(read_regular(folder / TOLD, MOST_BYTES))
        weights = read_regular(folder / WEIGHTS, files.MOST_BYTES)
        if told["key"] != key:
            raise ValueError("of another training")
        if files.digest(weights) != told["weights"]:
            raise ValueError("not the weights that were written")
        curve = [(int(a), int(b), int(c)) for a, b, c in told["result"].pop("curve")]
        result = TrainingResult(**told["result"], curve=curve)
    except NotEnoughMemory:
        raise
    except (OneshotError, *NOT_AS_WRITTEN):
        if tidy and (folder / TOLD).exists():
            for name in (TOLD, WEIGHTS):
                if (folder / name).exists():
                    set_aside(folder / name, "it is damaged or of another training")
        return None
    files.put(model, weights)
    return Trained(result, told["weights"])
