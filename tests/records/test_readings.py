"""Notes of test readings: appended by many at once, read back whole; damaged lines are named."""

import errno
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benchmark.errors import OneshotError
from benchmark.records import readings, store
from benchmark.report.task_info import describe

RESULTS = Path(__file__).parents[2] / "results"


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


def restored(results, lines):
    path = results / readings.RESTORED / "glyphs" / "m.csv"
    path.parent.mkdir(parents=True)
    path.write_text(readings.HEAD + lines)


def test_restored_lines_count_and_say_that_the_number_is_a_lower_bound(tmp_path):
    note(tmp_path, 0)
    assert readings.incomplete(tmp_path) == frozenset()
    restored(tmp_path, "m,glyphs-5w1s,1,89abcdef,0\nm,glyphs-5w1s,1,89abcdef,1\n")
    assert readings.load(tmp_path) == {("glyphs", "m"): 3}
    assert readings.incomplete(tmp_path) == {("glyphs", "m")}
    assert len(readings.rows(tmp_path)) == 1, "what a remote job sends back is its own readings"


@pytest.fixture(scope="module")
def committed():
    return store.load(RESULTS)


def test_every_committed_record_has_a_reading_for_each_of_its_measurements(committed):
    lines = Counter(
        (track, *row)
        for folder in (readings.FOLDER, readings.RESTORED)
        for track, row in readings.rows(RESULTS, folder)
    )
    measured = Counter(
        (
            store.slug(describe(record.task.name).track),
            record.model.key,
            record.task.name,
            str(record.task.version),
            record.model.recipe8,
            str(record.seed),
        )
        for record in committed
    )
    assert measured, "there are committed records"
    assert not {key: n for key, n in measured.items() if lines[key] < n}


def test_readings_of_removed_records_are_counted_too(committed):
    """Recipes whose records were replaced by those of a later recipe."""
    removed = {"f14f91ad", "7dfa684a", "d27bac0b", "ad553ad5", "5222164a", "4185e7ee", "4e5a6acc"}
    known = {
        row[3]
        for folder in (readings.FOLDER, readings.RESTORED)
        for _, row in readings.rows(RESULTS, folder)
    }
    assert removed <= known
    assert not removed & {record.model.recipe8 for record in committed}
