"""Whatever write of a command fails, it says so, and the same command finishes the work."""

from __future__ import annotations

import builtins
import errno
import io
import itertools
import os
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from benchmark.cli.app import app
from benchmark.errors import OneshotError
from benchmark.records import store

NUMBERS = (errno.ENOSPC, errno.EIO)
MODEL = "siamese-conv4-euclidean-contrastive"
TINY = {"width": "0.125", "items": "64", "validations": "1", "input_size": "16", "threads": "1"}
LEFTOVERS = (".writing-*", "*.part", ".adding-*", "*.broken*")


class Disk:
    """Passes on what asks the system to write below a folder, and fails once, at one call."""

    def __init__(self, folder: Path, at: int = 0, number: int = 0) -> None:
        self.folder, self.at, self.number = str(folder), at, number
        self.calls: list[str] = []
        self.real = {
            name: getattr(os, name)
            for name in ("write", "fsync", "replace", "rename", "mkdir", "open", "posix_fallocate",
                         "ftruncate")
            if hasattr(os, name)
        }  # fmt: skip
        self.open_file = io.open

    def patch(self, patch: pytest.MonkeyPatch) -> None:
        """Puts itself between the process and the system."""
        for name in self.real:
            patch.setattr(os, name, getattr(self, name))
        patch.setattr(io, "open", self.opened)
        patch.setattr(builtins, "open", self.opened)

    def call(self, name: str, path: object = None) -> None:
        """Counts a call, and fails at the one that is to fail."""
        if path is not None and not os.fsdecode(os.fspath(path)).startswith(self.folder):  # type: ignore[call-overload]
            return
        self.calls.append(f"{name} {Path(os.fspath(path)).name if path else ''}")  # type: ignore[call-overload]
        if len(self.calls) == self.at:
            raise OSError(self.number, os.strerror(self.number))

    def write(self, handle: int, data: Any) -> int:
        if stat.S_ISREG(os.fstat(handle).st_mode):
            self.call("write")
        return int(self.real["write"](handle, data))

    def fsync(self, handle: int) -> None:
        self.call("fsync")

    def replace(self, source: Any, target: Any, **more: Any) -> None:
        self.call("replace", target)
        self.real["replace"](source, target, **more)

    def rename(self, source: Any, target: Any, **more: Any) -> None:
        self.call("rename", target)
        self.real["rename"](source, target, **more)

    def mkdir(self, path: Any, *words: Any, **more: Any) -> None:
        self.call("mkdir", path)
        self.real["mkdir"](path, *words, **more)

    def open(self, path: Any, flags: int, *words: Any, **more: Any) -> int:
        if flags & os.O_CREAT:
            self.call("open", path)
        return int(self.real["open"](path, flags, *words, **more))

    def posix_fallocate(self, handle: int, *words: int) -> None:
        self.call("posix_fallocate")
        self.real["posix_fallocate"](handle, *words)

    def ftruncate(self, handle: int, length: int) -> None:
        self.call("ftruncate")
        self.real["ftruncate"](handle, length)

    def opened(self, file: Any, mode: str = "r", *words: Any, **more: Any) -> Any:
        writes = set(mode) & set("wxa+") and isinstance(file, str | os.PathLike)
        if not writes or not os.fspath(file).startswith(self.folder):
            return self.open_file(file, mode, *words, **more)
        self.call("open", file)
        return Writer(self, self.open_file(file, mode, *words, **more))


class Writer:
    """An open file whose writes count."""

    def __init__(self, disk: Disk, file: Any) -> None:
        self.disk, self.file = disk, file

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def write(self, data: Any) -> int:
        self.disk.call("write")
        return int(self.file.write(data))


@dataclass(frozen=True)
class Command:
    """A command, what it finds, and what is there when it is done.

    Attributes:
        words: of the command, in a folder of its own.
        prepare: what lies in that folder before.
        result: what must be equal in the end.
    """

    words: Callable[[Path], list[object]]
    prepare: Callable[[Path], None]
    result: Callable[[Path], object]


def nothing(folder: Path) -> None:
    """The folder is empty."""


def images(folder: Path) -> None:
    """Two classes of small images."""
    random = np.random.default_rng(0)
    for name, number in itertools.product("ab", range(3)):
        path = folder / "images" / name / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 255, (9, 9), np.uint8)).save(path)


def measured(folder: Path) -> None:
    """Records of two models, the same ones each time."""
    template = folder.parent / "template"
    if not template.exists():
        run(["run", "chance", "pixels-euclidean", *where(template), "--episodes", "20"])
    shutil.copytree(template / "results", folder / "results")


def where(folder: Path) -> list[object]:
    """The options of a small run."""
    places = ["--results", folder / "results", "--work", folder / "work"]
    return ["--task", "glyphs-5w1s", "--seeds", "0", *places]


def settings() -> list[object]:
    """A training that takes a second."""
    return [word for name, value in TINY.items() for word in ("--set", f"{name}={value}")]


def ids(folder: Path) -> object:
    """Records, and the weights that they name."""
    records = store.load(folder / "results")
    assert records
    return [(record.id, record.provenance.weights) for record in records]


def content(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones aside."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.relative_to(folder).parts[0].startswith(".")
    }


COMMANDS = {
    "run": Command(
        lambda f: ["run", MODEL, *where(f), "--episodes", "20", *settings()], nothing, ids
    ),
    "data add": Command(
        lambda f: ["data", "add", "mine", f / "images", "--kind", "folder", "--data", f / "data"],
        images,
        lambda f: content(f / "data"),
    ),
    "leaderboard": Command(
        lambda f: ["leaderboard", "--no-figures", "--results", f / "results"],
        measured,
        lambda f: {k: v for k, v in content(f / "results").items() if "seed-" not in k},
    ),
}


def run(words: list[object]) -> tuple[int, str]:
    """(exit code, output) of a command in this process."""
    done = CliRunner().invoke(app, list(map(str, words)))
    if isinstance(done.exception, OneshotError):  # the command prints it
        return done.exception.code, f"{done.output} {done.exception}"
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    return done.exit_code, done.output


def failing(command: Command, folder: Path, at: int, number: int) -> tuple[int, str, list[str]]:
    """(exit code, output, calls) of the command while the disk fails at one call."""
    folder.mkdir()
    command.prepare(folder)
    disk = Disk(folder, at, number)
    with pytest.MonkeyPatch.context() as patch:
        disk.patch(patch)
        code, output = run(command.words(folder))
    return code, output, disk.calls


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow) if name == "run" else name
     for name in COMMANDS],
)  # fmt: skip
def test_a_write_that_fails_is_said_and_the_same_command_finishes(
    name: str, tmp_path: Path
) -> None:
    command = COMMANDS[name]
    code, output, calls = failing(command, tmp_path / "whole", 0, 0)
    assert code == 0, output
    expected = command.result(tmp_path / "whole")
    assert len(calls) > 5
    refused = 0
    for at in range(1, len(calls) + 1):
        folder = tmp_path / str(at)
        code, output, _ = failing(command, folder, at, NUMBERS[at % 2])
        assert code in (0, 2), (calls[at - 1], output)
        if code:
            refused += 1
            reason = os.strerror(NUMBERS[at % 2])
            assert reason in " ".join(output.split()), (calls[at - 1], output)
        code, output = run(command.words(folder))
        assert code == 0, (calls[at - 1], output)
        assert command.result(folder) == expected, calls[at - 1]
        assert not [each for glob in LEFTOVERS for each in folder.rglob(glob)], calls[at - 1]
    assert refused > len(calls) // 2
