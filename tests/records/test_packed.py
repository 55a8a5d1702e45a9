"""Packed numbers: shorter, the same for everyone, and damage is named."""

import base64
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.errors import OneshotError
from benchmark.records import store
from benchmark.records.packed import LEAST, Integers, pack, packed, unpack
from benchmark.records.schema import Counts, LogOdds, Ranks
from tests.records.test_records import make

EDGES = st.sampled_from(
    [0, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32, -128, -129, -(2**15), -(2**31)]
)
NUMBERS = st.lists(
    st.one_of(EDGES, st.integers(-(2**63), 2**63 - 1), st.integers(0, 400)), min_size=1
)


def read_by_numpy(text):
    """As the page on records tells people."""
    head, _, content = text.partition(":")
    kind, _, least = head.partition("+")
    return np.frombuffer(base64.b64decode(content), kind), int(least or 0)


@given(NUMBERS)
def test_numpy_reads_the_same_numbers_from_the_smallest_type_that_holds_them(numbers):
    text = pack(numbers)
    held, least = read_by_numpy(text)
    assert [least + int(number) for number in held] == list(unpack(text)) == numbers
    span, size = max(numbers) - min(numbers), held.dtype.itemsize
    assert span < 256**size and (size == 1 or span >= 256 ** (size // 2))
    assert least in (0, min(numbers))
    assert not least or held.dtype.kind == "u"


def test_only_long_lists_of_whole_numbers_are_packed():
    few, many = [1] * (LEAST - 1), [1] * LEAST
    told = {
        "few": few,
        "many": many,
        "texts": ["1"] * LEAST,
        "within": {"many": many},
        "none": None,
    }
    assert packed(told) == told | {"many": pack(many), "within": {"many": pack(many)}}
    beyond = [[2**64] * LEAST, [-1, 2**63] * LEAST]
    assert packed({"a": beyond[0], "b": beyond[1]}) == {"a": beyond[0], "b": beyond[1]}
    with pytest.raises(OverflowError):
        pack(beyond[1])


OUTCOMES = [
    Counts(of=400, correct=[400, 3] * 500),
    LogOdds(thousandths=[-5123, 30_000] * 500),
    Ranks(
        first=[1, 300] * 500, hits=[1, 0] * 500, precision=[10**6, 0] * 500, matches=[3, 1] * 500
    ),
]


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda outcome: outcome.kind)
def test_a_file_with_numbers_in_digits_is_the_same_record(outcome, tmp_path):
    task = make().task.model_copy(update={"episodes": 1000})
    record = make(task=task, outcome=outcome)
    path = store.write(tmp_path, record)
    digits = json.dumps(record.model_dump(mode="json", by_alias=True))
    assert store.read(path) == record
    assert len(path.read_text()) < 0.8 * len(digits)
    path.write_text(digits)
    assert store.read(path).id == record.id


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("AQID", "packed as one of u1:"),
        ("f4:AAAA", "packed as one of u1:"),
        ("u1-3:AAAA", "packed as one of u1:"),
        ("u1+x:AAAA", "packed as one of u1:"),
        ("u1:A", "cut or damaged"),
        ("u1:A$==", "cut or damaged"),
        ("<u2:AQID", "cut or damaged"),
        ("u1:", "at least 1 item"),
    ],
)
def test_a_damaged_packing_is_named(text, says, tmp_path):
    path = store.write(tmp_path, make())
    told = json.loads(path.read_text())
    told["outcome"]["correct"] = text
    path.write_text(json.dumps(told))
    with pytest.raises(OneshotError, match=f"outcome.*{says}"):
        store.read(path)


@given(NUMBERS)
def test_integers_are_a_list_that_takes_little_memory(numbers):
    held = Integers(numbers)
    assert held == numbers and held == tuple(numbers) and held == Integers(numbers)
    assert held != [*numbers, 1] and list(held) == numbers and held[0] == numbers[0]
    assert held[1:] == numbers[1:] and isinstance(held[1:], Integers)
    if max(numbers) < 2**63:
        assert np.asarray(held).dtype == np.int64 and np.asarray(held).tolist() == numbers
        assert (np.asarray(held) * 2**8).dtype == np.int64


def test_ten_thousand_answers_take_about_ten_kilobytes():
    small = Counts(of=400, correct=[200] * 10_000).correct
    assert small._held.itemsize == 1
    assert LogOdds(thousandths=[-70_000, 70_000] * 5_000).thousandths._held.itemsize == 4


@pytest.mark.parametrize("wrong", [[1.0], [True], ["1"], [None], [2**64], 3, {"a": 1}])
def test_what_is_not_a_list_of_integers_is_refused(wrong):
    with pytest.raises(ValueError, match="correct"):
        Counts(of=400, correct=wrong)
