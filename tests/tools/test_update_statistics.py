"""The page on statistics shows what the committed records give."""

from pathlib import Path

import pytest
from update_statistics import (
    BEGIN,
    BEGIN_PAIRS,
    END,
    END_PAIRS,
    OF_PAIRS,
    PAIRS,
    markdown,
    measure,
    updated,
)

pytestmark = pytest.mark.results

ROOT = Path(__file__).parents[2]


def test_the_table_is_that_of_the_committed_records():
    page = (ROOT / "docs" / "statistics.md").read_text("utf-8")
    assert updated(page, ROOT / "results") == page, (
        "make it anew: python tools/update_statistics.py"
    )


def test_pairing_narrows_and_new_classes_widen():
    found = measure(ROOT / "results")
    assert len(found) == len(PAIRS)
    assert all(one.images < one.apart for one in found)
    single = [one for one in found if len(one.row.a.seeds) == 1]
    many = [one for one in single if one.row.episodes == 10_000]
    assert len(many) > 2 and all(one.classes > 2 * one.images for one in many)
    assert len(markdown(found, iter([0.5] * len(found))).splitlines()) == len(PAIRS) + 4


def test_verification_and_retrieval_are_narrowed_by_pairing():
    page = (ROOT / "docs" / "statistics.md").read_text("utf-8")
    table = page.split(BEGIN_PAIRS)[1].split(END_PAIRS)[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines()[3:-1]]
    assert len(rows) == len(OF_PAIRS)
    assert {row[2] for row in rows} == {"EER", "mAP@R"}
    assert all(float(row[7]) > 1.2 for row in rows)


def test_everything_around_the_table_stays():
    page = f"before\n{BEGIN}old\n{END}after\n"
    new = updated(page, ROOT / "results")
    assert new.startswith("before\n") and new.endswith("after\n") and "old" not in new
    with pytest.raises(ValueError, match="unpack"):
        updated("no marks", ROOT / "results")
