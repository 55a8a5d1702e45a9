"""The critical difference over data sets: which count, and the numbers against scipy."""

from __future__ import annotations

import csv
import math
from io import StringIO

import numpy as np
import pytest
from scipy import stats
from synthetic_records import TRAINED, record

from benchmark.report import effects_text
from benchmark.report.analysis import analyse
from benchmark.report.figures import ranks
from benchmark.report.leaderboard import build

FIVE = (
    "glyphs-20w1s", "omniglot-within-20w1s", "mini-imagenet-5w1s", "orl-faces-5w1s",
    "languages-20w1s",
)  # fmt: skip
SIX = (*FIVE, "stamps-5w1s")
SKILLS = {"a": 0.5, "b": 0.55, "c": 0.6, "d": 0.2}


def groups_of(task, episodes):
    return np.arange(episodes) % 5


def made(tasks=SIX, models=SKILLS):
    return [record(m, task, skill=s, recipe=TRAINED) for m, s in models.items() for task in tasks]


def analysed(records):
    return analyse(build(records, groups_of), records, groups_of)


def test_six_data_sets_give_friedman_and_nemenyi():
    records = made()
    analysis = analysed(records)
    picture = ranks.draw(analysis.across)
    assert picture is not None and picture.stem == "ranks"
    rows = list(csv.DictReader(StringIO(picture.files["ranks.csv"].decode())))
    accuracy = {(r.model.key, r.task.name): np.mean(r.outcome.correct) / r.outcome.of
                for r in records}  # fmt: skip
    scores = np.array([[accuracy[m, task] for m in SKILLS] for task in SIX])
    mean = dict(zip(SKILLS, stats.rankdata(-scores, axis=1).mean(axis=0), strict=True))
    test = stats.friedmanchisquare(*scores.T)
    critical = stats.studentized_range.ppf(0.95, 4, np.inf) * math.sqrt(4 * 5 / (12 * 6))
    assert [row["model"] for row in rows] == sorted(SKILLS, key=lambda m: mean[m])
    for row in rows:
        assert float(row["mean_rank"]) == pytest.approx(mean[row["model"]], abs=1e-6)
        assert float(row["friedman_p"]) == pytest.approx(test.pvalue, abs=1e-6)
        assert float(row["critical_difference"]) == pytest.approx(critical, abs=1e-5)
        assert float(row["low"]) <= mean[row["model"]] <= float(row["high"])
        assert row["data_sets"] == "6" and set(row["tasks"].split()) == set(SIX)
    text = "\n".join(effects_text.render(analysis, (("Ranks", "figures/ranks.svg"),)))
    assert f"critical difference {critical:.2f}" in text and "(figures/ranks.svg)" in text


@pytest.mark.parametrize(
    "tasks",
    [
        FIVE,
        # Another track on the same data set is no further witness.
        (*FIVE, "omniglot-minimal1-within-20w1s"),
        (*FIVE, "omniglot-vinyals-20w1s"),
    ],
)
def test_fewer_than_six_data_sets_give_nothing(tasks):
    assert analysed(made(tasks)).across == () and ranks.draw(()) is None


def test_two_models_give_nothing_and_holes_leave_a_model_out():
    assert analysed(made(models={"a": 0.5, "b": 0.6})).across == ()
    records = [r for r in made() if (r.model.key, r.task.name) != ("d", "stamps-5w1s")]
    (found,) = analysed(records).across
    assert found.models == ("a", "b", "c")


def test_budgets_are_never_mixed():
    full = TRAINED | {"budget": "full"}
    records = [r for r in made() if r.model.key != "d"]
    records += [record("d", task, skill=0.4, recipe=full) for task in SIX]
    (found,) = analysed(records).across
    assert found.ranking.budget == "quick" and "d" not in found.models
