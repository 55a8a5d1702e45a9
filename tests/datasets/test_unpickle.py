"""Pickles of numbers are read, whoever wrote them; nothing in a pickle is ever run."""

from __future__ import annotations

import collections
import datetime
import pickle
import pickletools
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from benchmark.datasets.unpickle import load
from benchmark.errors import OneshotError

LIMIT = 1 << 20


def read(tmp_path, content: bytes):
    path = tmp_path / "x.pkl"
    path.write_bytes(content)
    return load(path, LIMIT)


@pytest.mark.parametrize("protocol", range(6))
def test_plain_things_come_back(tmp_path, protocol):
    value = {
        "text": "ä",
        3: [1, -(2**70), 2.5, True, None],
        "tuple": (1, (2, b"\x00\xff"), b""),
        "nested": [{"a": []}],
    }
    assert read(tmp_path, pickle.dumps(value, protocol)) == value


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "array",
    [
        np.arange(24, dtype=np.uint8).reshape(2, 3, 4),
        np.asfortranarray(np.arange(6, dtype="<i8").reshape(2, 3)),
        np.arange(4, dtype=">f4"),
        np.array([True, False]),
        np.zeros((0, 5), dtype=np.int32),
        np.array(7, dtype=np.int16),
    ],
    ids=lambda array: f"{array.dtype.str}{array.shape}",
)
def test_arrays_come_back(tmp_path, protocol, array):
    back = read(tmp_path, pickle.dumps({"a": array, "again": array}, protocol))
    assert np.array_equal(back["a"], array)
    assert (back["a"].dtype, back["a"].shape) == (array.dtype, array.shape)
    assert back["again"] is back["a"]


@pytest.mark.parametrize("protocol", [2, 5])
def test_numpy_scalars_become_numbers(tmp_path, protocol):
    back = read(tmp_path, pickle.dumps([np.int64(3), np.float32(0.5)], protocol))
    assert back == [3, 0.5] and type(back[0]) is int


def python_2(module: bytes = b"numpy.core.multiarray") -> bytes:
    """What Python 2 writes for {"image_data": array([1, 2], uint8), "class_dict": {"n1": [0, 1]}}.

    Strings are SHORT_BINSTRING, which Python 3 never writes.
    """

    def text(value: bytes) -> bytes:
        return b"U" + bytes([len(value)]) + value

    kind = b"cnumpy\ndtype\n" + text(b"u1") + b"K\x00K\x01\x87R"
    kind += b"(K\x03" + text(b"|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    array = b"c" + module + b"\n_reconstruct\ncnumpy\nndarray\nK\x00\x85" + text(b"b") + b"\x87R"
    array += b"(K\x01K\x02\x85" + kind + b"\x89" + text(b"\xc8\x02") + b"tb"
    classes = b"}" + text(b"n1") + b"]K\x00aK\x01as"
    whole = text(b"image_data") + array + text(b"class_dict") + classes
    return b"\x80\x02}(" + whole + b"u."


@pytest.mark.parametrize("module", [b"numpy.core.multiarray", b"numpy._core.multiarray"])
def test_what_python_2_wrote_is_read(tmp_path, module):
    back = read(tmp_path, python_2(module))
    assert back[b"image_data"].tolist() == [200, 2]
    assert back[b"image_data"].dtype == np.uint8
    assert back[b"class_dict"] == {b"n1": [0, 1]}


class Runs:
    """Pickles to a call of any function."""

    def __init__(self, *call):
        self.call = call

    def __reduce__(self):
        return self.call[0], self.call[1:]


@pytest.mark.parametrize("protocol", range(6))
def test_a_malicious_pickle_does_not_run(tmp_path, protocol):
    import os

    trace = tmp_path / "ran"
    for call in ((os.mkdir, str(trace)), (eval, f"__import__('os').mkdir({str(trace)!r})")):
        content = pickle.dumps({"image_data": Runs(*call)}, protocol)
        with pytest.raises(OneshotError, match="which was not run") as caught:
            read(tmp_path, content)
        assert "\n" not in str(caught.value)
        assert not trace.exists()
    pickle.loads(content)
    assert trace.exists()  # so the pickle would have run


@pytest.mark.parametrize(
    "value",
    [
        np.array([{}, 1], dtype=object),
        np.zeros(2, dtype=[("a", "i4")]),
        np.array(["text"]),
        np.array(["2020-01-01"], dtype="datetime64[D]"),
        {1, 2},
        collections.OrderedDict(a=1),
        datetime.date(2020, 1, 1),
        1j,
        np.load,
        Runs(np.dtype, "O"),
        Runs(np.ndarray, (2, 2)),
        Runs(np.frombuffer, b"12", "u1"),
    ],
    ids=[f"value{number}" for number in range(12)],
)
def test_anything_else_is_refused(tmp_path, value):
    with pytest.raises(OneshotError):
        read(tmp_path, pickle.dumps(value))


# cGLOBAL, then a BUILD that would set attributes of what was found.
@pytest.mark.parametrize("name", [b"numpy\ndtype", b"_codecs\nencode", b"numpy\nndarray"])
@pytest.mark.parametrize("state", [b"}U\x01xK\x01s", b"N}U\x08__call__K\x01s\x86"])
def test_the_reader_itself_cannot_be_changed(tmp_path, name, state):
    with pytest.raises(OneshotError, match="tries to change the reader"):
        read(tmp_path, b"\x80\x02c" + name + b"\n" + state + b"b.")
    assert read(tmp_path, python_2())[b"image_data"].tolist() == [200, 2]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nothing of the kind",
        pickle.dumps(np.arange(50))[:-60],
        b"\x80\x02r" + struct.pack("<I", 2**32 - 1) + b".",
        b"\x80\x04Nr" + struct.pack("<I", 2**32 - 1) + b".",
        b"\x80\x05\x8e" + struct.pack("<Q", 2**60) + b".",
        b"\x80\x02cos.path\nsystem\n.",
        b"\x80\x04\x8c\x08builtins\x8c\x05bytes\x93)\x81.",
        b"\x80\x02K\x05Q.",
        b"\x80\x02\x82\x01.",
        b"\x80\x05\x97.",
    ],
)
def test_bent_pickles_give_one_clear_line(tmp_path, content):
    with pytest.raises(OneshotError) as caught:
        read(tmp_path, content)
    assert "x.pkl" in str(caught.value)


@pytest.mark.parametrize("number", [60_000_000, 2**32 - 1])
def test_memory_for_numbers_that_nothing_fills_is_not_set_aside(tmp_path, number):
    with pytest.raises(OneshotError, match="more memory than it could fill"):
        read(tmp_path, b"\x80\x02Nr" + struct.pack("<I", number) + b".")


def test_arrays_whose_size_does_not_fit_are_refused(tmp_path):
    honest = pickle.dumps(np.arange(6, dtype=np.uint8), 2)
    assert b"K\x06\x85" in honest
    with pytest.raises(OneshotError):
        read(tmp_path, honest.replace(b"K\x06\x85", b"K\x07\x85"))


def test_keys_whose_hash_takes_for_ever_are_refused(tmp_path):
    doubled = b"2\x86" * 64  # a tuple of the same twice, again and again: 2^64 steps to hash
    for content in (b"}K\x01" + doubled + b"Ns.", b"(K\x01" + doubled + b"Nd."):
        with pytest.raises(OneshotError, match="key of type tuple"):
            read(tmp_path, b"\x80\x02" + content)
    with pytest.raises(OneshotError):
        read(tmp_path, b"\x80\x04\x8f(K\x01" + doubled + b"\x90.")
    with pytest.raises(OneshotError, match="key of type int"):  # they all have the hash 0
        read(tmp_path, pickle.dumps({n * (2**61 - 1): None for n in range(1, 5)}))


def test_nesting_that_would_grow_without_end_does_not(tmp_path):
    value: list = []
    for _ in range(12):
        value = [value] * 100
    read(tmp_path, pickle.dumps(value))  # shared parts are looked at once
    for _ in range(10):
        value = [value]
    with pytest.raises(OneshotError, match="nested too deeply"):
        read(tmp_path, pickle.dumps(value))
    around: list = []
    around.append(around)
    with pytest.raises(OneshotError, match="nested too deeply"):
        read(tmp_path, pickle.dumps(around))


def test_a_huge_file_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "x.pkl"
    with path.open("wb") as file:
        file.truncate(LIMIT + 1)
    with pytest.raises(OneshotError, match="at most 1 MiB are read"):
        load(path, LIMIT)


OPCODES = b"".join(operation.code.encode("latin1") for operation in pickletools.opcodes)


@settings(max_examples=300, deadline=None)
@given(some.lists(some.tuples(some.integers(0, 400), some.sampled_from(OPCODES)), max_size=4))
def test_flipped_bytes_never_do_more_than_fail(tmp_path_factory, changes):
    content = bytearray(pickle.dumps({"a": np.arange(5), "b": [b"x", "y", 1.5]}, 2))
    for place, byte in changes:
        content[place % len(content)] = byte
    path = tmp_path_factory.getbasetemp() / "flipped.pkl"
    path.write_bytes(content)
    try:
        load(path, LIMIT)
    except OneshotError as error:
        assert "flipped.pkl" in str(error)
