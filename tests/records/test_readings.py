"""Notes of test readings: appended by many at once, read back whole; damaged lines are named."""

import errno
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmark.errors import OneshotError
from benchmark.records import readings


def test_many_may_note_at_once(tmp_path):
    def note(seed):
        readings.note(tmp_path, "glyphs", "a,b", "glyphs-5w1s", 1, "01234567", seed)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(note, range(40)))
    assert readings.load(tmp_path) == {("glyphs", "a,b"): 40}


def note(folder, seed, model="m"):
    readings.note(folder, "glyphs", model, "glyphs-5w1s", 1, "01234567", seed)


@pytest.mark.parametrize(
    "torn",
    ["half a li", 'm,"half', '"', "m,glyphs-5w1s,1,01234567", "m,t,one,01234567,0", "a,b,1,c,0,x",
     "\x00\x1b]0;x\x07", "m,t," + "9" * 5_000 + ",c,0", "x" * 200_000],
)  # fmt: skip
def test_a_torn_line_is_named_and_the_rest_counts(torn, tmp_path, caplog):
    note(tmp_path, 0)
    (path,) = (tmp_path / "readings").rglob("*.csv")
    path.write_text(path.read_text() + torn)
    assert readings.load(tmp_path) == {("glyphs", "m"): 1}
    assert f"{path}, line 3," in caplog.text
    note(tmp_path, 1)
    note(tmp_path, 2)
    assert readings.load(tmp_path) == {("glyphs", "m"): 3}
    assert torn in path.read_text()
    assert not readings.load(tmp_path / "nowhere")


@pytest.mark.parametrize("model", ['a"b', "a\nb", 'two\n"lines",', "a\u2028b", "a\rb", "\x0cx"])
def test_names_with_quotes_and_line_breaks_come_back(model, tmp_path):
    note(tmp_path, 0, model)
    note(tmp_path, 1, model)
    assert readings.load(tmp_path) == {("glyphs", model): 2}


def test_a_full_disk_tears_no_line(tmp_path, monkeypatch):
    note(tmp_path, 0)
    (path,) = (tmp_path / "readings").rglob("*.csv")
    before, real, calls = path.read_bytes(), os.write, []

    def full(handle, data):
        calls.append(len(data))
        if len(calls) == 1:
            return real(handle, data[:7])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OneshotError, match="No space left"):
        note(tmp_path, 1)
    assert path.read_bytes() == before
    monkeypatch.setattr(os, "write", lambda handle, data: real(handle, data[:3]))
    note(tmp_path, 1)
    assert readings.load(tmp_path) == {("glyphs", "m"): 2}
