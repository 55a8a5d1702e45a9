"""The headline: one budget a track, recipes and twins chosen on validation, nothing hidden."""

from __future__ import annotations

import csv
from io import StringIO

import numpy as np
import pytest
from synthetic_records import TRAINED, record

from benchmark.report.figures import headline as figure
from benchmark.report.leaderboard import build
from benchmark.report.summary_table import headline, render

METHODS = ("prototypical-conv4", "matching-conv4", "feat-conv4", "r2d2-conv4", "ridge-conv4")
MAIN, OTHER = "glyphs-20w1s", "glyphs-5w1s"


def trained(model, task=MAIN, skill=0.5, seed=0, **recipe):
    return record(model, task, seed, skill=skill, recipe=TRAINED | recipe)


def methods(budget="quick", count=5):
    return [
        trained(key, task, 0.5 + 0.05 * n, budget=budget)
        for n, key in enumerate(METHODS[:count])
        for task in (MAIN, OTHER)
    ]


def twins(**skills):
    return [
        trained(f"siamese-conv4-{name.replace('_', '-')}", skill=s) for name, s in skills.items()
    ]


def test_there_is_none_without_methods_enough():
    assert headline(build(methods())) is None
    fixed = [record("chance", MAIN, recipe={"budget": "none"})]
    assert headline(build([*methods(), *fixed])) is None  # nothing is trained there
    many = twins(cosine_triplet=0.5, euclidean_triplet=0.5, manhattan_triplet=0.5)
    assert headline(build([*methods(count=4), *many])) is None  # Siamese networks are one method
    assert headline(build([*methods(), *many])) is not None


def test_the_budget_with_the_most_methods_and_the_best_twin_on_validation():
    made = [*methods(), *methods("full", 3), *twins(cosine_triplet=0.7, cosine_nt_xent=0.2)]
    found = headline(build(made))
    (part,) = found.parts
    assert part.ranking.budget == "quick"
    assert [column.name for column in part.columns] == [MAIN, OTHER]
    keys = [line.key for line in found.lines]
    assert set(keys) == {*METHODS, "siamese-conv4-cosine-triplet"}
    means = [line.rows[0].results[part.positions[0]].accuracy.mean for line in found.lines]
    assert means == sorted(means, reverse=True)


def test_of_several_recipes_validation_decides():
    weak, strong = (trained("ridge-conv4", skill=s, weight_decay=s) for s in (0.3, 0.8))
    # On the test the order is the other way round.
    weak, strong = (
        a.model_copy(update={"outcome": b.outcome}) for a, b in ((weak, strong), (strong, weak))
    )
    found = headline(build([*methods(count=4), *twins(cosine_triplet=0.6), weak, strong]))
    (line,) = [line for line in found.lines if line.key == "ridge-conv4"]
    assert line.rows[0].recipe["weight_decay"] == 0.8


def test_the_table_and_the_sheet_of_the_figure_say_the_same():
    found = headline(build([*methods(), *twins(cosine_triplet=0.95)]))
    lines = render(found, ("caption", "figures/headline.svg"))
    assert "![caption](figures/headline.svg)" in lines
    table = [line for line in lines if line.startswith("| ")]
    assert table[0].startswith(f"| Model | [{MAIN}](tasks/{MAIN}.md) | [{OTHER}]")
    best = next(line for line in table if "siamese" in line)
    assert best.count("**") == 2 and best.endswith("| not run |")
    picture = figure.draw(found)
    rows = list(csv.DictReader(StringIO(picture.files["headline.csv"].decode())))
    assert len(rows) == 2 * len(METHODS) + 1
    for row in rows:
        (shown,) = [line for line in table if line.startswith(f"| [{row['model']}](models/")]
        assert f"{100 * float(row['accuracy']):.1f} ± " in shown
    svg = picture.files["headline.svg"].decode()
    assert all(row["model"] in svg for row in rows)


def test_a_wide_interval_does_not_stretch_the_axis():
    apart = [trained("relation-conv4", skill=s, seed=n) for n, s in enumerate((0.1, 0.95))]
    found = headline(build([*methods(), *apart]))
    results = [figure._main(found, line)[0] for line in found.lines]
    low, high = figure._ends(results)
    assert max(r.accuracy.half_width for r in results) > figure.WIDE
    means = [100 * r.accuracy.mean for r in results]
    assert low < min(means) and max(means) < high
    assert high - low < 1.2 * (np.ptp(means) + 200 * figure.WIDE)


@pytest.mark.parametrize("order", [1, -1])
def test_the_order_of_the_records_does_not_matter(order):
    made = [*methods(), *twins(cosine_triplet=0.6, euclidean_triplet=0.6)]
    assert render(headline(build(made[::order]))) == render(headline(build(made)))
