"""Languages and digits: made from installed packages, pinned by their digest."""

from __future__ import annotations

import importlib.metadata
import sys
from collections import Counter

import numpy as np
import pytest

from benchmark.datasets import catalogue, digits, languages, prepare
from benchmark.datasets.split import SPLITS
from benchmark.errors import OneshotError


@pytest.fixture(scope="module")
def spoken(tmp_path_factory):
    directory = tmp_path_factory.mktemp("data")
    prepare.add("languages", None, directory)
    return catalogue.load("languages", directory)


def test_no_name_is_in_two_languages(spoken):
    texts = [str(text) for text in spoken.stored]
    language = dict(zip(texts, spoken.labels, strict=True))
    folded = Counter()
    for text in texts:
        folded[text.casefold(), language[text]] += 1
    assert len({name for name, _ in folded}) == len(folded)
    assert len(language) == len(texts) == 26_128
    assert np.bincount(spoken.labels).min() >= languages.LEAST_NAMES


def test_validation_and_test_are_of_one_script_and_share_no_language(spoken):
    split, script = spoken.class_groups("split"), spoken.class_groups("script")
    latin = spoken.groups["script"].names.index("Latin")
    assert (script[split > 0] == latin).all()
    counts = dict(zip(SPLITS, np.bincount(split).tolist(), strict=True))
    assert counts == {"train": 116, "validation": 23, "test": 40}
    assert len(set(script[split == 0])) > 20, "other scripts are there to learn from"


def test_texts_come_back_as_code_points(spoken):
    longest = spoken.inputs()
    first = str(spoken.stored[0])
    assert "".join(map(chr, longest[0][: len(first)])) == first
    assert spoken.take(np.array([5])).inputs(8).shape == (1, 8)
    assert spoken.channels == 1


@pytest.mark.parametrize(
    ("texts", "script"),
    [
        (["Россия", "x"], "Cyrillic"),
        (["abc"], "Latin"),
        (["ab", "δγ"], "Greek"),
        (["12"], "unknown"),
    ],
)
def test_most_letters_name_the_script(texts, script):
    assert languages.script_of(texts) == script


def test_another_babel_is_named_with_the_way_out(monkeypatch):
    monkeypatch.setattr(languages, "LEAST_NAMES", 120)  # as if the package held other names
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "9.9")
    with pytest.raises(OneshotError, match=r"babel 9\.9 holds other names.*pip install babel==2"):
        languages.read(None)


@pytest.mark.parametrize(
    ("package", "read", "says"),
    [
        ("babel", languages.read, r"babel, which is not installed.*oneshot-benchmark\[text\]"),
        ("sklearn.datasets", digits.read, "scikit-learn, which is not installed"),
    ],
)
def test_a_missing_package_is_named(monkeypatch, package, read, says):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(OneshotError, match=says):
        read(None)


def test_digits_are_vectors_in_three_splits(tmp_path):
    verified = prepare.add("digits", None, tmp_path)
    data = catalogue.load("digits", tmp_path)
    assert verified.digest == catalogue.KNOWN["digits"].digest
    assert (data.kind, data.channels, len(data)) == ("vector", 64, 1_797)
    assert np.bincount(data.class_groups("split")).tolist() == [3, 2, 5]
    assert data.inputs(1).dtype == np.float32


def test_known_sets_with_files_want_a_path(tmp_path):
    with pytest.raises(OneshotError, match="no PATH.*oneshot data add orl-faces PATH"):
        prepare.add("orl-faces", None, tmp_path)
    assert catalogue.KNOWN["languages"].how_to_get == "oneshot data add languages"
