"""The models' pages: what they hold, that they are made with the leaderboard, and outdated ones."""

from pathlib import Path

import pytest
from synthetic_records import record, save

from benchmark.errors import UnknownName
from benchmark.report.leaderboard import build
from benchmark.report.model_pages import MADE, entries_of, render, render_all
from benchmark.report.write import write_leaderboard


@pytest.fixture(scope="module")
def records():
    """Two recipes of one method, and a model of a user's own."""
    keys = {"recipe": {"budget": "quick", "backbone": "conv4", "classes": 12}}
    other = {"recipe": {"budget": "quick", "backbone": "conv4", "classes": 30}}
    return [
        *(record("relation-conv4", "glyphs-5w1s", seed, **keys) for seed in (0, 1)),
        record("relation-conv4", "glyphs-5w5s", 0, **keys),
        record("relation-koch", "glyphs-5w1s", 0, **other),
        record("mine.py:Mine", "glyphs-5w1s", 0, **keys),
    ]


def test_a_page_tells_paper_idea_recipe_and_results(records):
    pages = render_all(build(records))
    assert list(pages) == ["relation"], "a user's own model has no page"
    page = pages["relation"]
    for said in (
        "# Relation networks", "Learning to Compare", "Differences from the paper",
        "`relation-BACKBONE`", "## Backbone conv4", "## Backbone koch", "PairHead, Embedder",
        "| `filters` | 64 |", "of the relation module: figure 2", "`relation-koch`",
    ):  # fmt: skip
        assert said in page, said


def test_runs_show_where_they_leave_the_default(records):
    page = render_all(build(records))["relation"]
    row = next(line for line in page.splitlines() if line.startswith("| `classes` |"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[1] == "10" and sorted(cells[2:4]) == ["12", "30"]


def test_one_command_measures_the_tasks_that_a_recipe_shares(records):
    page = render_all(build(records))["relation"]
    commands = [line for line in page.splitlines() if line.startswith("oneshot run")]
    assert "oneshot run relation-koch --task glyphs-5w1s --seeds 0 --budget quick" in commands
    assert "oneshot run relation-conv4 --task glyphs-5w1s --seeds 0,1 --budget quick" in commands
    assert len(commands) == 3


def test_a_model_without_results_is_told_too(records):
    assert "None are in this folder yet" in render("maml-conv4")
    assert "5-way 1-shot tasks" in render("maml-conv4")
    assert {e.row.key for e in entries_of("relation-koch", build(records))} == {"relation-koch"}
    with pytest.raises(UnknownName, match="Did you mean relation-conv4"):
        render("relation-conv44")


def test_pages_follow_the_records(records, tmp_path: Path):
    save(tmp_path, records)
    models = tmp_path / "models"
    models.mkdir()
    (models / "feat.md").write_text(f"{MADE}# FEAT\n")
    (models / "notes.md").write_text("my own notes\n")
    written = write_leaderboard(tmp_path, figures=False)
    assert written.models == (models / "relation.md",)
    assert sorted(path.name for path in models.iterdir()) == ["notes.md", "relation.md"]
    text = written.page.read_text()
    assert "[relation-conv4](models/relation.md)" in text
    assert "| mine.py:Mine |" in text
