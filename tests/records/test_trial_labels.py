"""Labels of trials that are not pinned lie in the record; other records stay as they were."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from benchmark.records import store
from benchmark.records.schema import LogOdds, TaskRef, TrialLabels, Validation
from benchmark.report.outcomes import decisions, headline, network
from tests.records.test_records import make

TOLD = {"kinds": ["genuine", "labelled"], "of_kind": [2, 3], "left": [0, 1, 0, 1, 2],
        "right": [0, 1, 1, 2, 0]}  # fmt: skip
ODDS = [900, 700, -400, 800, -300]


def record(outcome):
    task = TaskRef(
        name="mine-verification", version=1, data_digest="0" * 64, episode_digest="1" * 64,
        episodes=outcome.answered,
    )  # fmt: skip
    twin = Validation(task=f"{task.name}@validation", episode_digest="2" * 64, outcome=outcome)
    return make(task=task, outcome=outcome, validation=twin)


def test_a_record_with_labels_is_read_by_itself(tmp_path):
    written = record(LogOdds(thousandths=ODDS, labels=TrialLabels(**TOLD)))
    path = store.write(tmp_path, written)
    held = store.read(path)
    assert held == written and held.id == written.id and store.encode(held) == path.read_bytes()
    told = network("mine-verification", held.outcome)
    assert told.same.tolist() == [True, True, False, False, False]
    assert told.kind_names == ("genuine", "labelled")
    assert told.subjects.tolist() == [[0, 0], [1, 1], [0, 1], [1, 2], [2, 0]]
    right, of = decisions("mine-verification", held.outcome)
    assert (right.tolist(), of) == ([1, 1, 1, 0, 1], 1)
    assert headline("mine-verification", held.outcome) == pytest.approx(1 / 3)


def test_other_labels_are_another_record():
    swapped = TOLD | {"of_kind": [3, 2]}
    odds = [LogOdds(thousandths=ODDS, labels=TrialLabels(**told)) for told in (TOLD, swapped)]
    assert len({record(each).id for each in (*odds, LogOdds(thousandths=ODDS))}) == 3


def test_a_record_without_labels_does_not_speak_of_them(tmp_path):
    text = store.write(tmp_path, record(LogOdds(thousandths=ODDS))).read_text("utf-8")
    assert json.loads(text)["outcome"] == {
        "kind": "log-odds", "thousandths": ODDS, "calibrated": True,
    }  # fmt: skip
    assert network("mine-verification", LogOdds(thousandths=ODDS)) is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kinds": ["labelled", "genuine"]}, "begin with 'genuine'"),
        ({"of_kind": [5]}, "are counted each"),
        ({"left": [0]}, "different lengths"),
        ({"of_kind": [2, 2], "left": [0] * 4, "right": [0] * 4}, "labels of other trials"),
    ],
)
def test_labels_that_do_not_fit_are_refused(change, says):
    with pytest.raises(ValidationError, match=says):
        LogOdds(thousandths=ODDS, labels=TrialLabels(**(TOLD | change)))
