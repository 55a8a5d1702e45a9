"""TOML, seeds and records from anywhere: endless numbers, endless nesting, endless lists."""

from __future__ import annotations

import signal
import tracemalloc

import pytest

from benchmark import toml
from benchmark.errors import OneshotError
from benchmark.records.schema import MOST, ModelRef
from benchmark.settings import literal
from benchmark.sweep.suite import seeds_of
from benchmark.tasks import task


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x = " + "[" * 5_000, "not valid TOML"),
        ("x = " + "{a = " * 5_000, "not valid TOML"),
        (".".join("a" * 60) + " = 1", "nested more than"),
        ("[" + ".".join("a" * 20_000) + "]", "nested more than"),
        ("x = " + "[" * 40 + "]" * 40, "nested more than"),
        ("x = " + "9" * 5_000, "not valid TOML"),
        ("x = 1\nx = 2", "not valid TOML"),
        ("x", "not valid TOML"),
    ],
)
def test_endless_toml_is_one_clear_line(text, says):
    with pytest.raises(OneshotError, match=says):
        toml.parse(text, "the file")


def test_files_are_read_up_to_their_limit(tmp_path):
    path = tmp_path / "x.toml"
    path.write_bytes(b"\xef\xbb\xbfx = [[1]]\n")
    assert toml.read(path, "x") == {"x": [[1]]}
    path.write_bytes(b"x = '\xff'")
    with pytest.raises(OneshotError, match="UTF-8"):
        toml.read(path, "x")
    path.write_bytes(b"#" * (toml.MOST_BYTES + 1))
    with pytest.raises(OneshotError, match="at most 1 MiB"):
        toml.read(path, "x")
    with pytest.raises(OneshotError, match="is a folder"):
        toml.read(tmp_path, "x")


@pytest.mark.parametrize(
    "text",
    [
        ".".join("a" * 20_000) + " = 1", "[[" + ".".join(["'a b'"] * 6_000) + "]]",
        "x = { " + " . ".join("b" * 10_000) + " = 1 }",
        "\n".join([".".join("abc" * 200) + "=1"] * 50),
    ],
)  # fmt: skip
def test_dotted_keys_take_no_memory(text):
    tracemalloc.start()
    with pytest.raises(OneshotError, match="nested more than"):
        toml.parse(text, "the file")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8 << 20, "tomllib alone takes 1.6 GB for the first"


def test_dots_in_texts_are_no_depth():
    text = 'x = "' + "e.g. a.b.c.d.e.f.g and 1.2.3.4.5.6.7.8 " * 9 + '"\na.b.c = 1.5'
    assert toml.parse(text, "the file")["a"] == {"b": {"c": 1.5}}


@pytest.mark.parametrize("text", ["0-99999999999", "0-999999999", "9" * 5_000, "1-" + "9" * 5_000])
def test_seeds_are_counted_before_they_are_counted_out(text):
    tracemalloc.start()
    with pytest.raises(OneshotError, match="seeds"):
        seeds_of(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 20, "the range was expanded before it was refused"


@pytest.mark.parametrize("name", [f"glyphs-{'9' * 5_000}w1s", "glyphs-9999999w1s", "glyphs-5w٣s"])
def test_tasks_of_endless_shape_are_no_tasks(name):
    with pytest.raises(OneshotError):
        task(name)


def test_settings_of_endless_numbers_stay_texts():
    for text in ("9" * 5_000, "[" * 100_000):
        assert literal(text) == text
    assert literal("0.5") == 0.5


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (float("nan"), "infinite"),
        ([{"a": float("inf")}], "infinite"),
        (10**30, "too large"),
        ([10**5_000], "too large"),
    ],
)
def test_recipes_hold_numbers_that_can_be_written(value, says):
    with pytest.raises(ValueError, match=says):
        ModelRef(key="x", recipe={"a": value})
    ModelRef(key="x", recipe={"a": [MOST, 1e300, None, {"b": "c"}]})


def test_recipes_end_somewhere():
    value: list = []
    for _ in range(40):
        value = [value]
    with pytest.raises(ValueError, match="levels deep"):
        ModelRef(key="x", recipe={"a": value})


@pytest.mark.parametrize(
    "text",
    ["a" * 200_000, "-" * 200_000, '"' + "a" * 200_000, "a." * 31 + "a" * 200_000],
    ids=["letters", "dashes", "open string", "one dot too few"],
)
def test_the_search_for_dotted_keys_takes_time_in_proportion_to_the_text(text):
    # The search over 200,000 letters would take a quarter of an hour if it grew with their square.
    signal.signal(signal.SIGALRM, _stop)
    signal.alarm(60)
    try:
        assert toml.DOTTED.search(text) is None
    finally:
        signal.alarm(0)


def _stop(number, frame):
    raise TimeoutError


@pytest.mark.parametrize("key", ["a", '"a b"', "'a\"'", r'"\""', "é"])
@pytest.mark.parametrize("between", [".", " . ", "\t."])
def test_dots_of_any_key_are_counted(key, between):
    with pytest.raises(OneshotError, match="nested more than"):
        toml.parse(between.join([key] * 40) + " = 1", "x")
    with pytest.raises(OneshotError, match="not valid TOML|nested more than"):
        toml.parse("[" + between.join([key] * 40_000) + "]", "x")
