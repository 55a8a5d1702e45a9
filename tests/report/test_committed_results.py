"""What is committed in results/ is what its records give."""

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.records import store
from benchmark.report.check import differing
from benchmark.tasks import RANKED, task
from benchmark.tasks.loading import pins

pytestmark = pytest.mark.results

RESULTS = Path(__file__).parents[2] / "results"


def test_everything_is_as_the_records_give_it() -> None:
    assert differing(RESULTS) == ()
    made = {path.suffix for path in RESULTS.rglob("*") if "records" not in path.parts}
    assert {".md", ".csv", ".tex", ".bib", ".svg", ".toml"} <= made


def test_every_record_answers_the_pinned_questions() -> None:
    records = store.load(RESULTS)
    assert records
    for record in records:
        if record.task.name not in RANKED:
            continue
        pin = pins()[replace(task(record.task.name), fold=record.fold).pin]
        assert record.task.version == pin["version"]
        assert record.task.data_digest == pin["data_digest"]
        if record.task.episodes == pin["episodes"]:
            assert record.task.episode_digest == pin["episode_digest"]


def test_records_of_an_unranked_task_answer_the_same_questions() -> None:
    asked: dict[tuple[str, int, int], set[tuple[str, str]]] = defaultdict(set)
    for record in store.load(RESULTS):
        if record.task.name not in RANKED:
            told = record.task
            ranked = pins()[
                next(name for name in RANKED if task(name).track == task(told.name).track)
            ]
            assert told.data_digest == ranked["data_digest"]
            asked[told.name, told.version, told.episodes].add(
                (told.data_digest, told.episode_digest)
            )
    assert asked and all(len(questions) == 1 for questions in asked.values())
