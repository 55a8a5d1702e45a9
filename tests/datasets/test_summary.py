"""What `describe` counts, and what the contact sheet shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from benchmark.datasets.contact_sheet import GAP, ITEMS, LABEL, TILE, draw
from benchmark.datasets.data_set import Groups, whole
from benchmark.datasets.summary import summarise
from benchmark.errors import OneshotError, Refused


def small():
    """Three classes of 3, 2 and 1 images; item 3 repeats 0 in another split, item 5 repeats 4."""
    values = np.array([10, 20, 30, 10, 50, 50], dtype=np.uint8)
    stored = np.broadcast_to(values[:, None, None, None], (6, 1, 4, 4)).copy()
    labels = np.array([0, 0, 0, 1, 1, 2])
    groups = {
        "split": Groups(np.array([0, 0, 0, 2, 2, 2], np.int32), ("train", "validation", "test")),
        "hand": Groups(np.array([0, 1, 0, 1, 0, 1], np.int32), ("left", "right")),
    }
    return whole("small", "photograph", stored, labels, ("a", "b", "c"), groups)


def test_everything_is_counted():
    summary = summarise(small())
    assert (summary.items, summary.balance.classes) == (6, 3)
    assert (summary.balance.least, summary.balance.fewest) == (1, "c")
    assert (summary.balance.greatest, summary.balance.most) == (3, "a")
    assert summary.splits == (("train", 1, 3), ("validation", 0, 0), ("test", 2, 3))
    assert summary.groups == (("hand", 2, False),)
    assert (summary.doubles, summary.across_classes, summary.across_splits) == (2, 2, 1)
    assert summary.examples[0].first == (0, "a") and summary.examples[0].second == (3, "b")
    assert summary.shape == "grey images of 4x4 pixels (photographs)"


def test_vectors_and_texts_are_described():
    vectors = whole("v", "vector", np.eye(3, dtype=np.float32), [0, 0, 1], "ab")
    assert summarise(vectors).shape == "vectors of 3 numbers from 0 to 1"
    texts = whole("t", "text", np.array(["ab", "ab", "abcd"]), [0, 1, 1], "ab")
    summary = summarise(texts)
    assert summary.shape == "texts of 2 to 4 characters (median 2)"
    assert (summary.doubles, summary.across_classes) == (1, 1)


@pytest.mark.parametrize(("family", "shown"), [("photograph", 10), ("character", 245)])
def test_a_sheet_shows_items_by_class(tmp_path, family, shown):
    draw(replace(small(), family=family), tmp_path / "sheet.png")
    sheet = Image.open(tmp_path / "sheet.png")
    assert sheet.size == (LABEL + ITEMS * (TILE + GAP) + GAP, GAP + 3 * (TILE + GAP))
    assert sheet.getpixel((LABEL + TILE // 2, GAP + TILE // 2)) == (shown,) * 3
    last_row = GAP + 2 * (TILE + GAP) + TILE // 2
    assert sheet.getpixel((LABEL + TILE + GAP + TILE // 2, last_row)) == (255,) * 3, "one item"


def test_sheets_that_cannot_be_drawn(tmp_path):
    vectors = whole("v", "vector", np.eye(3, dtype=np.float32), [0, 0, 1], "ab")
    with pytest.raises(Refused, match="holds vectors"):
        draw(vectors, tmp_path / "x.png")
    with pytest.raises(OneshotError, match="Cannot write"):
        draw(small(), tmp_path / "absent" / "x.png")
