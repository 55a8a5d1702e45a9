"""Two models never share a file, whatever they are called and whatever the file system ignores."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.errors import OneshotError
from benchmark.records import store
from benchmark.report.selection import choose, folders, records_of
from tests.report.synthetic_records import FIXED, record

ALIKE = (
    ("mine.py:Сеть", "mine.py:孪生网络"), ("my net", "my-net"), ("my net", "my/net"),
    ("my\\net", "my/net"), ("Net", "net"), ("NET", "Net"), ("é", "e\u0301"), ("é", "è"),
    ("x" * 120 + "a", "x" * 120 + "b"), ("con", "_con"), ("CON", "con"), ("a.", "a"),
    ("a", "a "), (" a", "a"), (".a", "a"), ("-a", "a"), ("a\n", "a"), ("ß", "ss"), ("I", "\u0131"),
    ("\ud800", "\ud801"), ("a:b", "a?b"), ("nul.txt", "_nul.txt"), ("İ", "i"),
)  # fmt: skip


def folded(name: str) -> str:
    """A file name as systems that ignore capitals and Unicode forms compare it."""
    return unicodedata.normalize("NFC", name).casefold()


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_names_that_look_alike_are_different_files(one, other):
    assert one != other
    assert folded(store.file_name(one)) != folded(store.file_name(other))


@given(st.text(min_size=1, max_size=300), st.text(min_size=1, max_size=300))
def test_file_names_are_injective_and_portable(one, other):
    names = store.file_name(one), store.file_name(other)
    assert (folded(names[0]) == folded(names[1])) == (one == other)
    for name in names:
        assert len(name) <= 121 and not set(name) & set('<>:"/\\|?* \n')
        assert name[0] not in ".-" and name[-1] != "." and name.isascii()
        assert name.upper().split(".")[0] not in {"CON", "NUL", "AUX", "PRN", "COM1", "LPT1"}


@pytest.mark.parametrize("key", ["siamese-conv4-cosine-nt-xent", "a", "my_net.v2", "x@validation"])
def test_plain_names_stay(key):
    assert store.file_name(key) == key == store.slug(key)


@pytest.mark.parametrize(("one", "other"), ALIKE[:9])
def test_records_of_both_are_kept(one, other, tmp_path):
    made = [record(name, recipe=FIXED) for name in (one, other)]
    paths = {store.write(tmp_path, each) for each in made}
    assert len(paths) == 2 and {r.id for r in store.load(tmp_path)} == {r.id for r in made}
    for each in made:
        (folder,) = choose(folders(tmp_path), each.model.key).values()
        assert [found.id for found in records_of(folder)] == [each.id]


def old_place(folder, made):
    """Where the record lay before names had hashes."""
    new = store.record_path(folder, made)
    path = new.parents[1] / f"{store.slug(made.model.key)}--{made.model.recipe8}" / new.name
    path.parent.mkdir(parents=True)
    path.write_bytes(store.encode(made))
    return path


def test_a_record_of_before_stays_where_it_is(tmp_path):
    made = record("mine.py:Net", recipe=FIXED)
    path = old_place(tmp_path, made)
    assert store.record_path(tmp_path, made) == path
    assert store.load(tmp_path) == [made]
    assert store.write(tmp_path, made) == path
    (folder,) = choose(folders(tmp_path), "mine.py:Net").values()
    assert records_of(folder) == [made]


def test_a_record_of_before_that_is_of_another_model_is_left_alone(tmp_path):
    other = record("mine.py Net", recipe=FIXED)
    path = old_place(tmp_path, other)
    made = record("mine.py:Net", recipe=FIXED)
    assert store.write(tmp_path, made) != path
    assert {r.model.key for r in store.load(tmp_path)} == {"mine.py Net", "mine.py:Net"}


def test_another_model_in_the_way_is_an_error(tmp_path):
    made, other = record("a", recipe=FIXED), record("b", recipe=FIXED)
    path = store.record_path(tmp_path, made)
    store.write_bytes(path, store.encode(other))
    before = path.read_bytes()
    with pytest.raises(OneshotError, match="holds the record of b .* not of a"):
        store.write(tmp_path, made)
    assert path.read_bytes() == before
