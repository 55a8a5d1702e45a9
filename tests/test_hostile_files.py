"""Pipes, endless numbers and deep nesting in place of a file are refused or left out at once."""

from __future__ import annotations

import json
import os
import subprocess
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save

from baselines.adapters import _file
from baselines.adapters.checkpoint import _seen
from baselines.adapters.easyfsl import _literal
from baselines.backbones import _custom
from baselines.training import checkpoint, curve
from benchmark import files, sources, user_code
from benchmark.datasets import signatures, store
from benchmark.datasets.archives import read_members
from benchmark.datasets.own import folders
from benchmark.datasets.own.decode import opened
from benchmark.errors import NotEnoughMemory, OneshotError
from benchmark.evaluation import embedding_cache, locks, weight_store, weights
from benchmark.files import parse_json
from benchmark.graphs import onnx_external
from benchmark.records import store as record_store
from benchmark.records.swhid import swhid
from benchmark.report import check, manifest
from benchmark.settings import literal
from benchmark.twin import calibrate

pytestmark = pytest.mark.skipif(os.name == "nt", reason="named pipes")
DIGITS, DEEP = "9" * 5000, "[" * 100_000
EMPTY = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"  # tree of Git


def refused(call: Callable[[], object]) -> object:
    """What a call gives, or that it raised an error for the user."""
    try:
        return call()
    except OneshotError:
        return OneshotError


def same_size(folder: Path) -> object:
    """Compares a pipe with the file that should lie there."""
    made = folder / "made.md"
    made.write_text("x")
    return check._same(folder / "x", made)


PIPES: dict[str, tuple[str, Callable[[Path], object], object]] = {
    # name of the pipe, who reads its folder, what comes of it
    "manifest": ("generated.txt", manifest.read, None),
    "leaderboard --check": ("x", same_size, False),
    "record": ("x.json", lambda f: record_store.read(f / "x.json"), OneshotError),
    "data set": ("blobs/data_set.json", lambda f: store.load("blobs", f), OneshotError),
    "checkpoint": ("checkpoint.pt", lambda f: checkpoint.load(f, {"key": "", "model": {}}), None),
    "training": ("training.json", lambda f: weight_store.load(None, f, "key"), None),
    "calibration": ("c.json", lambda f: calibrate.kept(f / "c.json", ""), None),
    "embeddings": ("0.safetensors", lambda f: embedding_cache._read(f / "0.safetensors", ""), None),
    "model": ("net.py", lambda f: user_code.load_file(f / "net.py"), OneshotError),
    "backbone": ("net.py", lambda f: _custom.load(f"{f / 'net.py'}:Net"), OneshotError),
    "data file of a model": ("x.bin", lambda f: sources.file_digest(f / "x.bin"), sources.GONE),
    "weights": ("net.pt", lambda f: _file.read(str(f / "net.pt")), OneshotError),
    "archive": ("x.zip", lambda f: list(read_members(f / "x.zip")), OneshotError),
    "member of a folder": ("x.png", lambda f: list(read_members(f)), OneshotError),
    "image": ("x", lambda f: folders._by_content(f / "x")[0], False),
    "HEIC image": ("x", lambda f: folders.package_for(f / "x"), None),
    "substitute": ("x", lambda f: files.named_substitute(f / "x"), None),
}


@pytest.mark.parametrize("case", PIPES)
def test_nobody_waits_for_a_pipe(case: str, tmp_path: Path) -> None:
    name, read, expected = PIPES[case]
    (tmp_path / name).parent.mkdir(exist_ok=True)
    os.mkfifo(tmp_path / name)
    assert refused(lambda: read(tmp_path)) == expected


def test_items_of_a_data_set_that_are_a_pipe_are_refused(tmp_path: Path, blobs: object) -> None:
    store.save(blobs, tmp_path)  # type: ignore[arg-type]
    (items,) = tmp_path.glob("*/items.npy")
    items.unlink()
    os.mkfifo(items)
    with pytest.raises(OneshotError, match="not a regular file"):
        store.load(items.parent.name, tmp_path)


def test_an_identifier_of_a_folder_leaves_pipes_out_and_counts_pointers(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("version https://git-lfs.github.com/spec/v1\n")
    before = swhid(tmp_path)
    os.mkfifo(tmp_path / "b")
    assert swhid(tmp_path) == before


def test_an_identifier_of_a_folder_is_that_of_git_and_follows_no_link(tmp_path: Path) -> None:
    git = ["git", "-c", "core.symlinks=true", "-C", str(tmp_path)]
    (tmp_path / "sub" / "empty").mkdir(parents=True)
    (tmp_path / "sub" / "x").write_text("1")
    for name in ("a", "b", "c"):  # three ways at each of forty levels, if they were followed
        (tmp_path / name).symlink_to(".")
        (tmp_path / "sub" / name).symlink_to("..//sub")
    (tmp_path / "root").symlink_to("/")
    (tmp_path / "none").symlink_to("none at all")
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "-A"], check=True)
    tree = subprocess.run([*git, "write-tree"], check=True, capture_output=True, text=True).stdout
    assert swhid(tmp_path) == f"swh:1:dir:{tree.strip()}"


def test_folders_nested_without_end_are_refused(tmp_path: Path) -> None:
    (tmp_path / "/".join("a" * 150)).mkdir(parents=True)
    with pytest.raises(OneshotError, match="nested more than 100"):
        swhid(tmp_path)
    (tmp_path / "a").rename(tmp_path / ".hidden")
    assert (
        swhid(tmp_path) == "swh:1:dir:4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    )  # Git's empty tree


@pytest.mark.parametrize("content", ["", "garbage", "other shape", "other name"])
def test_weights_of_others_that_do_not_fit_are_refused(content: str) -> None:
    tensors = {"weight": torch.zeros(2, 3)}
    if content == "other name":
        tensors = {"bias": torch.zeros(2, 2)}
    data = save(tensors) if content.startswith("other") else content.encode()
    with pytest.raises(OneshotError, match="do not fit the model"):
        weights.put(torch.nn.Linear(2, 2, bias=False), data)


def sparse(path: Path, head: bytes, size: int) -> Path:
    """A large file that takes no space."""
    with path.open("wb") as file:
        file.write(head)
        file.truncate(size)
    return path


def test_the_header_of_stored_items_takes_no_memory(tmp_path: Path) -> None:
    head = b"\x93NUMPY\x02\x00" + (3 << 29).to_bytes(4, "little")
    path = sparse(tmp_path / "items.npy", head, 4 << 30)
    tracemalloc.start()
    with pytest.raises(OneshotError, match="another version"):
        store._map_items("x", path, {"dtype": "|u1", "shape": [1]})
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 1 << 20


@pytest.mark.parametrize(
    "head",
    [
        b"RIFF\0\0\0\x40WEBPVP8 \0\0\0\x10\0\0\0\x9d\x01\x2a\x10\0\x10\0",
        b"\0\0\0\x1cftypavif\0\0\0\0avifmif1",
        b"\0\0\0\x1cftypheic\0\0\0\0heicmif1",
    ],
)
def test_images_that_are_read_whole_are_of_bounded_size(head: bytes, tmp_path: Path) -> None:
    path = sparse(tmp_path / "x.webp", head, 1 << 30)
    tracemalloc.start()
    with pytest.raises(ValueError, match="more than 128 MiB"), opened(path):
        pass
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 1 << 20


TEXTS = [DIGITS, DEEP, f'{{"key": {DIGITS}}}', f'{{"key": {DEEP}', '{"key": "', "\ud800", "NaN"]


@pytest.mark.parametrize("text", TEXTS[:6])
def test_endless_json_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="."):
        parse_json(text)


TOLD = '{"key": "k", "weights": "w", "result": %s}'
HOSTILE = [
    *TEXTS, "[]", "null", '""', "1e999", TOLD % "[]", TOLD % '"x"',
    TOLD % '{"curve": [[Infinity, 1, 1]]}', TOLD % '{"curve": 5}',
    TOLD % f'{{"curve": [[{DIGITS}, 1, 1]]}}', TOLD % DEEP,
    '{"format": 1}', '{"format": Infinity, "normalise": [5]}', '{"__metadata__": []}',
    '{"identity": "", "calibration": []}', '{"identity": "", "calibration": {"x": 1}}',
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_hostile_json_is_refused_by_every_reader(number: int, tmp_path: Path) -> None:
    text = HOSTILE[number]
    path = tmp_path / "x.json"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    (tmp_path / weight_store.TOLD).write_bytes(path.read_bytes())
    (tmp_path / weight_store.WEIGHTS).write_bytes(b"")
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / "data_set.json").write_bytes(path.read_bytes())
    assert weight_store.load(None, tmp_path, "k") is None
    assert calibrate.kept(path, "") is None
    for read in (
        lambda: store.load("blobs", tmp_path),
        lambda: record_store.read(path),
        lambda: record_store._named(path),
        lambda: _file.note_of("x.onnx", text) or OneshotError,  # "null" and the like are no note
    ):
        assert refused(read) is OneshotError
    header = path.read_bytes()
    data = len(header).to_bytes(8, "little") + header
    assert refused(lambda: _seen("x.safetensors", data)) in (OneshotError, ())
    assert literal(DIGITS) == DIGITS and _literal(DEEP) == DEEP


def test_a_signature_is_never_given_to_ghostscript() -> None:
    content = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n(x) print\n"
    assert signatures._scan("x.png", content) is None
    import io

    from PIL import Image

    assert Image.open(io.BytesIO(content)).format == "EPS", "Pillow itself would open it"
    with (
        pytest.raises(Exception, match="cannot identify"),
        signatures.opened_stream(io.BytesIO(content)),
    ):
        pass


def test_a_lock_folder_writes_nothing_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "r" / locks.FOLDER).mkdir(parents=True)
    (tmp_path / "r" / locks.FOLDER / ".gitignore").symlink_to(tmp_path / "victim")
    with locks.held(tmp_path / "r" / locks.FOLDER / "x.lock", False, "x"):
        pass
    assert not (tmp_path / "victim").exists()


def test_a_curve_replaces_a_link_and_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("mine")
    (tmp_path / curve.NAME).symlink_to(tmp_path / "victim")
    curve.write(tmp_path, [(1, 2, 3)])
    assert (tmp_path / "victim").read_text() == "mine"
    (tmp_path / curve.NAME).unlink()
    os.mkfifo(tmp_path / curve.NAME)
    curve.write(tmp_path, [(1, 2, 3)])
    assert (tmp_path / curve.NAME).read_text().startswith("items,")


def test_a_file_larger_than_the_memory_stays_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = {"key": "k", "step": 1, "model": {"w": torch.zeros(3)}}
    checkpoint.save(tmp_path, state)
    (tmp_path / weight_store.TOLD).write_text(json.dumps({"key": "k"}))
    (tmp_path / weight_store.WEIGHTS).write_bytes(bytes(100))
    monkeypatch.setattr(files, "LARGE_BYTES", 50)
    monkeypatch.setattr(files, "_free_memory", lambda: 60.0)
    for read in (
        lambda: checkpoint.load(tmp_path, state),
        lambda: weight_store.load(None, tmp_path, "k", tidy=True),
        lambda: _file.read(str(tmp_path / weight_store.WEIGHTS)),
    ):
        with pytest.raises(NotEnoughMemory, match="more than the memory that is free"):
            read()
    assert not list(tmp_path.glob("*.broken*"))
    monkeypatch.undo()
    assert checkpoint.load(tmp_path, state) is not None


def varint(value: int, spare: int = 0) -> bytes:
    """A protocol buffer's integer, with bytes that it does not need."""
    out = bytearray()
    while value >= 0x80 or spare:
        spare -= value < 0x80
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def message(number: int, content: bytes, spare: int = 0) -> bytes:
    return varint(number << 3 | 2) + varint(len(content), spare) + content


def tensor(name: bytes, spare: int = 0, swapped: bool = False) -> bytes:
    """An initialiser whose numbers lie in another file."""
    parts = [message(1, b"location", spare), message(2, name, spare)]
    return message(8, b"w") + message(13, b"".join(reversed(parts) if swapped else parts))


def of_graph(content: bytes) -> bytes:
    return message(7, content)


WHERE = {  # ways to keep a tensor in a model
    "initializer": lambda t: of_graph(message(5, t)),
    "sparse": lambda t: of_graph(message(15, message(1, t))),
    "constant": lambda t: of_graph(message(1, message(5, message(5, t)))),
    "list": lambda t: of_graph(message(1, message(5, message(10, t)))),
    "branch": lambda t: of_graph(message(1, message(5, message(6, message(5, t))))),
    "function": lambda t: message(25, message(7, message(5, message(5, t)))),
    "training": lambda t: message(20, message(1, message(5, t))),
    "two graphs": lambda t: of_graph(b"") + of_graph(message(5, t)),
}


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("odd", [{}, {"spare": 1}, {"swapped": True}])
def test_weights_beside_an_onnx_file_are_found_wherever_it_names_them(
    where: str, odd: dict[str, int], tmp_path: Path
) -> None:
    path = tmp_path / "net.onnx"
    (tmp_path / "w.bin").write_bytes(b"1")
    assert onnx_external(path, WHERE[where](tensor(b"w.bin", **odd))) == [tmp_path / "w.bin"]
    assert onnx_external(path, WHERE[where](message(9, b"location w.bin"))) == []


@pytest.mark.parametrize(
    "name", [b"../x", b"/etc/passwd", b"a/../../x", b"link", b"pipe", b"none", b"", b"\xff",
             b"a\0b", b"*/_ORT_MEM_ADDR_/*"],
)  # fmt: skip
def test_weights_beside_an_onnx_file_stay_inside_its_folder(name: bytes, tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    (tmp_path / "x").write_bytes(b"1")
    (folder / "link").symlink_to(tmp_path / "x")
    os.mkfifo(folder / "pipe")
    with pytest.raises(OneshotError):
        onnx_external(folder / "net.onnx", WHERE["initializer"](tensor(name)))


def test_a_damaged_onnx_file_is_refused(tmp_path: Path) -> None:
    whole = WHERE["branch"](tensor(b"w.bin"))
    random = np.random.default_rng(0)
    (tmp_path / "w.bin").write_bytes(b"1")
    cut = [whole[:end] + b"location" for end in range(len(whole))]
    changed = []
    for _ in range(500):
        content = bytearray(whole)
        content[random.integers(len(content))] = random.integers(256)
        changed.append(bytes(content))
    path = tmp_path / "net.onnx"
    outcomes = {refused(partial(_names_any, path, content)) for content in (*cut, *changed)}
    assert outcomes == {True, False, OneshotError}


def _names_any(path: Path, content: bytes) -> bool:
    return bool(onnx_external(path, content))
