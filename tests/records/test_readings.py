"""Notes of test readings: appended by many at once, read back whole, refused when damaged."""

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


def test_a_line_that_is_none_is_named(tmp_path):
    readings.note(tmp_path, "glyphs", "m", "glyphs-5w1s", 1, "01234567", 0)
    (path,) = (tmp_path / "readings").rglob("*.csv")
    path.write_text(path.read_text() + "half a li")
    with pytest.raises(OneshotError, match=r"m\.csv has a line"):
        readings.load(tmp_path)
    assert not readings.load(tmp_path / "nowhere")
