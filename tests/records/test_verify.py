"""Damaged, forged and misplaced records are each told from sound ones, in words."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import benchmark
from benchmark.cli.app import app
from benchmark.errors import OneshotError
from benchmark.evaluation.recompute import compared, job_of
from benchmark.records import readings, store
from benchmark.records.packed import unpack
from benchmark.records.schema import Record
from benchmark.records.verify import verify
from benchmark.tasks.loading import load_task
from tests.report.synthetic_records import TRAINED
from tests.report.synthetic_records import record as made

COUNTED = {
    "temperature_millionths": 1, "answers": [9], "correct": [3], "confidence_millionths": [5],
}  # fmt: skip
RESULTS = Path(__file__).parents[2] / "results"


def prefix(task, episodes):
    return load_task(task).episodes.first(episodes).digest()


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A folder with one real record of a model without training."""
    folder = tmp_path_factory.mktemp("kept")
    record = benchmark.evaluate("chance", "glyphs-5w1s", results=folder)
    return record, store.record_path(folder, record).read_text()


def placed(folder, kept, change):
    """The record with its JSON changed and its id made to fit again."""
    record, text = kept
    data = json.loads(text)
    change(data)
    data.pop("id")
    forged = Record.model_validate(data)
    path = store.record_path(folder, record)
    store.write_bytes(path, store.encode(forged))
    return path


def test_the_committed_records_are_sound():
    count, findings = verify(RESULTS)
    assert count == len(store.load(RESULTS))
    assert not [finding for finding in findings if not finding.unchecked]


def test_a_record_without_a_reading_is_named_where_readings_are_kept(tmp_path, kept):
    placed(tmp_path, kept, lambda data: None)
    record = kept[0]
    other = (record.task.name, record.task.version, record.model.recipe8, record.seed + 1)
    readings.note(tmp_path, "glyphs", record.model.key, *other)
    (_, (finding,)) = verify(tmp_path, prefix)
    assert finding.unchecked and "readings" in finding.says
    noted = (record.task.name, record.task.version, record.model.recipe8, record.seed)
    readings.note(tmp_path, "glyphs", record.model.key, *noted)
    assert verify(tmp_path, prefix) == (1, [])


def test_a_sound_record_of_a_prefix_needs_its_data(tmp_path, kept):
    placed(tmp_path, kept, lambda data: None)
    assert verify(tmp_path, prefix) == (1, [])
    _, findings = verify(tmp_path)
    assert findings[0].unchecked and "need its data" in findings[0].says


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d["task"].update(data_digest="0" * 64), "data are not the pinned ones"),
        (lambda d: d["task"].update(episode_digest="0" * 64), "not the first 1000 of glyphs-5w1s"),
        (lambda d: d["outcome"].update(of=80), "asks 75 queries an episode, not 80"),
        (lambda d: d.update(calibration=COUNTED), "calibration counts other answers"),
        (lambda d: d.update(seed=3), "belongs at"),
        (lambda d: d["model"].update(key="other"), "belongs at"),
    ],
)  # fmt: skip
def test_a_forged_record_is_told_though_its_id_fits(change, says, tmp_path, kept):
    placed(tmp_path, kept, change)
    _, findings = verify(tmp_path, prefix)
    assert [says in f.says and not f.unchecked for f in findings] == [True]


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda text: text[:-40], "not a valid record"),
        (lambda text: text.replace('"seed": 0', '"seed": 1'), "does not match the content"),
        (lambda text: text + "\n", "not those that the suite writes"),
        (lambda text: "\n".join(line for line in text.split("\n") if not line.startswith(' "id"')),
         "does not state its id"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_told(damage, says, tmp_path, kept):
    record, text = kept
    store.write_bytes(store.record_path(tmp_path, record), damage(text).encode())
    _, findings = verify(tmp_path, prefix)
    assert any(says in finding.says for finding in findings)
    words = ["verify", "--results", str(tmp_path)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 1 and "WRONG" in done.stdout


def test_nothing_to_verify_is_said(tmp_path):
    with pytest.raises(OneshotError, match="no records"):
        verify(tmp_path)


def changed(record, correct, weights=None, torch=None):
    data = record.model_dump(mode="json", by_alias=True) | {"id": ""}
    data["outcome"]["correct"] = [int(c) for c in correct]
    data["provenance"]["weights"] = weights
    data["provenance"]["torch"] = torch or record.provenance.torch
    return Record.model_validate(data)


def test_the_three_verdicts(kept):
    record, _ = kept
    before = np.array(record.outcome.correct)
    assert compared(record, record).verdict == "identical"
    few = before.copy()
    few[:3] += 1
    found = compared(record, changed(record, few))
    assert (found.verdict, found.differing, found.of) == ("different", 3, 75_000)
    elsewhere = changed(record, few, torch="another")
    assert compared(record, elsewhere).verdict == "decisions differ"
    for processor in (None, "another"):  # records from before do not name it
        moved = changed(record, few)
        moved = moved.model_copy(
            update={"provenance": moved.provenance.model_copy(update={"processor": processor})}
        )
        assert compared(moved, record).verdict == "decisions differ"
    both_ways = np.clip(before + np.resize([1, -1], len(before)) * (np.arange(1000) < 200), 0, 75)
    assert compared(record, changed(record, both_ways, torch="x")).verdict == "decisions differ"
    for step in (1, -1):  # within one in a hundred, but all for the better or all for the worse
        leaning = np.clip(before + step * (np.arange(len(before)) < 200), 0, 75)
        assert compared(record, changed(record, leaning, torch="x")).verdict == "different"
    swapped = np.roll(before, 1)  # as many correct answers, to other questions
    assert compared(record, changed(record, swapped, "a" * 64)).verdict == "statistically the same"
    better = np.minimum(before + 1, 75)
    assert compared(record, changed(record, better, "a" * 64)).verdict == "different"
    both = changed(record, before[:20].repeat(50)), changed(record, before[:20].repeat(50), "a")
    assert compared(*both).verdict == "identical"


def test_verify_measures_again(tmp_path, kept):
    placed(tmp_path, kept, lambda data: None)
    words = ["verify", "--results", str(tmp_path), "--recompute", "5", "--draw", "0"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0
    assert "identical  chance" in done.stdout and "(--draw 0)" in done.stdout

    def halve(data):
        data["outcome"]["correct"] = [c // 2 for c in unpack(data["outcome"]["correct"])]

    placed(tmp_path, kept, halve)
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 1 and "different  chance" in done.stdout


def test_a_recipe_that_is_no_more_is_named(kept):
    record, _ = kept
    data = record.model_dump(mode="json", by_alias=True) | {"id": ""}
    data["model"]["recipe"]["dtype"] = "float16"
    with pytest.raises(OneshotError, match="another recipe now: dtype"):
        job_of(Record.model_validate(data))


def trained(seed, correct, weights=None, key="prototypical-conv4", recipe=None):
    data = made(key, seed=seed, recipe=recipe or TRAINED).model_dump(mode="json", by_alias=True)
    data["outcome"]["correct"] = list(map(int, correct))
    data["task"]["episodes"] = len(correct)
    data["calibration"] = None
    data["provenance"]["weights"] = weights
    return Record.model_validate(data | {"id": ""})


ONE, OTHER = np.arange(400) % 70, (np.arange(400) * 7) % 71


@pytest.mark.parametrize(
    ("records", "copies"),
    [
        ([trained(0, ONE), trained(1, OTHER)], 0),
        ([trained(0, ONE), trained(1, ONE), trained(7, ONE)], 3),
        ([trained(0, ONE, "a" * 64), trained(1, OTHER, "a" * 64)], 2),
        ([trained(0, ONE, "a" * 64), trained(0, OTHER, "a" * 64, "matching-conv4")], 0),
        ([trained(seed, ONE, recipe={"budget": "none"}) for seed in (0, 1)], 0),
        ([trained(0, np.full(400, 15)), trained(1, np.full(400, 15))], 0),  # collapsed both times
    ],
    ids=["two trainings", "copied answers", "copied weights", "two heads", "fixed", "constant"],
)  # fmt: skip
def test_one_training_under_several_seeds_is_refused(records, copies, tmp_path):
    for record in records:
        store.write(tmp_path, record)
    _, findings = verify(tmp_path)
    told = [finding for finding in findings if "one training, copied" in finding.says]
    assert len(told) == copies and not any(finding.unchecked for finding in told)


def test_what_cannot_be_measured_again_is_no_success(tmp_path, kept):
    placed(tmp_path, kept, lambda data: data["provenance"].update(settings=["nothing=1"]))
    words = ["verify", "--results", str(tmp_path), "--recompute", "1", "--draw", "0"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 1 and "not verifiable  chance" in done.stdout
