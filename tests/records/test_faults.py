"""A thousand accidents while records are written: what is there afterwards is whole, always."""

import errno
import logging
import os
from pathlib import Path

import pytest

from benchmark.errors import OneshotError
from benchmark.files import set_aside
from benchmark.records import store
from benchmark.records.schema import Counts, ModelRef, Provenance, Record, TaskRef

ACCIDENTS = 1000
PIECE = 300  # bytes that the disk takes at a time
KINDS = ("full", "broken", "read only", "killed", "power")


class AccidentError(BaseException):
    """The process is no more: nothing of it runs on, not even what catches errors."""


class Disk:
    """Passes on what the store asks of the system, and fails at one call.

    Written bytes that were not flushed are lost with the power, whatever the names say.
    """

    def __init__(self, monkeypatch, at=0, kind=""):
        self.calls, self.at, self.kind = [], at, kind
        self.unflushed = set()
        self.real = {name: getattr(os, name) for name in ("write", "fsync", "replace")}
        for name in self.real:
            monkeypatch.setattr(os, name, getattr(self, name))

    def call(self, name):
        self.calls.append(name)
        if len(self.calls) != self.at:
            return
        if self.kind in ("killed", "power"):
            raise AccidentError
        number = {"full": errno.ENOSPC, "broken": errno.EIO, "read only": errno.EROFS}[self.kind]
        raise OSError(number, os.strerror(number))

    def write(self, handle, data):
        self.call("write")
        self.unflushed.add(os.fstat(handle).st_ino)
        return self.real["write"](handle, data[:PIECE])

    def fsync(self, handle):
        self.call("fsync")
        self.unflushed.discard(os.fstat(handle).st_ino)

    def replace(self, source, target):
        self.call("replace")
        self.real["replace"](source, target)

    def lose_power(self, folder):
        for path in Path(folder).rglob("*"):
            if path.is_file() and path.stat().st_ino in self.unflushed:
                path.write_bytes(path.read_bytes()[:7])


def make(correct, seed=0):
    return Record(
        schema=1,
        task=TaskRef(name="glyphs-5w1s", version=1, data_digest="0" * 64, episode_digest="1" * 64,
                     episodes=len(correct)),
        model=ModelRef(key="m", recipe={"budget": "quick"}),
        seed=seed,
        outcome=Counts(of=5, correct=list(correct)),
        provenance=Provenance(suite="0", python="3", torch="2", device="cpu", platform="x"),
    )  # fmt: skip


BEFORE, AFTER, OTHER = make([1, 2]), make([3, 4]), make([0, 5], seed=1)


def start(folder, state):
    """A results folder with another record and, by `state`, an older or a ruined one."""
    store.write(folder, OTHER)
    path = store.record_path(folder, AFTER)
    if state == "older":
        store.write(folder, BEFORE)
    elif state == "ruined":
        path.write_bytes(store.encode(BEFORE)[:60])
    elif state == "empty":
        for entry in path.parent.iterdir():
            entry.unlink()
        for level in (path.parent, path.parent.parent, path.parent.parent.parent):
            level.rmdir()
    return path


STATES = ("none", "older", "ruined", "empty")


def calls_of(folder, state, monkeypatch):
    with monkeypatch.context() as patch:
        start(folder, state)
        disk = Disk(patch)
        store.write(folder, AFTER)
    return disk.calls


def test_nothing_is_lost_and_nothing_is_half_in_a_thousand_accidents(tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.CRITICAL)
    calls = {s: calls_of(tmp_path / f"count-{s}", s, monkeypatch) for s in STATES}
    for state in STATES:
        assert calls[state][-3:] == ["fsync", "replace", "fsync"], "the file, its name, the folder"
        assert calls[state].count("write") >= 2
    plan = [
        (state, kind, at)
        for state in STATES for kind in KINDS for at in range(1, len(calls[state]) + 1)
    ]  # fmt: skip
    seen = set()
    for number in range(ACCIDENTS):
        state, kind, at = plan[number % len(plan)]
        folder = tmp_path / f"{number}"
        path = start(folder, state)
        ruined = path.read_bytes() if state == "ruined" else b""
        with monkeypatch.context() as patch:
            disk = Disk(patch, at, kind)
            expected = AccidentError if kind in ("killed", "power") else OneshotError
            with pytest.raises(expected) as caught:
                store.write(folder, AFTER)
            if expected is OneshotError:
                assert str(path) in str(caught.value), "the file is named"
            if kind == "power":
                disk.lose_power(folder)
        seen.add((disk.calls[-1], kind))
        left = store.load(folder) if not (state == "ruined" and path.is_file() and
                                          path.read_bytes() == ruined) else []  # fmt: skip
        for record in left:
            assert record in ((BEFORE, AFTER, OTHER) if state == "older" else (AFTER, OTHER))
        if state == "older":
            assert store.is_whole(path), "the older one stays until the new one is whole"
        if kind not in ("killed", "power"):
            assert not list(folder.rglob(".writing-*")), "an error leaves no litter"
        # The next call finishes the work.
        store.clear_unfinished(path)
        assert store.write(folder, AFTER) == path
        if state == "empty":
            store.write(folder, OTHER)
        assert {r.id for r in store.load(folder)} == {AFTER.id, OTHER.id}
        assert not list(folder.rglob(".writing-*"))
        aside = [p for p in folder.rglob("*.broken*") if p.read_bytes() == ruined]
        assert bool(aside) == (state == "ruined"), "what was ruined is kept, under another name"
    assert seen == {(call, kind) for call in ("write", "fsync", "replace") for kind in KINDS}


def test_files_set_aside_never_replace_each_other(tmp_path, caplog):
    path = tmp_path / "x.json"
    for number in range(3):
        path.write_text(str(number))
        set_aside(path, "a test")
    assert [p.read_text() for p in sorted(tmp_path.iterdir())] == ["0", "1", "2"]
    assert "x.json.broken-3" in caplog.text and "a test" in caplog.text


def test_a_folder_that_cannot_be_flushed_is_no_error_where_there_is_no_such_thing(
    tmp_path, monkeypatch
):
    real = os.fsync

    def fsync(handle):
        if os.path.isdir(f"/proc/self/fd/{handle}"):  # noqa: PTH112
            raise OSError(errno.EINVAL, "Invalid argument")
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    assert store.is_whole(store.write(tmp_path, AFTER))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs rights that root ignores")
def test_a_read_only_folder_is_named(tmp_path):
    tmp_path.chmod(0o555)
    with pytest.raises(OneshotError, match="Permission denied.*--results DIR"):
        store.write(tmp_path, AFTER)
    tmp_path.chmod(0o755)


@pytest.mark.parametrize("content", [b"", b"{", b"{}\n", b"[1, 2]", b"\xff\xfe"])
def test_a_file_alone_is_no_record(tmp_path, content):
    path = store.record_path(tmp_path, AFTER)
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    assert not store.is_whole(path)
    path.write_bytes(store.encode(OTHER))
    assert not store.is_whole(path), "it belongs under another name"
    path.write_bytes(store.encode(AFTER))
    assert store.is_whole(path)
