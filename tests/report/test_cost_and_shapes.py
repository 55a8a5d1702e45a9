"""Cost, ways and shots, reliability: drawn where the records suffice, with the records' numbers."""

from __future__ import annotations

import csv
from io import StringIO

import numpy as np
import pytest
from synthetic_records import FIXED, TRAINED, record

from benchmark.records.schema import Calibration, Cost, Record
from benchmark.records.store import encode
from benchmark.report.analysis import analyse
from benchmark.report.columns import DETAILS, Entry
from benchmark.report.figures import cost, labels, reliability, shapes
from benchmark.report.leaderboard import build

NONE = {"groups_of": lambda task, episodes: None}


def changed(made: Record, **fields) -> Record:
    content = made.model_dump(by_alias=True, exclude={"id"})
    return Record.model_validate(content | {k: v.model_dump() for k, v in fields.items()})


def rows(picture):
    return list(csv.DictReader(StringIO(picture.files[f"{picture.stem}.csv"].decode())))


def section(records):
    return build(records, **NONE).sections[0]


def costly(key, items, seconds, seed=0, on=None):
    paid = Cost(
        training_items=items, training_milliseconds=int(1000 * seconds), parameters=7,
        training_device=on,
    )  # fmt: skip
    return changed(record(key, "glyphs-20w1s", seed, recipe=TRAINED), cost=paid)


def test_cost_tells_means_over_seeds():
    records = [costly("a", 1000, 10), costly("a", 3000, 20, seed=1), costly("b", 9000, 7)]
    records.append(record("pixels-cosine", "glyphs-20w1s", recipe=FIXED))
    picture = cost.draw(section(records))
    assert picture is not None and picture.stem == "cost-glyphs"
    found = {row["model"]: row for row in rows(picture)}
    told = {m: (row["training_items"], float(row["training_seconds"])) for m, row in found.items()}
    assert told == {"a": ("2000", 15), "b": ("9000", 7), "pixels-cosine": ("0", 0)}
    mine = [r for r in records if r.model.key == "a"]
    expected = np.mean([np.mean(r.outcome.correct) / r.outcome.of for r in mine])
    assert float(found["a"]["accuracy"]) == pytest.approx(expected, abs=1e-6)
    assert "machine" in picture.caption


def test_seconds_of_a_gpu_are_told_and_not_mixed_with_others():
    gpu = "cuda: H100"
    records = [costly("a", 1000, 10), costly("a", 1000, 1, seed=1, on=gpu), costly("c", 500, 5)]
    assert "GPU" not in cost.draw(section([*records, costly("b", 9000, 70)])).caption
    made = section([*records, costly("b", 9000, 7, on=gpu), costly("b", 9000, 9, seed=1, on=gpu)])
    picture = cost.draw(made)
    assert "hollow: trained on a GPU" in picture.caption
    told = {r["model"]: (float(r["training_seconds"]), r["training_device"]) for r in rows(picture)}
    assert told == {"a": (10, "cpu"), "b": (8, gpu), "c": (5, "cpu")}
    (column,) = [c for c in DETAILS if c.title == "Training seconds"]
    shown = {
        row.key: column.value(Entry(made, ranking, row, row.results[0]))
        for ranking in made.rankings
        for row in ranking.rows
    }
    assert shown == {"a": "10", "b": "8 (GPU)", "c": "5"}


def test_a_record_tells_where_it_was_trained_only_where_that_is_elsewhere():
    assert b"training_device" not in encode(costly("a", 1000, 10))
    assert b'"training_device": "cuda: H100"' in encode(costly("a", 1000, 10, on="cuda: H100"))
    assert costly("a", 1, 1).id == costly("a", 1, 1, on="cuda: H100").id


def test_equal_costs_and_two_models_are_no_figure():
    assert cost.draw(section([costly(key, 1000, 10) for key in "abc"])) is None
    assert cost.draw(section([costly("a", 1000, 10), costly("b", 9000, 70)])) is None
    fixed = [record(key, "glyphs-20w1s", recipe=FIXED) for key in "abc"]
    assert cost.draw(section(fixed)) is None
    apart = [costly("a", 1000, 10), costly("b", 1000, 11), costly("c", 1000, 16)]
    assert cost.draw(section(apart)) is not None


def test_shapes_join_ranked_and_unranked_tasks():
    tasks = ("glyphs-5w1s", "glyphs-5w5s", "glyphs-20w1s", "glyphs-10w1s")
    records = [record("a", task, recipe=TRAINED) for task in tasks]
    records.append(record("only-one", "glyphs-5w1s", recipe=TRAINED))
    board = build(records, **NONE)
    assert [s.kind for s in board.sections] == ["ranked", "unranked"]
    picture = shapes.draw(board, board.sections[0])
    assert picture is not None and picture.stem == "shapes-glyphs"
    found = {(int(row["ways"]), int(row["shots"])): row for row in rows(picture)}
    assert sorted(found) == [(5, 1), (5, 5), (10, 1), (20, 1)]
    for r in records[:4]:
        row = next(row for row in found.values() if row["task"] == r.task.name)
        accuracy = np.mean(r.outcome.correct) / r.outcome.of
        assert row["model"] == "a" and float(row["accuracy"]) == pytest.approx(accuracy, abs=1e-6)
        assert float(row["chance"]) == pytest.approx(1 / int(row["ways"]))
    lines = [len(r.results) for r in board.sections[0].rankings[0].rows]
    assert lines == [3, 3]  # "only-one" has holes, and no place in the figure


def test_shapes_need_two_along_one_axis_of_one_family():
    apart = [record("a", task) for task in ("glyphs-5w5s", "glyphs-20w1s")]
    board = build(apart, **NONE)
    assert shapes.draw(board, board.sections[0]) is None
    families = [record("a", task) for task in ("omniglot-within-5w1s", "omniglot-lake-20w1s")]
    board = build(families, **NONE)
    assert shapes.draw(board, board.sections[0]) is None
    assert shapes.shape_of("glyphs-5w1s-dirichlet") is None
    assert shapes.shape_of("my-own-10w3s") == ("my-own", (10, 3))


def calibrated(seed, answers, correct, confidence):
    bins = Calibration(
        temperature_millionths=10**6, answers=answers, correct=correct,
        confidence_millionths=[round(10**6 * each) for each in confidence],
    )  # fmt: skip
    return changed(record("a", "glyphs-20w1s", seed, recipe=TRAINED), calibration=bins)


def test_reliability_adds_the_seeds_up():
    records = [
        calibrated(0, [10, 20, 0], [5, 18, 0], [4, 17, 0]),
        calibrated(1, [10, 0, 0], [1, 0, 0], [2, 0, 0]),
        record("b", "glyphs-20w1s", recipe=TRAINED),
    ]
    board = build(records, **NONE)
    analysis = analyse(board, records, **NONE)
    picture = reliability.draw(board.sections[0], analysis.measured)
    assert picture is not None and picture.stem == "reliability-glyphs"
    found = rows(picture)
    assert {row["model"] for row in found} == {"a"}
    assert [(row["answers"], row["correct"]) for row in found] == [
        ("20", "6"), ("20", "18"), ("0", "0")
    ]  # fmt: skip
    assert (float(found[0]["confidence"]), float(found[0]["accuracy"])) == (0.3, 0.3)
    assert found[2]["confidence"] == found[2]["accuracy"] == ""
    # |6 - 6| + |18 - 17| of 40 answers
    assert {float(row["expected_calibration_error"]) for row in found} == {0.025}
    row = board.sections[0].rankings[0].rows[0]
    entry = Entry(board.sections[0], board.sections[0].rankings[0], row, row.results[0])
    assert next(c.value(entry) for c in DETAILS if c.title == "ECE") == "2.5"


def test_reliability_needs_counts_with_the_same_bins():
    plain = [record("a", "glyphs-20w1s", recipe=TRAINED)]
    unlike = [calibrated(0, [1], [1], [1]), calibrated(1, [1, 1], [1, 1], [1, 1])]
    for records in (plain, unlike):
        board = build(records, **NONE)
        measured = analyse(board, records, **NONE).measured
        assert reliability.draw(board.sections[0], measured) is None


def test_names_in_the_margin_keep_apart_their_order_and_the_range():
    random = np.random.default_rng(0)
    for _ in range(50):
        wanted = random.choice([0.5, 0.501, 0.9, 0.1], 12) + random.normal(0, 0.01, 12)
        found = np.array(labels.spread(wanted.tolist(), 0.05, 0.0, 1.0))
        order = np.argsort(wanted, kind="stable")
        assert (np.diff(found[order]) >= 0.05 - 1e-9).all()
        assert found.min() >= -1e-9 and found.max() <= 1 + 1e-9
    assert labels.spread([0.2, 0.8], 0.1, 0, 1) == pytest.approx([0.2, 0.8])
    assert labels.spread([0.5, 0.5], 0.1, 0, 1) == pytest.approx([0.45, 0.55])
