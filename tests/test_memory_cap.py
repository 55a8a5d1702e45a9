"""Files that unpack to more than the memory are refused by name, in a process whose memory ends."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch

pytestmark = pytest.mark.process

UNPACKED = 9 << 28  # bytes; more than the cap
CHILD = """
import resource, sys
from pathlib import Path

import torch

from baselines.adapters import _file
from baselines.adapters.checkpoint import _weights
from benchmark.datasets import prepare
from benchmark.datasets.own.options import Options
from benchmark.errors import OneshotError
from benchmark.records import store
from benchmark.sweep import suite

folder = Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_DATA, (2 << 30, 2 << 30))
try:
    bytearray(9 << 28)
except MemoryError:
    print("the memory ends")


def pairs(path):
    prepare.bring("mine", path.with_name("pairs.csv"), folder / "data", "pairs",
                  options=Options(items=path))


readers = {
    "net.pt": lambda path: _weights(path.name, _file.read(str(path))),
    "dotted.toml": lambda path: suite.load(str(path)),
    "short.json": store.read,
    "long.json": store.read,
    "items.npz": pairs,
    "shape.npz": pairs,
}
for name, read in readers.items():
    try:
        read(folder / name)
    except OneshotError as error:
        print("refused", name, name in str(error), "|", error)
"""


def unpacking(path: Path, name: str, head: bytes, others: dict[str, bytes]) -> None:
    """A small zip of which one member unpacks to `UNPACKED` bytes after its head."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for other, content in others.items():
            archive.writestr(other, content)
        with archive.open(name, "w", force_zip64=True) as member:
            member.write(head)
            for _ in range(UNPACKED >> 24):
                member.write(bytes(1 << 24))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts anonymous memory as data")
def test_hostile_files_are_refused_by_name_under_two_gibibytes(tmp_path):
    saved = io.BytesIO()
    torch.save({"a": torch.zeros(UNPACKED >> 30)}, saved)
    with zipfile.ZipFile(saved) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    (storage,) = (name for name in members if name.endswith("data/0"))
    others = {name: content for name, content in members.items() if name != storage}
    unpacking(tmp_path / "net.pt", storage, b"", others)
    for name, shape in (("items.npz", f"({UNPACKED >> 4}, 2)"), ("shape.npz", "(10000000000, 2)")):
        header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
        head = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()
        if name == "items.npz":
            unpacking(tmp_path / name, "x.npy", head, {})
        else:
            with zipfile.ZipFile(tmp_path / name, "w") as archive:
                archive.writestr("x.npy", head + bytes(64))
    (tmp_path / "pairs.csv").write_text("left,right,same\n0,1,1\n2,3,0\n")
    (tmp_path / "dotted.toml").write_text(".".join("a" * 30_000) + " = 1")
    for name, size in (("short.json", 300 << 20), ("long.json", 9 << 28)):
        with (tmp_path / name).open("wb") as file:
            file.truncate(size)  # sparse
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    first, *refused = done.stdout.splitlines()
    assert first == "the memory ends"
    names = ["net.pt", "dotted.toml", "short.json", "long.json", "items.npz", "shape.npz"]
    assert [line.split(" |")[0] for line in refused] == [f"refused {n} True" for n in names], (
        refused
    )
