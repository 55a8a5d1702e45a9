"""Small stand-ins for the real data sets: their layout and checks, a handful of images."""

from __future__ import annotations

import io
import sys
import tarfile
import threading
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.datasets import catalogue, mini_imagenet, mini_imagenet_pickles, omniglot
from benchmark.datasets.data_set import content_digest

sys.path.insert(0, str(Path(__file__).parent))

from faulty_server import Server

LETTERS = {"background": {"Alpha": 2, "Beta_(old)": 1}, "evaluation": {"Aleph": 2}}


def encoded(pixels, kind="PNG", **options) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, **options)
    return stream.getvalue()


class Files(dict):
    """Member name -> content, written out in any form."""

    def to_folder(self, path: Path) -> Path:
        for name, content in self.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(content)
        return path

    def to_zip(self, path: Path, prefix: str = "") -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in self.items():
                if name.startswith(prefix):
                    archive.writestr(name, content)
        return path

    def to_tar(self, path: Path, mode: str = "w") -> Path:
        with tarfile.open(path, mode) as archive:
            for name, content in self.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        return path


@pytest.fixture
def fake_omniglot(monkeypatch) -> Files:
    """Five characters of three alphabets, by 20 drawers, as upstream lays them out."""
    random = np.random.Generator(np.random.Philox(3))
    files, alphabets, items, number = Files(), {}, [], 0
    for part, letters in LETTERS.items():
        alphabets[part] = {}
        for alphabet, count in letters.items():
            paper = random.random((count, 20, 105, 105)) > 0.1
            ink = np.where(paper, 0, 255).astype(np.uint8).reshape(-1, 1, 105, 105)
            alphabets[part][alphabet] = (count, f"{zlib.crc32(ink.data):08x}")
            items.append(ink)
            for character in range(count):
                number += 1
                for drawer in range(20):
                    name = f"character{character + 1:02d}/{number:04d}_{drawer + 1:02d}.png"
                    content = encoded(paper[character, drawer])
                    files[f"images_{part}/{alphabet}/{name}"] = content
    monkeypatch.setattr(omniglot, "ALPHABETS", alphabets)
    labels = np.repeat(np.arange(5), 20)
    counts = [*LETTERS["background"].items(), *LETTERS["evaluation"].items()]
    names = [f"{a}/character{c + 1:02d}" for a, count in counts for c in range(count)]
    digest = content_digest(np.concatenate(items), labels, names, omniglot._groups(labels))
    known = replace(catalogue.OMNIGLOT, items=100, classes=5, digest=digest)
    monkeypatch.setattr(omniglot, "OMNIGLOT", known)
    monkeypatch.setitem(catalogue.KNOWN, "omniglot", known)
    return files


@pytest.fixture
def fake_mini(monkeypatch) -> Files:
    """Two images of each of the 100 classes, as JPEG files with the three lists."""
    random = np.random.Generator(np.random.Philox(4))
    monkeypatch.setattr(mini_imagenet, "PER_CLASS", 2)
    files, contents, class_names = Files(), [], []
    first = 0
    for split, count in mini_imagenet.SPLITS.items():
        lines = ["filename,label"]
        for number in range(count):
            # Class names run against the order of the splits, so that neither sorts the other.
            class_name = f"n{99999999 - first - number:08d}"
            for image in range(2):
                pixels = random.integers(0, 256, (84, 84, 3), dtype=np.uint8)
                name = f"{class_name}{image:08d}.jpg"
                files[f"images/{name}"] = encoded(pixels, "JPEG")
                lines.append(f"{name},{class_name}")
        files[mini_imagenet.LISTS[split]] = "\n".join(lines).encode()
        for number in reversed(range(count)):
            class_name = f"n{99999999 - first - number:08d}"
            class_names.append(class_name)
            contents += [files[f"images/{class_name}{image:08d}.jpg"] for image in range(2)]
        first += count
    labels = np.repeat(np.arange(100), 2)
    groups = {"split": mini_imagenet.split_group(labels)}
    digest = content_digest(contents, labels, class_names, groups)
    known = replace(catalogue.MINI_IMAGENET, items=200, digest=digest, pixels=None)
    monkeypatch.setattr(mini_imagenet, "MINI_IMAGENET", known)
    monkeypatch.setitem(catalogue.KNOWN, "mini-imagenet", known)
    return files


@pytest.fixture
def fake_pickles(monkeypatch) -> dict[str, dict]:
    """Contents of the three pickles with two images a class, by file name."""
    monkeypatch.setattr(mini_imagenet_pickles, "PER_CLASS", 2)
    random = np.random.Generator(np.random.Philox(5))
    contents, first = {}, 0
    for split, count in mini_imagenet.SPLITS.items():
        images = random.integers(0, 256, (2 * count, 84, 84, 3), dtype=np.uint8)
        # The rows of a class need not lie side by side.
        rows = {f"n{first + c:08d}": [c, c + count] for c in range(count)}
        name = mini_imagenet_pickles.FILES[split][0]
        contents[name] = {"image_data": images, "class_dict": rows}
        first += count
    return contents


@pytest.fixture
def server(monkeypatch):
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    with Server() as server:
        server.handle_error = lambda *_: None
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()
