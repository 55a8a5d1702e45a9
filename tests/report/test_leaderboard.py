"""What may stand side by side, what is ranked, what is missing, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from synthetic_records import TASKS, TRAINED, grid, record, save

from benchmark.errors import OneshotError
from benchmark.report import recipes
from benchmark.report.cells import cell
from benchmark.report.frame import COLUMNS, load_records, to_frame
from benchmark.report.leaderboard import build
from benchmark.report.missing_runs import commands
from benchmark.report.write import write_leaderboard

NONE = {"groups_of": lambda task, episodes: None}


def test_rows_are_ordered_by_mean_accuracy_and_ranked() -> None:
    board = build(grid(), **NONE)
    assert [section.track for section in board.sections] == ["glyphs", "omniglot-background"]
    trained, fixed = board.sections[0].rankings
    assert (trained.budget, fixed.budget) == ("quick", None)
    assert trained.rows[0].key == "prototypical-conv4"
    assert [row.rank for row in trained.rows] == list(range(1, len(trained.rows) + 1))
    means = [row.mean for row in fixed.rows]
    assert means == sorted(means, reverse=True)
    assert fixed.rows[-1].key == "chance"
    assert trained.best(0) == {0}


def test_mean_is_over_tasks_and_seeds() -> None:
    records = [
        record("m", task, seed) for task in ("glyphs-5w1s", "glyphs-5w5s") for seed in (0, 1)
    ]
    row = build(records, **NONE).sections[0].rankings[0].rows[0]
    by_hand = [sum(r.outcome.correct) / (75 * 400) for r in records if r.outcome]
    assert row.mean == pytest.approx(np.mean(by_hand))
    assert row.results[0].seed_accuracy == pytest.approx(by_hand[:2])
    assert row.results[0].validation is not None


@pytest.mark.parametrize(
    "other",
    [
        {"pool": "transductive"},
        {"recipe": TRAINED | {"budget": "full"}},
        {"recipe": TRAINED | {"views": 10}},
    ],
)
def test_pools_budgets_and_views_never_share_a_table(other: dict[str, object]) -> None:
    records = [
        record("a", recipe=TRAINED),
        record("b", **({"recipe": TRAINED} | other)),  # type: ignore[arg-type]
    ]
    rankings = build(records, **NONE).sections[0].rankings
    assert sorted(row.key for ranking in rankings for row in ranking.rows) == ["a", "b"]
    assert [len(ranking.rows) for ranking in rankings] == [1, 1]


def test_a_hole_means_no_rank_and_a_command() -> None:
    records = [
        record(m, t, s, recipe=TRAINED) for m in "ab" for t in list(TASKS)[:2] for s in (0, 1)
    ]
    records = [r for r in records if (r.model.key, r.task.name) != ("b", "glyphs-20w1s")]
    board = build(records, **NONE)
    full, holed = board.sections[0].rankings[0].rows
    assert (full.key, full.rank) == ("a", 1)
    assert (holed.key, holed.rank, holed.mean) == ("b", None, None)
    assert [result.state for result in holed.results] == ["ok", "missing"]
    assert commands(board) == ("oneshot run b --task glyphs-20w1s --seeds 0,1 --budget quick",)


def test_a_missing_seed_is_a_hole_too() -> None:
    records = [record("a", "glyphs-5w1s", s) for s in (0, 1)] + [record("a", "glyphs-20w1s", 0)]
    board = build(records, **NONE)
    row = board.sections[0].rankings[0].rows[0]
    assert (row.rank, row.results[1].state, row.results[1].missing) == (None, "partial", (1,))
    assert commands(board) == ("oneshot run a --task glyphs-20w1s --seeds 1",)


def test_a_failure_is_shown_with_its_reason_and_takes_the_rank(tmp_path: Path) -> None:
    records = [record("a", seed=s, recipe=TRAINED) for s in (0, 1)]
    records.append(record("a", seed=2, recipe=TRAINED, failed="loss is not finite"))
    written = write_leaderboard(save(tmp_path, records), figures=False, **NONE)
    row = written.leaderboard.sections[0].rankings[0].rows[0]
    assert (row.rank, row.results[0].state, row.results[0].seeds) == (None, "partial", (0, 1))
    assert "seed 2: loss is not finite" in written.page.read_text("utf-8")
    assert written.commands == (
        "oneshot run a --task glyphs-5w1s --seeds 2 --budget quick --existing redo",
    )


def test_recipes_of_one_model_are_told_apart_and_can_be_typed() -> None:
    one, two = TRAINED | {"margin": 0.2}, TRAINED | {"margin": 0.5}
    records = [
        record("a", recipe=one, settings=("margin=0.2",)),
        record("a", recipe=two),
        record("b", recipe=TRAINED),
    ]
    records.append(record("a", "glyphs-5w5s", recipe=two))
    board = build(records, **NONE)
    rows = {row.label: row for row in board.sections[0].rankings[0].rows}
    labels = {f"a ({r.model.recipe8})" for r in records if r.model.key == "a"}
    assert set(rows) == labels | {"b"}
    assert "oneshot run a --task glyphs-5w5s --seeds 0 --budget quick --set margin=0.2" in commands(
        board
    )


def test_views_and_budgets_of_ones_own_are_typed_as_settings() -> None:
    for recipe, setting, typed in (
        (TRAINED | {"views": 10}, "views=10", "--budget quick --set views=10"),
        (TRAINED | {"budget": "custom", "items": 500}, "items=500", "--set items=500"),
    ):
        records = [
            record("a", "glyphs-5w1s", s, recipe=recipe, settings=(setting,)) for s in (0, 1)
        ]
        board = build([*records, record("a", "glyphs-5w5s", recipe=recipe)], **NONE)
        assert commands(board) == (f"oneshot run a --task glyphs-5w5s --seeds 1 {typed}",)


def test_budgets_of_ones_own_are_told_apart_by_their_items() -> None:
    recipes = [TRAINED | {"budget": "custom", "items": items} for items in (500, 900)]
    section = build([record("a", recipe=recipe) for recipe in recipes], **NONE).sections[0]
    assert [ranking.budget for ranking in section.rankings] == ["custom 900", "custom 500"]


def test_versions_never_share_a_table() -> None:
    records = [record("a"), record("b"), record("b", version=2)]
    sections = build(records, **NONE).sections
    assert [(s.kind, [r.key for r in s.rankings[0].rows]) for s in sections] == [
        ("ranked", ["b"]),
        ("earlier", ["a", "b"]),
    ]
    assert all(row.rank is None for row in sections[1].rankings[0].rows)


def test_unranked_tasks_have_no_ranks() -> None:
    sections = build([record("a", "glyphs-7w2s"), record("b", "glyphs-7w2s")], **NONE).sections
    assert [section.kind for section in sections] == ["unranked"]
    assert all(row.rank is None for row in sections[0].rankings[0].rows)


def test_own_tasks_are_ranked_under_their_own_name() -> None:
    section = build([record("a", "stamps-5w1s")], **NONE).sections[0]
    assert (section.track, section.kind) == ("stamps", "ranked")


def test_validation_twins_are_left_out() -> None:
    board = build([record("a"), record("a", "glyphs-5w1s@validation")], **NONE)
    assert board.records == 1
    assert [len(s.rankings[0].columns) for s in board.sections] == [1]


@pytest.mark.parametrize(("what", "word"), [({"data": "x"}, "data"), ({"drawn": "x"}, "episodes")])
def test_different_questions_are_refused_by_name(what: dict[str, str], word: str) -> None:
    records = [record("a"), record("b"), record("odd-one", **what)]  # type: ignore[arg-type]
    with pytest.raises(OneshotError, match=rf"different {word}.*odd-one") as caught:
        build(records, **NONE)
    assert "oneshot run odd-one --task glyphs-5w1s --seeds 0" in caught.value.hint


def test_a_prefix_pairs_on_the_shortest_and_is_marked(tmp_path: Path) -> None:
    records = [record("a", seed=0, episodes=10_000), record("a", seed=1, episodes=300)]
    records.append(record("b", episodes=10_000))
    written = write_leaderboard(save(tmp_path, records), figures=False, **NONE)
    rows = {row.key: row for row in written.leaderboard.sections[0].rankings[0].rows}
    assert (rows["a"].results[0].episodes, rows["a"].results[0].prefix) == (300, True)
    assert not rows["b"].results[0].prefix
    assert "‡ Not all" in written.page.read_text("utf-8")


def test_one_seed_is_marked_where_training_could_differ(tmp_path: Path) -> None:
    one = write_leaderboard(
        save(tmp_path / "a", [record("a", recipe=TRAINED)]), figures=False, **NONE
    )
    fixed = write_leaderboard(save(tmp_path / "b", [record("a")]), figures=False, **NONE)
    assert "training luck." in one.page.read_text("utf-8").split("† ")[-1]
    assert "†" not in fixed.page.read_text("utf-8")


def test_new_classes_come_from_the_groups_of_the_task() -> None:
    asked = []

    def groups_of(task: str, episodes: int) -> np.ndarray | None:
        asked.append((task, episodes))
        return np.arange(episodes) % 10

    board = build([record("a", "omniglot-lake-20w1s")], groups_of)
    interval = board.sections[0].rankings[0].rows[0].results[0].new_classes
    assert interval is not None and interval.groups == 10
    assert asked == [("omniglot-lake-20w1s", 20)]


def test_the_frame_has_a_row_per_record_and_forgives_bare_recipes(tmp_path: Path) -> None:
    records = [record("a"), record("b", recipe={"model": {"loss": "triplet"}, "views": 3})]
    records.append(record("c", failed="why not"))
    frame = to_frame(records)
    assert list(frame.columns) == list(COLUMNS)
    assert list(frame["views"]) == [1, 3, 1]
    assert list(frame["loss"].fillna("")) == ["", "triplet", ""]
    assert list(frame["status"]) == ["ok", "ok", "failed"]
    assert frame["accuracy"].isna().tolist() == [False, False, True]
    loaded = load_records(save(tmp_path, records))
    assert sorted(loaded["id"]) == sorted(frame["id"])


def test_no_command_is_given_that_would_be_refused() -> None:
    fixed = {**TRAINED, "ways": 5}
    records = [
        record("maml-conv4", "glyphs-5w1s", recipe=fixed),
        record("feat-conv4", "glyphs-5w1s", recipe=TRAINED),
        record("feat-conv4", "glyphs-20w1s", recipe=TRAINED),
        record("feat-conv4", "glyphs-5w5s", recipe=TRAINED),
    ]
    board = build(records, **NONE)
    (command,) = commands(board)
    assert command.startswith("oneshot run maml-conv4 --task glyphs-5w5s")
    (row,) = [row for row in board.sections[0].rankings[0].rows if row.key == "maml-conv4"]
    shown = {result.column.task.name: cell(result) for result in row.results}
    assert (shown["glyphs-20w1s"], shown["glyphs-5w5s"]) == ("other ways", "not run")


def test_longer_budgets_stand_first_then_ones_own_then_none():
    budgets = ["quick", "custom 60000", None, "standard", "custom 500000", "full", "my own"]
    ordered = sorted(budgets, key=recipes.longest_first)
    assert ordered[:3] == ["full", "standard", "quick"]
    assert ordered[3:] == ["custom 500000", "custom 60000", "my own", None]
    for odd in (f"custom {'9' * 5000}", "custom \u00b2"):  # what bent records may hold
        assert sorted([None, odd, "full"], key=recipes.longest_first) == ["full", odd, None]
