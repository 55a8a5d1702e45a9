"""Accidents while checkpoints are written: a whole one is there, and the damaged are kept."""

from __future__ import annotations

import errno
import io
import logging
import os
from pathlib import Path
from typing import Any

import pytest
import torch

from baselines.training import checkpoint
from benchmark.errors import OneshotError


class AccidentError(BaseException):
    """The process is no more."""


def state(step: int, key: str = "key") -> dict[str, Any]:
    return {"key": key, "step": step, "model": {"w": torch.full((50,), float(step))}}


def step_of(folder: Path) -> int | None:
    found = checkpoint.load(folder, state(0))
    if found is None:
        return None
    assert torch.equal(found["model"]["w"], torch.full((50,), float(found["step"])))
    return int(found["step"])


def save_until(folder: Path, step: int, call: int, error: BaseException) -> bool:
    """Saves, with an accident at this call to the system; whether it came so far."""
    calls = 0

    def counted(real: Any) -> Any:
        def do(*words: Any, **more: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == call:
                raise error
            return real(*words, **more)

        return do

    with pytest.MonkeyPatch.context() as patch:
        for name in ("fsync", "replace"):
            patch.setattr(os, name, counted(getattr(os, name)))
        try:
            checkpoint.save(folder, state(step))
        except (AccidentError, OneshotError):
            return True
    return False


@pytest.mark.parametrize("killed", [True, False])
def test_whatever_happens_to_the_third_the_second_is_there_or_the_third(
    tmp_path: Path, killed: bool
) -> None:
    call, reached = 1, True
    while reached:
        folder = tmp_path / str(call)
        folder.mkdir()
        checkpoint.save(folder, state(1))
        checkpoint.save(folder, state(2))
        error = AccidentError() if killed else OSError(errno.ENOSPC, "No space left on device")
        reached = save_until(folder, 3, call, error)
        assert step_of(folder) in ((2, 3) if reached else (3,))
        assert not list(folder.glob("*.part"))
        call += 1
    assert call == 6, "the file, the old name, the new name, the folder, and then none"


def test_the_one_before_is_kept_and_taken_when_the_newest_is_damaged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for step in (1, 2, 3):
        checkpoint.save(tmp_path, state(step))
    path = tmp_path / checkpoint.NAME
    damaged = path.read_bytes()[:-9]
    path.write_bytes(damaged)
    assert step_of(tmp_path) == 2
    assert (tmp_path / "checkpoint.pt.broken").read_bytes() == damaged
    assert str(path) in caplog.text and "checkpoint.pt.broken" in caplog.text
    checkpoint.save(tmp_path, state(4))
    assert step_of(tmp_path) == 4


@pytest.mark.parametrize("place", range(0, 1500, 250))
def test_one_changed_bit_anywhere_is_noticed(
    tmp_path: Path, place: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    checkpoint.save(tmp_path, state(1))
    path = tmp_path / checkpoint.NAME
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= 4
    path.write_bytes(content)
    assert step_of(tmp_path) is None
    assert not path.exists() and (tmp_path / "checkpoint.pt.broken").exists()


def test_what_torch_wrote_without_a_checksum_is_not_believed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    plain = io.BytesIO()
    torch.save(state(1), plain)
    (tmp_path / checkpoint.NAME).write_bytes(plain.getvalue())
    assert step_of(tmp_path) is None
    with pytest.raises(ValueError, match="no checkpoint"):
        checkpoint.read(tmp_path / "checkpoint.pt.broken")


def test_several_of_another_training_are_all_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    for key in ("a", "b"):
        for step in (1, 2):
            checkpoint.save(tmp_path, state(step, key))
        assert checkpoint.load(tmp_path, state(0)) is None
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "checkpoint-previous.pt.broken", "checkpoint-previous.pt.broken-2",
        "checkpoint.pt.broken", "checkpoint.pt.broken-2",
    ]  # fmt: skip
