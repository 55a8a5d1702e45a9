"""The tasks' pages: every ranked task has one, with what is asked, the pins and the results."""

import pytest
from synthetic_records import FIXED, TRAINED, record, save

from benchmark.errors import UnknownName
from benchmark.report.leaderboard import build
from benchmark.report.task_pages import MADE, render, render_all
from benchmark.report.write import write_leaderboard
from benchmark.tasks.catalogue import RANKED, task
from benchmark.tasks.loading import pins


def rows_of(page, heading):
    """First cells of the table below a heading."""
    table = page.split(f"### {heading}\n\n")[1].split("\n\n")[0].splitlines()[2:]
    return [row.strip("| ").split(" | ")[0] for row in table]


def test_every_ranked_task_has_a_page_with_its_pins():
    pages = render_all(build([]))
    assert tuple(pages) == RANKED
    for name, page in pages.items():
        assert page.startswith(MADE) and f"oneshot run MODEL --task {name}\n" in page
        assert "None are in this folder yet" in page
        pin = pins()[name if task(name).folds == 1 else f"{name}/fold-0"]
        assert pin["episode_digest"] in page and pin["data_digest"] in page
        assert f"| Questions | {pin['episodes']:,} |" in page
        assert ("| Chance |" in page) == (task(name).protocol in ("episodes", "identification"))


def test_a_page_says_what_is_asked_of_whom():
    lake, vinyals = render("omniglot-lake-20w1s", []), render("omniglot-vinyals-5w5s", [])
    assert "20 official runs of Lake et al. (2015)" in lake and "25 alphabets" in lake
    assert "5 classes are shown by 5 items each" in vinyals
    assert "every quarter turn" in vinyals and "quarter turn" not in lake
    assert "further classes" in vinyals and "without 4 classes" in vinyals
    assert "unevenly many" in render("glyphs-5w1s-dirichlet", [])
    trials = render("glyphs-verification", [])
    assert all(f"{kind.trials:,} {kind.name}" in trials for kind in task(
        "glyphs-verification").kinds)  # fmt: skip
    assert "tested on omniglot" in render("glyphs-to-omniglot-within-20w1s", [])
    with pytest.raises(UnknownName):
        render("glyphs-5w", [])


def test_results_stand_apart_by_terms_and_the_best_stands_first():
    records = [
        record("siamese-conv4-cosine-triplet", seed=0, skill=0.6, recipe=TRAINED),
        record("prototypical-conv4", seed=0, skill=0.9, recipe=TRAINED),
        record("prototypical-conv4", seed=1, skill=0.9, recipe=TRAINED | {"budget": "standard"}),
        record("mine.py:Mine", skill=0.7, recipe=TRAINED),
        record("chance", skill=0.0, recipe=FIXED),
        record("chance", "glyphs-5w5s", skill=0.0, recipe=FIXED),
    ]
    page = render_all(build(records))["glyphs-5w1s"]
    assert rows_of(page, "Pool inductive, budget quick") == [
        "[prototypical-conv4](../models/prototypical.md)", "mine.py:Mine",
        "[siamese-conv4-cosine-triplet](../models/siamese.md)",
    ]  # fmt: skip
    assert rows_of(page, "Pool inductive, budget none") == ["[chance](../models/chance.md)"]
    assert len(rows_of(page, "Pool inductive, budget standard")) == 1


def test_pages_are_written_and_led_to(tmp_path):
    save(tmp_path, [record("chance", "glyphs-5w1s", recipe=FIXED)])
    outdated = tmp_path / "tasks" / "glyphs-3w1s.md"
    outdated.parent.mkdir()
    outdated.write_text(f"{MADE}\n# glyphs-3w1s\n")
    written = write_leaderboard(tmp_path, figures=False)
    assert {path.stem for path in written.tasks} == set(RANKED) and not outdated.exists()
    assert "[glyphs-5w1s](tasks/glyphs-5w1s.md)" in written.page.read_text("utf-8")
