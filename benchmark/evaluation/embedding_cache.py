"""Embeddings kept on disk between processes, if that is asked for, and found by what made them.

DIR/<32 hex digits>/<64 hex digits>.safetensors: the folder is named by a digest of everything that
decides an embedding, the file by the SHA-256 of its bytes. Processes can write at the same time,
and nothing is believed whose bytes do not give its name. A file holds, for k items,

    rows     int64 [k]     the item's row in the data set as it is stored
    turns    uint8 [k]     anticlockwise quarter turns of it
    vectors  float32 [k, e]

and the folder's digest in its metadata. The folder may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.datasets.data_set import DataSet
from benchmark.errors import OneshotError
from benchmark.evaluation.provenance import code_digest, device_name
from benchmark.files import ANY_SIZE, digest_of, set_aside
from benchmark.models.model import resolved
from benchmark.records.canonical import digest
from benchmark.records.store import write_bytes

log = logging.getLogger(__name__)
ENDING = ".safetensors"
# Whose sources the digest of the suite and the version of torch tell apart.
KNOWN, FOREIGN = ("baselines.", "torch.nn."), "baselines.adapters"
IDLE = ("shots", "final_fit")  # parts of a recipe that leave an embedding of given weights as it is


@dataclass
class EmbeddingCache:
    """The embeddings of one model under `folder`.

    Attributes:
        folder: where embeddings of all models are kept.
        recipe: the model's whole recipe with its key.
        device: where it computes.
        writable: whether the last write went well; one warning is enough.
    """

    folder: Path
    recipe: Mapping[str, Any]
    device: str
    writable: bool = field(default=True)

    def mark(self, model: object, data: DataSet) -> str:
        """32 hex digits of everything that decides the model's embedding of an item of `data`."""
        told = {
            "recipe": {k: v for k, v in self.recipe.items() if k not in IDLE},
            "weights": weights_digest(model),
            "code": code_digest("benchmark", "baselines"),
            "data": data.digest,
            "torch": torch.__version__,
            "device": device_name(self.device),
            "processor": torch.backends.cpu.get_cpu_capability(),
            "threads": torch.get_num_threads(),
            "tf32": torch.backends.cuda.matmul.allow_tf32,
        }
        return digest(told)[:32]

    def find(
        self, mark: str, data: DataSet, items: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], Tensor] | None:
        """Those of `items` (int64 [n], numbers in `data`) that are kept, and their vectors.

        Returns:
            Positions in `items`, int64 [k], and float32 [k, e] on the device; None without any.
        """
        wanted = _names(data, items)
        place = np.full(len(items), -1, dtype=np.int64)
        parts: list[Tensor] = []
        known = 0
        for path in sorted((self.folder / mark).glob(f"*{ENDING}")):
            part = _read(path, mark)
            if part is None:
                continue
            names, vectors = part
            order = np.argsort(names, kind="stable")
            at = np.searchsorted(names, wanted, sorter=order).clip(max=len(names) - 1)
            hit = (names[order[at]] == wanted) & (place < 0)
            if hit.any():
                # Only these rows are read: the file is mapped, not loaded.
                parts.append(vectors[torch.from_numpy(order[at[hit]])])
                place[hit] = known + np.arange(int(hit.sum()))
                known += len(parts[-1])
            if (place >= 0).all():
                break
        if not parts:
            return None
        there = np.flatnonzero(place >= 0)
        return there, torch.cat(parts)[torch.from_numpy(place[there])].to(self.device)

    def keep(self, mark: str, data: DataSet, items: NDArray[np.int64], vectors: Tensor) -> None:
        """Writes the embeddings of `items`, float32 [n, e]; a full disk is no failure."""
        from safetensors.torch import save

        if not self.writable:
            return
        turns = np.zeros(len(items), np.uint8) if data.turns is None else data.turns[items]
        content = save(
            {
                "rows": torch.from_numpy(np.ascontiguousarray(data.rows[items])),
                "turns": torch.from_numpy(np.ascontiguousarray(turns)),
                "vectors": vectors.detach().cpu().contiguous(),
            },
            metadata={"mark": mark},
        )
        name = hashlib.sha256(content).hexdigest()
        try:
            write_bytes(self.folder / mark / f"{name}{ENDING}", content, "--embeddings")
        except OneshotError as error:
            self.writable = False
            log.warning("Embeddings are not kept. %s", error)


def embedding_cache_of(
    model: object, key: str, recipe: Mapping[str, Any], device: str, folder: Path | None
) -> EmbeddingCache | None:
    """Where the model's embeddings are kept; None where none are, or nothing vouches for its code.

    A network from somebody's file, or of another library, may change while nothing here does.
    """
    if folder is None or resolved(model).embedder is None:
        return None
    parts = list(model.modules()) if isinstance(model, torch.nn.Module) else [model]
    for part in parts:
        home = type(part).__module__
        if not home.startswith(KNOWN) or home.startswith(FOREIGN):
            log.info("Embeddings of %s are not kept: its code is not the suite's own.", key)
            return None
    return EmbeddingCache(folder, {"key": key, **recipe}, device)


def weights_digest(model: object) -> str:
    """SHA-256 (hex) over all parameters and buffers of a network, with names, shapes and dtypes."""
    hasher = hashlib.sha256()
    if isinstance(model, torch.nn.Module):
        for name, tensor in (*model.named_parameters(), *model.named_buffers()):
            hasher.update(f"{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
            whole = tensor.detach().cpu().contiguous()
            hasher.update(whole.reshape(-1).view(torch.uint8).numpy().tobytes())
    return hasher.hexdigest()


def _names(data: DataSet, items: NDArray[np.int64]) -> NDArray[np.int64]:
    """int64 [n]: one number for what each item is, its row and its turns."""
    turns = 0 if data.turns is None else data.turns[items].astype(np.int64)
    named: NDArray[np.int64] = data.rows[items] * 4 + turns
    return named


def _read(path: Path, mark: str) -> tuple[NDArray[np.int64], Tensor] | None:
    """Names [k] and vectors [k, e] of a file, memory-mapped; None, set aside, where it is bent."""
    from safetensors import SafetensorError, safe_open

    try:
        if digest_of(path, ANY_SIZE) != path.name.removesuffix(ENDING):
            raise ValueError("its bytes are not those that were written")
        with safe_open(path, framework="pt") as opened:
            if (opened.metadata() or {}).get("mark") != mark:
                raise ValueError("it holds the embeddings of another model")
            rows, turns = (opened.get_tensor(name).numpy() for name in ("rows", "turns"))
            vectors = opened.get_tensor("vectors")
        if not len(rows) == len(turns) == len(vectors) > 0 or vectors.dtype != torch.float32:
            raise ValueError("its parts do not fit")
    except (OneshotError, OSError, ValueError, SafetensorError) as error:
        if not path.exists():  # set aside by another process in this moment
            return None
        set_aside(path, str(error))
        return None
    return rows * 4 + turns.astype(np.int64), vectors
