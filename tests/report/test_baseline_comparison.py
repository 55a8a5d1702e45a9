"""Differences to a reference and ranks: chosen on validation, computed as by hand."""

from __future__ import annotations

import csv
from io import StringIO

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from synthetic_records import FIXED, TRAINED, record

from benchmark.records.schema import Record
from benchmark.report import effects_text
from benchmark.report.analysis import analyse
from benchmark.report.baseline_comparison import BY_ACCURACY, BY_VALIDATION
from benchmark.report.figures import forest
from benchmark.report.leaderboard import build

MAIN = "omniglot-within-20w1s"
SKILLS = {"best-on-test": 0.9, "chosen": 0.85, "third": 0.6}
MODELS = {"best-on-test": 40, "chosen": 60, "third": 30}  # correct of 75 on validation


def groups_of(task, episodes):
    return np.arange(episodes) % 8


def validated(made: Record, correct: int | None) -> Record:
    """The record with this many correct answers in each validation episode, or no validation."""
    content = made.model_dump(by_alias=True, exclude={"id"})
    if correct is None:
        content["validation"] = None
    else:
        content["validation"]["outcome"]["correct"] = [correct] * 100
    return Record.model_validate(content)


def records(validation=MODELS):
    return [
        validated(record(key, task, skill=skill, recipe=FIXED), validation.get(key))
        for key, skill in SKILLS.items()
        for task in (MAIN, "omniglot-lake-20w1s")
    ]


def analysed(made, groups=groups_of):
    board = build(made, groups)
    return board, analyse(board, made, groups)


def of(made, key):
    """Accuracies of episodes on the main task."""
    found = next(r for r in made if (r.model.key, r.task.name) == (key, MAIN))
    return np.array(found.outcome.correct) / found.outcome.of


def test_the_reference_is_the_highest_on_validation_not_on_the_test():
    made = records()
    board, analysis = analysed(made)
    assert board.sections[0].rankings[0].rows[0].key == "best-on-test"
    (found,) = analysis.differences
    assert (found.reference.key, found.chosen_by) == ("chosen", BY_VALIDATION)
    assert found.column.task.name == MAIN  # of two tasks the one that chooses
    assert sorted(each.row.key for each in found.rows) == ["best-on-test", "third"]


def test_without_validation_the_highest_on_the_test_is_the_reference_and_that_is_said():
    board, analysis = analysed(records(validation={}))
    (found,) = analysis.differences
    assert (found.reference.key, found.chosen_by) == ("best-on-test", BY_ACCURACY)
    picture = forest.draw(board.sections[0], analysis.differences)
    assert picture is not None and "do not account for that choice" in picture.caption
    assert "do not account for that choice" in "\n".join(effects_text.render(analysis))


def test_the_forest_tells_the_paired_intervals_and_tests():
    made = records()
    board, analysis = analysed(made)
    picture = forest.draw(board.sections[0], analysis.differences)
    assert picture is not None and picture.stem == "forest-omniglot-background"
    rows = list(csv.DictReader(StringIO(picture.files[f"{picture.stem}.csv"].decode())))
    assert [row["model"] for row in rows] == ["best-on-test", "third"]
    by_hand = []
    for row in rows:
        apart = of(made, row["model"]) - of(made, "chosen")
        grouped = np.array([apart[np.arange(400) % 8 == g].mean() for g in range(8)])
        test = stats.ttest_1samp(grouped, 0)
        by_hand.append(test.pvalue)
        assert float(row["difference"]) == pytest.approx(apart.mean(), abs=1e-6)
        for kind, values in (("images", apart), ("classes", grouped)):
            low, high = stats.t.interval(
                0.95, len(values) - 1, loc=values.mean(), scale=stats.sem(values)
            )
            shown = float(row[f"{kind}_low"]), float(row[f"{kind}_high"])
            assert shown == pytest.approx((low, high), abs=2e-6)
        assert float(row["p"]) == pytest.approx(test.pvalue, abs=1e-6)
        assert row["units"] == "8" and row["reference"] == "chosen"
    adjusted = multipletests(by_hand, method="holm")[1]
    assert [float(row["p_holm"]) for row in rows] == pytest.approx(adjusted, abs=1e-6)


def test_one_model_or_one_seed():
    alone = [record("a", MAIN, recipe=TRAINED)]
    assert analysed(alone)[1].differences == ()
    two = [
        record(key, MAIN, skill=skill, recipe=TRAINED) for key, skill in (("a", 0.5), ("b", 0.6))
    ]
    board, analysis = analysed(two)
    (found,) = analysis.differences
    assert not found.rows[0].images.covers_training
    # Two models are one difference: a figure, and no table.
    assert forest.draw(board.sections[0], analysis.differences) is not None
    assert effects_text.render(analysis) == []


def test_pools_and_budgets_have_references_of_their_own():
    made = [
        record(f"{pool}-{n}", MAIN, skill=0.5 + n / 10, recipe=TRAINED, pool=pool)
        for pool in ("inductive", "transductive")
        for n in range(2)
    ]
    found = analysed(made)[1].differences
    assert [each.ranking.pool for each in found] == ["inductive", "transductive"]
    assert all(len(each.rows) == 1 for each in found)


def test_without_groups_only_these_images_are_told():
    board, analysis = analysed(records(), lambda task, episodes: None)
    (found,) = analysis.differences
    assert all(each.classes is None for each in found.rows)
    text = "\n".join(effects_text.render(analysis))
    assert "| chosen | reference |  |  |  |  |" in text and "± " in text
    picture = forest.draw(board.sections[0], analysis.differences)
    assert picture is not None
    row = next(csv.DictReader(StringIO(picture.files[f"{picture.stem}.csv"].decode())))
    assert row["classes_low"] == "" and row["units"] == "400"
