"""The hardest questions are what the records say: models weigh the same, prefixes do not count."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from synthetic_pairs import pair_record
from synthetic_records import TRAINED, record

from benchmark.errors import OneshotError
from benchmark.report.hardest import hardest
from benchmark.tasks import task
from benchmark.tasks.labels import trial_labels
from benchmark.tasks.loading import pins

NAME = "glyphs-5w1s"
TASK = replace(task(NAME), episodes=400)


def several():
    return [
        *(record("a", NAME, seed, skill=0.6, recipe=TRAINED) for seed in range(3)),
        record("b", NAME, skill=0.4),
    ]


def test_models_weigh_the_same_whatever_their_seeds() -> None:
    records = several()
    found = hardest(records, TASK, records[0].task.episode_digest, 12)
    share = [np.array(r.outcome.correct) / r.outcome.of for r in records]
    means = (np.mean(share[:3], axis=0) + share[3]) / 2
    assert found.questions.tolist() == np.argsort(means, kind="stable")[:12].tolist()
    assert found.right == pytest.approx(np.sort(means)[:12])
    assert (found.models, found.shorter) == (2, 0)


def test_records_of_a_prefix_and_of_other_tasks_are_left_out() -> None:
    records = several()
    digest = records[0].task.episode_digest
    plain = hardest(records, TASK, digest, 5)
    short = record("c", NAME, episodes=100, recipe=TRAINED)
    others = [
        record("a", "glyphs-20w1s"),
        record("d", NAME, version=9),
        record("e", NAME, failed="x"),
    ]
    found = hardest([*records, short, *others], TASK, digest, 5)
    assert found.questions.tolist() == plain.questions.tolist()
    assert (found.models, found.shorter) == (2, 1)


def test_trials_are_hard_one_by_one() -> None:
    name = "glyphs-verification"
    records = [pair_record(f"m{n}", name, 1.0 + n / 10) for n in range(3)]
    found = hardest(records, task(name), pins()[name]["episode_digest"], 30)
    same = trial_labels(name, 15_000).same
    odds = np.array([r.outcome.thousandths for r in records])
    wrong = ((odds > 0) != same).sum(axis=0)
    missed = np.flatnonzero(wrong == 3)
    assert len(missed) > 30 and (found.right == 0).all()
    # Of those that all models miss: where they are surest of the wrong answer.
    surest = np.where(same, odds, -odds).mean(axis=0)[missed]
    assert found.questions.tolist() == missed[np.argsort(surest)][:30].tolist()


def test_clear_words_where_there_is_nothing_to_tell() -> None:
    records = several()
    digest = records[0].task.episode_digest
    with pytest.raises(OneshotError, match="No record here") as told:
        hardest([], TASK, digest, 12)
    assert "oneshot run" in told.value.hint
    with pytest.raises(OneshotError, match="No record here"):
        hardest([record("c", NAME, episodes=100)], TASK, digest, 12)
    with pytest.raises(OneshotError, match="other questions"):
        hardest(records, TASK, "0" * 64, 12)
    with pytest.raises(OneshotError, match="asks for no question"):
        hardest(records, TASK, digest, 0)
