"""What more training gives: one line for recipes that differ in their length alone."""

from __future__ import annotations

import csv
from io import StringIO

import numpy as np
import pytest
from synthetic_records import TRAINED, record

from benchmark.records.claims import Claim
from benchmark.records.schema import Cost, Record
from benchmark.report.figures import budgets
from benchmark.report.leaderboard import build


def trained(key: str, items: int, seed: int = 0, **settings: object) -> Record:
    recipe = TRAINED | {"items": items, "budget": f"of {items}"} | settings
    made = record(key, "glyphs-20w1s", seed, recipe=recipe)
    content = made.model_dump(by_alias=True, exclude={"id"})
    return Record.model_validate(content | {"cost": Cost(training_items=items).model_dump()})


def drawn(records, claims=()):
    return budgets.draw(build(records, groups_of=lambda *_: None).sections[0], claims)


def rows(picture):
    return list(csv.DictReader(StringIO(picture.files["budgets-glyphs.csv"].decode())))


def claim(model, accuracy, protocol="same"):
    return Claim(
        task="glyphs-20w1s", method="M", detail="printed", model=model, accuracy=accuracy,
        source="some paper", reliability="seen", protocol=protocol,
    )  # fmt: skip


def test_a_line_joins_lengths_of_one_recipe_and_nothing_else():
    records = [trained("a", n, seed) for n in (500, 2000, 1000) for seed in (0, 1)]
    records += [trained("b", 1000), trained("c", 500), trained("c", 1000, margin=0.7)]
    picture = drawn(records)
    assert {row["model"] for row in rows(picture)} == {"a"}
    assert [(row["training_items"], row["seeds"]) for row in rows(picture)] == [
        ("500", "2"), ("1000", "2"), ("2000", "2"),
    ]  # fmt: skip
    for row in rows(picture):
        mine = [r for r in records if r.model.key == "a"]
        right = [
            r.outcome.correct for r in mine if r.cost.training_items == int(row["training_items"])
        ]
        expected = np.mean(right) / mine[0].outcome.of
        assert float(row["accuracy"]) == pytest.approx(expected, abs=1e-6)
    assert drawn([r for r in records if r.model.key != "a"]) is None


def test_published_numbers_of_the_same_protocol_stand_beside():
    records = [trained("a", 500), trained("a", 1000)]
    without, beside = drawn(records), drawn(records, [claim("a", 71.0)])
    assert "published" in beside.caption and "published" not in without.caption
    *measured, printed = rows(beside)
    assert measured == rows(without) and printed["published_by"] == "some paper"
    assert (printed["model"], float(printed["accuracy"]), printed["low"]) == ("a", 0.71, "")
    others = [claim("b", 71.0), claim(None, 70.0), claim("a", 70.0, "near")]
    assert drawn(records, others) == without
