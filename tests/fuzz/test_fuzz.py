"""A few bent inputs of every kind; `make fuzz` reads at least ten thousand of each."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from bent.kinds import Kind, kinds
from bent.run import fuzz
from bent.watch import watched

from benchmark.errors import OneshotError

pytestmark = pytest.mark.fuzz

CASES = 400
LEAST = 8  # of the kinds that take long


@pytest.mark.parametrize("name", kinds())
def test_bent_input_is_read_or_refused_by_one_clear_line(tmp_path, name):
    kind = kinds()[name]
    folder = tmp_path / "box" / "inside"
    folder.mkdir(parents=True)
    found = fuzz(kind, max(LEAST, round(CASES * kind.share)), folder)
    assert not found.faults, next(iter(found.faults.values()))[1]
    assert found.read + found.refused == found.cases
    assert found.refused or kind.share < 1  # else nothing was bent


def test_the_same_number_is_the_same_case():
    from random import Random

    for kind in kinds().values():
        assert kind.bend(Random("7")) == kind.bend(Random("7")), kind.name


def _fuzzed(tmp_path: Path, read) -> str:
    folder = tmp_path / "box" / "inside"
    folder.mkdir(parents=True, exist_ok=True)
    found = fuzz(Kind("x", ".x", lambda random: b"x", read), 1, folder)
    return next((fault for _, fault in found.faults.values()), "")


def test_what_must_not_happen_is_found(tmp_path):
    outside = tmp_path / "outside"

    def connect(path):
        import socket

        with socket.socket() as made, pytest.raises(OSError):
            made.connect(("127.0.0.1", 9))

    assert "open" in _fuzzed(tmp_path, lambda path: outside.write_text("x"))
    assert "os.mkdir" in _fuzzed(tmp_path, lambda path: (tmp_path / "made").mkdir())
    assert "subprocess" in _fuzzed(tmp_path, lambda path: subprocess.run(["true"]))
    assert "socket.connect" in _fuzzed(tmp_path, connect)
    assert "KeyError" in _fuzzed(tmp_path, lambda path: {}["x"])
    assert "says nothing" in _fuzzed(tmp_path, _raise(OneshotError("")))
    assert not _fuzzed(tmp_path, _raise(OneshotError("It is bent.")))
    assert not _fuzzed(tmp_path, lambda path: path.with_name("y").write_text("x"))


def test_what_hangs_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr("bent.watch.SECONDS", 0.2)

    def hang(path):
        while True:
            try:
                sum(range(1000))
            except Exception:  # as a reader of hostile files does
                continue

    assert "hangs" in _fuzzed(tmp_path, hang)


def test_nobody_is_watched_afterwards(tmp_path):
    with watched(tmp_path) as seen:
        pass
    (tmp_path.parent / f"{tmp_path.name}-beside").mkdir()
    assert not seen


def _raise(error):
    def read(path):
        raise error

    return read
