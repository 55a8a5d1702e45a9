"""Bent pickles, NPZ files, weights, and descriptions of stored data sets."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import pickletools
import shutil
import zipfile
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from benchmark.datasets import store
from benchmark.datasets.data_set import Groups, whole
from benchmark.datasets.own import vectors
from benchmark.datasets.own.options import Options
from benchmark.datasets.split import SPLITS
from benchmark.datasets.unpickle import load
from benchmark.errors import OneshotError
from bent.mutate import flipped, replaced

OPTIONS = Options(on_bad="skip")
OPCODES = tuple(operation.code.encode("latin1") for operation in pickletools.opcodes)
CALLS = (b"cos\nsystem\n", b"cbuiltins\neval\n", b"cnumpy\nload\n", b"c_codecs\nencode\n",
         b"cnumpy\ndtype\n", b"cbuiltins\nbytes\n")  # fmt: skip


class Runs:
    """Pickles to a call."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("/tmp/oneshot-fuzz",)


@cache
def _pickles() -> tuple[bytes, ...]:
    images = {"image_data": np.zeros((2, 3, 3), np.uint8), "class_dict": {"n1": [0, 1]}}
    more = {b"a": np.arange(4, dtype=">f4"), 3: (1, [2.5, None, True]), "s": np.int64(4)}
    return tuple(
        pickle.dumps(value, protocol)
        for value in (images, more, [images] * 3, Runs(), {"x": {1, 2}})
        for protocol in range(6)
    )


def bend_pickle(random: Random) -> bytes:
    """Instructions inserted, repeated or exchanged, then bytes."""
    content = random.choice(_pickles())
    for _ in range(random.randint(0, 4)):
        at = random.randrange(len(content) + 1)
        word = random.choice(OPCODES) + random.choice((b"", random.randbytes(4), b"\x01\0\0\0"))
        if random.random() < 0.3:
            word = random.choice(CALLS)
        if random.random() < 0.1:
            word = b"K\x01" + b"2\x86" * random.randint(1, 60)
        content = content[:at] + word + content[at + random.choice((0, 1, len(word))) :]
    return flipped(random, content, 4) if random.random() < 0.6 else content


def read_pickle(path: Path) -> object:
    """As miniImageNet's pickles are read."""
    return load(path, 1 << 20)


@cache
def _arrays() -> tuple[dict[str, Any], ...]:
    labels = np.array(list("aabbccddeeff"))
    return (
        {"x": np.random.default_rng(0).random((12, 3)), "label": labels},
        {"features": np.zeros((12, 2), np.float16, order="F"), "y": np.arange(12) // 2},
        {"embeddings": np.ones((12, 2), ">i4"), "labels": labels.astype("S3"), "group": labels},
    )


def bend_npz(random: Random) -> bytes:
    """Headers of the arrays bent before they are packed, and the zip after."""
    file = io.BytesIO()
    method = random.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED,
                            zipfile.ZIP_LZMA))  # fmt: skip
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, array in random.choice(_arrays()).items():
            plain = io.BytesIO()
            np.save(plain, array)
            content = plain.getvalue()
            if random.random() < 0.4:
                old = str(array.shape[0]).encode()
                new = random.choice((b"0", b"-1", b"9" * 12, b"1" * 30, b"13"))
                content = content[:128].replace(old, new)[:128].ljust(128) + content[128:]
            if random.random() < 0.4:
                content = flipped(random, content[:128], 3) + content[128:]
            archive.writestr(f"{name}.npy", content)
    return flipped(random, file.getvalue()) if random.random() < 0.4 else file.getvalue()


def read_npz(path: Path) -> object:
    """As `oneshot data add --kind vectors`."""
    return vectors.read(path, OPTIONS, path.parent, None)


@cache
def _weights() -> tuple[bytes, ...]:
    import torch
    from safetensors.torch import save

    state = {"a.weight": torch.zeros(3, 2), "a.bias": torch.ones(3)}
    found = []
    for value in (state, {"state_dict": state, "epoch": 3}, Runs()):
        for new in (True, False):
            file = io.BytesIO()
            torch.save(value, file, _use_new_zipfile_serialization=new)
            found.append(file.getvalue())
    seen = [{"name": "t", "data": "d", "digest": "0", "classes": ["a"]}]
    found += [save(state), save(state, {"seen": json.dumps(seen)})] * 3
    return tuple(found)


def bend_weights(random: Random) -> bytes:
    """A state dict in torch's formats or as safetensors, whose header is data too."""
    content = random.choice(_weights())
    if content[8:9] == b"{" and random.random() < 0.6:
        length = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + length])
        if "__metadata__" in header and random.random() < 0.6:
            told = replaced(random, json.loads(header["__metadata__"]["seen"]))
            header["__metadata__"]["seen"] = json.dumps(told)
        else:
            header = replaced(random, header)
        bent = json.dumps(header).encode("utf-8", "surrogatepass")
        return len(bent).to_bytes(8, "little") + bent + content[8 + length :]
    return flipped(random, content, 3)


def read_weights(path: Path) -> object:
    """As `checkpoint:PATH`."""
    from baselines.adapters.checkpoint import _seen, _weights

    data = path.read_bytes()
    name = str(path) if data[8:9] != b"{" else f"{path}.safetensors"
    return _weights(name, data), _seen(name, data)


@cache
def _description() -> tuple[dict[str, Any], bytes]:
    """The description and the items of a small stored data set."""
    import tempfile

    folder = Path(tempfile.mkdtemp())
    items = np.zeros((24, 1, 4, 4), np.uint8)
    labels = np.arange(24) // 3
    groups = {
        "g": Groups(np.zeros(24, np.int32), ("one",)),
        "split": Groups((labels // 3).astype(np.int32), SPLITS),
    }
    data = whole("x", "character", items, labels, tuple("abcdefgh"), groups)
    task = {"within": "g", "apart": None, "queries": 2, "episodes": 10}
    made = store.save(data, folder, own={"tasks": {"inside": task}, "version": 1})
    told = json.loads((made / "data_set.json").read_bytes())
    content = (made / "items.npy").read_bytes()
    shutil.rmtree(folder)
    return told, content


def bend_data_set(random: Random) -> bytes:
    """A description of a data set with parts replaced and a checksum that fits."""
    told = replaced(random, _description()[0], 2)
    if isinstance(told, dict) and random.random() < 0.9:
        told.pop("check", None)
        try:
            text = json.dumps(told, sort_keys=True)
            told["check"] = hashlib.sha256(text.encode()).hexdigest()
        except (TypeError, UnicodeEncodeError):
            pass
    content = json.dumps(told).encode("utf-8", "surrogatepass")
    return flipped(random, content, 3) if random.random() < 0.2 else content


def read_data_set(path: Path) -> object:
    """As any data set of a data directory, and its tasks."""
    from benchmark.tasks import own

    folder = path.parent / "data" / "x"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "items.npy").write_bytes(_description()[1])
    path.replace(folder / "data_set.json")
    with own.looking_in(folder.parent):
        own._read.cache_clear()
        try:
            found = own.track("x"), own.family("x-inside"), own.family("x")
        except OneshotError:
            store.verify("x", folder.parent)
            raise
    store.verify("x", folder.parent)
    return found
