"""The test for people as data: pinned questions, faithful drawings, and who stands beside."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from synthetic_records import TRAINED, record, save

from benchmark.datasets import glyphs
from benchmark.records.claims import Claim
from benchmark.report.leaderboard import build
from benchmark.report.page.parts import embedded
from benchmark.report.play import beside
from benchmark.report.play.drawings import DIGITS, pack
from benchmark.report.play.page import alone
from benchmark.report.play.questions import GLYPHS, LAKE, on_glyphs, on_lake
from benchmark.tasks import load_task
from benchmark.tasks.episodes import Episodes
from benchmark.tasks.loading import LoadedTask

TASK = "glyphs-20w1s"


def unpack(text: str, side: int) -> np.ndarray:
    """bool [side, side], read bit by bit as the format's description says."""
    bits = iter("".join(format(DIGITS.index(letter), "06b") for letter in text))

    def gap() -> int:
        zeros = 0
        while next(bits) == "0":
            zeros += 1
        return int("1" + "".join(next(bits) for _ in range(zeros + 3)), 2) - 8

    known = np.zeros((side + 1, side + 1), dtype=bool)
    wrong = gap()
    for place in range(side * side):
        y, x = divmod(place, side)
        above, left, corner = known[y, x + 1], known[y + 1, x], known[y, x]
        known[y + 1, x + 1] = (left if above == corner else above) ^ (place == wrong)
        if place == wrong:
            wrong += gap() + 1
    return known[1:, 1:]


@pytest.mark.parametrize("ink", [0.0, 0.02, 0.5, 1.0])
def test_what_is_packed_can_be_read_again(ink: float) -> None:
    images = np.random.default_rng(3).random((4, 37, 37)) < ink
    packed = pack(np.where(images, 255, 0).astype(np.uint8))
    assert all(np.array_equal(unpack(text, 37), i) for text, i in zip(packed, images, strict=True))


def test_glyphs_are_asked_as_they_are_pinned_and_drawn_as_they_are() -> None:
    test, episodes = on_glyphs(), load_task(GLYPHS).episodes.first(20)
    images = glyphs.load().images()[:, 0] > 0
    assert len(test.trials) == 20 and [trial[0] for trial in test.trials] == [*range(20)]
    for episode, query, answer in test.trials:
        assert answer == episodes.labels[episode, 0]
        assert np.array_equal(
            unpack(test.drawings[query], 105), images[episodes.queries[episode, 0]]
        )
        for place, item in zip(
            test.supports[episode][:3], episodes.support[episode, :3, 0], strict=True
        ):
            assert np.array_equal(unpack(test.drawings[place], 105), images[item])


def test_the_questions_of_a_run_lie_far_apart_and_all_are_asked(blobs) -> None:
    support = np.array([[[0], [20], [40]], [[60], [80], [100]]], dtype=np.int32)
    queries = np.array([[21, 41, 1], [101, 61, 81]], dtype=np.int32)
    labels = np.array([[1, 2, 0], [2, 0, 1]], dtype=np.int16)
    task = replace(load_task(GLYPHS).task, name=LAKE)
    test = on_lake(LoadedTask(task, blobs, Episodes(support, queries, labels), ()))
    assert [(episode, answer) for episode, _, answer in test.trials] == [
        (0, 1), (1, 2), (0, 2), (1, 0), (0, 0), (1, 1),
    ]  # fmt: skip
    drawn = unpack(test.drawings[test.trials[1][1]], 16)
    assert np.array_equal(drawn, blobs.images()[101, 0] > 0)


def test_models_stand_by_their_errors_and_only_on_this_task() -> None:
    records = [
        record("worse", TASK, skill=0.3, recipe=TRAINED),
        record("better", TASK, skill=0.9, recipe=TRAINED),
        record("elsewhere", "glyphs-5w1s", recipe=TRAINED),
        record("old", TASK, version=99, recipe=TRAINED),
    ]
    found = beside.models(TASK, build(records[:3]))
    assert [each["label"] for each in found] == ["better", "worse"]
    outcome = records[1].outcome
    error = 1 - sum(outcome.correct) / (outcome.of * len(outcome.correct))
    assert found[0]["error"] == pytest.approx(error, abs=1e-6) and 0 < found[0]["half"] < 0.1
    assert [each["label"] for each in beside.models(TASK, build(records))] == ["old"]


def claim(**changes) -> Claim:
    told = {"task": LAKE, "method": "Human", "error": 4.5, "source": "Lake et al. 2015"}
    return Claim.model_validate(
        told | {"reliability": "recalled", "protocol": "same"} | changes
    )  # fmt: skip


def test_published_errors_are_of_the_same_protocol() -> None:
    claims = [claim(), claim(method="Other", protocol="near"), claim(task="omniglot-verification")]
    (found,) = beside.printed(LAKE, claims)
    assert (found["label"], found["error"], found["mark"]) == ("Human", 0.045, "*")


def test_the_committed_claims_tell_what_people_did() -> None:
    from benchmark.records.claims import load

    found = beside.printed(LAKE, load(Path(__file__).parents[2] / "results"))
    assert {each["label"]: each["error"] for each in found}["Human"] == 0.045


def test_a_page_alone_has_equal_bytes_and_stays_small(tmp_path: Path) -> None:
    results = save(tmp_path, [record("a", TASK, recipe=TRAINED)])
    page = alone(on_glyphs(), results)
    assert (page.models, page.published) == (1, 0)
    assert page.text == alone(on_glyphs(), results).text
    assert str(tmp_path) not in page.text
    told = beside.told(on_glyphs(), build([]), [])
    assert len(embedded(told)) < 100_000


def test_it_is_made_without_torch() -> None:
    code = (
        "import sys; from benchmark.report.play import page, questions; questions.on_glyphs()\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
