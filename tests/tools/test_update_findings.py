"""The tables of docs/findings.md are those of the records."""

from pathlib import Path

import pytest
from synthetic_records import TRAINED, record, save
from update_findings import updated

from benchmark.errors import OneshotError

pytestmark = pytest.mark.results

ROOT = Path(__file__).parents[2]


def table(lines, results):
    return updated(f"<!-- compare\n{lines}\n-->\n<!-- end -->\n", results)


def test_the_page_is_as_the_records_give_it():
    page = (ROOT / "docs" / "findings.md").read_text("utf-8")
    assert page.count("<!-- compare") > 2
    assert updated(page, ROOT / "results") == page, "python tools/update_findings.py"


def test_a_block_is_made_anew_and_the_rest_stays(tmp_path):
    records = [
        record(model, "glyphs-20w1s", seed, skill=skill, recipe=TRAINED | {"budget": budget})
        for model, skill, budget in (("a", 0.9, "quick"), ("b", 0.5, "quick"), ("c", 0.5, "full"))
        for seed in (0, 1)
    ]
    save(tmp_path, records)
    head, tail = "# Page\n\n<!-- compare\nglyphs-20w1s: a - b\n-->\n", "<!-- end -->\nafter\n"
    page = updated(f"{head}old numbers\n{tail}", tmp_path)
    assert page.startswith(head) and page.endswith(tail) and "old numbers" not in page
    (row,) = [line for line in page.splitlines() if "2 seeds" in line]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[:3] == ["glyphs-20w1s", "a (2 seeds)", "b (2 seeds)"]
    assert float(cells[5]) == pytest.approx(float(cells[3]) - float(cells[4]), abs=0.11)
    assert updated(page, tmp_path) == page
    with pytest.raises(OneshotError, match="budget"):
        table("glyphs-20w1s: a - c", tmp_path)
    assert "c (2 seeds)" in table("glyphs-20w1s: a - c across budgets", tmp_path)


def test_two_recipes_of_a_model_are_told_apart_by_what_differs(tmp_path):
    save(tmp_path, [
        record("a", "glyphs-20w1s", skill=skill, recipe=TRAINED | {"batches": batches},
               settings=("margin=1", f"batches={batches}"))
        for batches, skill in (("pairs", 0.4), ("triplets", 0.6))
    ])  # fmt: skip
    one, two = sorted(path.name for path in (tmp_path / "records/glyphs-20w1s.v1").iterdir())
    shown = table(f"glyphs-20w1s: {one} - {two}", tmp_path)
    assert "a (1 seed, batches=pairs)" in shown and "a (1 seed, batches=triplets)" in shown
    assert "margin" not in shown


@pytest.mark.parametrize("line", ["a - b", "glyphs-20w1s a - b", "glyphs-20w1s: a b"])
def test_a_line_that_cannot_be_read_is_told(line, tmp_path):
    with pytest.raises(OneshotError, match="cannot be read"):
        table(line, tmp_path)
