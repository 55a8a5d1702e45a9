"""A budget's label follows from the items that trainings report; unequal items share no ranking."""

from __future__ import annotations

from typing import Any

import pytest
from synthetic_records import TRAINED, record, save

from benchmark.errors import Refused
from benchmark.records.schema import Record
from benchmark.report import cells, latex
from benchmark.report.aggregate import Result
from benchmark.report.columns import SHEET, entries
from benchmark.report.compare import compare
from benchmark.report.frame import to_frame
from benchmark.report.leaderboard import build
from benchmark.report.recipes import budget_of, budgets_of, stated_budget

NONE = {"groups_of": lambda task, episodes: None}
MINE = "my_model.py:Mine"


def trained(
    key: str, items: int, recipe: dict[str, Any], task: str = "glyphs-5w1s", seed: int = 0
) -> Record:
    made = record(key, task, seed, recipe=recipe)
    cost = made.cost.model_copy(update={"training_items": items})
    return made.model_copy(update={"cost": cost})


@pytest.mark.parametrize(
    ("key", "reported", "recipe", "label"),
    [
        (MINE, 640, {"budget": "full"}, "custom 640"),
        (MINE, 640, {"budget": "full", "items": 2_000_000}, "custom 640"),
        (MINE, 2_000_000, {"budget": "quick"}, "full"),
        (MINE, 59_968, {"budget": "quick"}, "quick"),
        (MINE, 6_000, {"budget": "quick", "items": 6_000}, "custom 6000"),
        (MINE, 0, {"budget": "standard"}, "custom 0"),
        (MINE, 0, {"budget": "none"}, None),
        (MINE, 640, {"budget": "none"}, "custom 640"),
        (MINE, 640, {}, "custom 640"),
        ("prototypical-conv4", 399_960, {"budget": "standard", "items": 400_000}, "standard"),
        ("siamese-koch-cosine-nt-xent", 6_000, {"budget": "quick", "items": 6_000}, "quick 6000"),
        ("prototypical-conv4", 640, {"budget": "full", "items": 2_000_000}, "custom 640"),
        ("prototypical-conv4", 249_856, {"budget": "custom", "items": 250_000}, "custom 250000"),
    ],
)
def test_the_label_follows_from_the_items(key, reported, recipe, label):
    assert budget_of([trained(key, reported, recipe)]) == label


def test_the_same_number_has_another_name_on_other_data():
    vectors = {"budget": "quick"}
    assert budget_of([trained(MINE, 12_000, vectors, "mini-imagenet-5w1s")]) == "quick"
    assert budget_of([trained(MINE, 12_000, vectors, "glyphs-5w1s")]) == "custom 12000"


def test_seeds_of_one_recipe_share_a_label_though_one_stopped_early():
    seeds = [trained(MINE, items, {"budget": "full"}, seed=n) for n, items in enumerate((640, 512))]
    (ranking,) = build(seeds, **NONE).sections[0].rankings
    assert ranking.budget == "custom 640" and len(ranking.rows[0].results[0].seeds) == 2


def test_a_failure_alone_keeps_the_budget_that_was_asked_for():
    failed = record(MINE, recipe={"budget": "full"}, failed="no memory")
    assert budget_of([failed.model_copy(update={"cost": type(failed.cost)()})]) == "full"


def test_a_small_training_is_not_ranked_among_large_ones(tmp_path):
    full = {"budget": "full", "items": 2_000_000}
    small = trained(MINE, 640, {"budget": "full"})
    others = [trained("prototypical-conv4", 2_000_000, full)]
    found = {
        row.key: ranking.budget
        for ranking in build([small, *others], **NONE).sections[0].rankings
        for row in ranking.rows
    }
    assert found == {MINE: "custom 640", "prototypical-conv4": "full"}
    save(tmp_path, [small, *others])
    with pytest.raises(Refused, match="custom 640 and full.*--across budgets"):
        compare(tmp_path, MINE, "prototypical-conv4")
    assert len(compare(tmp_path, MINE, "prototypical-conv4", across=["budgets"])) == 1
    assert list(to_frame([small, *others])["budget"]) == ["custom 640", "full"]


FINAL = {"budget": "custom", "items": 480_000, "final_fit": True}


def test_a_final_fit_counts_twice_and_is_marked_in_every_table():
    """The second training may stop earlier, with another number of items for each seed."""
    both = [
        trained("siamese-best", items, FINAL, seed=seed)
        for seed, items in enumerate((900_000, 840_000))
    ]
    other = trained("prototypical-conv4", 480_000, FINAL | {"final_fit": False})
    board = build([*both, other], **NONE)
    found = {
        row.key: (ranking.budget, row.results[0])
        for ranking in board.sections[0].rankings
        for row in ranking.rows
    }
    budget, result = found["siamese-best"]
    assert budget == "custom 960000 with final fit"
    assert cells.SAW_VALIDATION in cells.marks(result)
    assert found["prototypical-conv4"][0] == "custom 480000"
    assert cells.SAW_VALIDATION not in cells.marks(found["prototypical-conv4"][1])
    assert any("validation classes" in note for note in cells.notes([result]))
    (column,) = [column for column in SHEET if column.title == "saw_validation"]
    assert {e.row.key: column.value(e) for e in entries(board)} == {
        "siamese-best": "1", "prototypical-conv4": "0",
    }  # fmt: skip
    assert r"$\diamond$" in latex.render(board.sections[0], 3, "x")


def test_a_model_that_says_it_learned_from_validation_is_marked_too():
    made = record(MINE, recipe=TRAINED)
    model = made.model.model_copy(update={"seen": ["glyphs/train", "glyphs/validation"]})
    board = build([made.model_copy(update={"model": model})], **NONE)
    result: Result = board.sections[0].rankings[0].rows[0].results[0]
    assert result.saw_validation


def test_the_committed_final_fits_are_labelled_and_others_keep_their_names(committed):
    labels = budgets_of(committed)
    assert labels
    for (track, key, _), label in labels.items():
        final = key.startswith("siamese-best")
        assert (label or "").endswith("with final fit") == final, (track, key)
    stated = {stated_budget(each.model.recipe) for each in committed}
    assert {"quick", "standard", "full", "custom", None} <= stated
    named = {label for label in labels.values() if label and " " not in label}
    assert named == {"quick", "standard", "full"}
