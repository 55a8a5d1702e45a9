"""One hostile file among the records: it is named, left out everywhere, and the rest goes on."""

import json
import os
from pathlib import Path

import pytest

from benchmark.errors import OneshotError
from benchmark.evaluation import weights
from benchmark.records import claims, readings, store
from benchmark.records.possible import impossible
from benchmark.records.schema import Record
from benchmark.records.swhid import swhid
from benchmark.records.verify import verify
from benchmark.report.leaderboard import build
from benchmark.report.selection import choose, folders, records_of
from benchmark.report.write import write_leaderboard
from benchmark.sweep.tuning import Search
from tests.report.synthetic_records import record as made

KEY = "pixels-cosine"
COUNTS = {"kind": "counts", "of": 75, "correct": [3, 4]}
RANKS = {
    "kind": "ranks", "first": [1, 2], "hits": [1, 0], "precision": [9, 0], "matches": [3, 3],
}  # fmt: skip


def odds(**labels):
    return {"kind": "log-odds", "thousandths": [5, 6, -1, 2], "labels": labels}


def changed(task: str, outcome: dict, **other: object) -> dict:
    data = json.loads(store.encode(made(KEY)))
    data["outcome"], data["validation"], data["calibration"] = outcome, None, None
    answers = next(len(v) for v in outcome.values() if isinstance(v, list))
    data["task"] |= {"name": task, "version": 1, "episodes": answers}
    data.pop("id")
    return data | other


IMPOSSIBLE = {
    "shots": changed("glyphs-999999w999999s", COUNTS),
    "ways": changed("languages-999999w1s", COUNTS),
    "one way": changed("glyphs-1w1s", COUNTS),
    "shape of official runs": changed("omniglot-lake-99999w1s", COUNTS),
    "more queries than pinned": changed(
        "glyphs-retrieval",
        {**RANKS, **{name: [1] * 9_000 for name in ("first", "hits", "precision")}, "matches": 3},
    ),
    "answers of another kind": changed("glyphs-5w1s", RANKS),
    "validation": changed(
        "glyphs-5w1s",
        COUNTS,
        validation={
            "task": "glyphs-999999w999999s@validation",
            "episode_digest": "a" * 64,
            "outcome": COUNTS,
        },
    ),
}


@pytest.mark.parametrize("which", IMPOSSIBLE)
def test_what_no_run_writes_is_left_out_of_tables_and_found_by_verify(tmp_path, caplog, which):
    record = Record.model_validate_json(json.dumps(IMPOSSIBLE[which]))
    path = store.write(tmp_path, record)
    for seed in range(2):
        store.write(tmp_path, made("pixels-euclidean", seed=seed))
    written = write_leaderboard(tmp_path, tmp_path / "out", figures=False)
    assert written.leaderboard.records == 2
    assert str(path) in caplog.text and "left out" in caplog.text
    _, findings = verify(tmp_path)
    assert impossible(record) in {f.says for f in findings if f.path == path and not f.unchecked}
    with pytest.raises(OneshotError, match="not a possible record"):
        store.load(tmp_path)


def test_a_task_on_data_that_are_not_here_is_possible():
    for task in ("mine-5w1s", "mine-verification", "no-such-task"):
        assert impossible(Record.model_validate(changed(task, COUNTS))) is None


@pytest.mark.parametrize(
    "labels",
    [
        {"left": [0, 2**40, 1, 2], "right": [0, 2**40, 2, 1]},
        {"left": [0, -1, 1, 2], "right": [0, -1, 2, 1]},
        {"kinds": ["genuine", "genuine"]},
        {"kinds": ["genuine", "overall"]},
        {"kinds": ["genuine", *map(str, range(300))], "of_kind": [2, 2, *[0] * 299]},
    ],
)
def test_labels_that_statistics_cannot_count_are_refused(labels):
    plain = {"kinds": ["genuine", "random"], "of_kind": [2, 2]}
    sound = plain | {"left": [0, 1, 0, 1], "right": [0, 1, 1, 0]}
    Record.model_validate(changed("mine-verification", odds(**sound)))
    with pytest.raises(ValueError, match="labels"):
        Record.model_validate(changed("mine-verification", odds(**sound | labels)))


def test_a_kind_of_impostor_without_a_trial_has_no_rate(tmp_path):
    labels = {
        "kinds": ["genuine", "random", "skilled"], "of_kind": [2, 0, 2],
        "left": [0, 1, 0, 1], "right": [0, 1, 1, 0],
    }  # fmt: skip
    record = Record.model_validate(changed("mine-verification", odds(**labels)))
    (section,) = build([record]).sections
    found = section.rankings[0].rows[0].results[0].summary
    assert set(found.measures) == {"overall", "skilled"}


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(300 << 20)


def huge(path: Path) -> None:
    path.write_bytes(b" " * (store.MOST_BYTES + 1))


def digits(path: Path) -> None:
    path.write_text('{"seed": ' + "9" * 5000 + ', "model": {"key": ' + "9" * 5000 + "}}")


def folder(path: Path) -> None:
    path.mkdir()


FILES = (pipe, device, sparse, huge, digits, folder)


@pytest.mark.parametrize("make", FILES, ids=lambda make: make.__name__)
def test_a_file_that_is_not_a_record_costs_neither_memory_nor_the_others(tmp_path, caplog, make):
    good = store.write(tmp_path, made(KEY, seed=1))
    bad = good.with_name("seed-0.json")
    make(bad)
    assert len(store.load(tmp_path, strict=False)) == 1
    assert list(store.measured(tmp_path, strict=False)) == [(KEY, made(KEY).task.name)]
    assert str(bad) in caplog.text
    _, findings = verify(tmp_path)
    assert bad in {finding.path for finding in findings}
    (chosen,) = choose(folders(tmp_path), KEY).values()
    assert [record.seed for record in records_of(chosen)] == [1]
    assert not store.is_whole(bad)
    with pytest.raises(OneshotError):
        store.read(bad)
    if make not in (sparse, huge):
        assert swhid(tmp_path / store.RECORDS).startswith("swh:1:dir:")


@pytest.mark.parametrize("make", (pipe, sparse), ids=lambda make: make.__name__)
def test_a_record_replaces_what_is_not_one(tmp_path, make):
    record = made(KEY)
    path = store.record_path(tmp_path, record)
    path.parent.mkdir(parents=True)
    make(path)
    assert store.read(store.write(tmp_path, record)) == record


@pytest.mark.parametrize("make", (pipe, sparse, folder), ids=lambda make: make.__name__)
def test_other_files_of_a_results_folder_are_bounded_too(tmp_path, caplog, make):
    readings.note(tmp_path, "glyphs", KEY, "glyphs-5w1s", 1, "0" * 8, 0)
    for place in (f"{readings.FOLDER}/glyphs/other.csv", f"{claims.FOLDER}/other.toml"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        make(tmp_path / place)
    assert readings.load(tmp_path) == {("glyphs", KEY): 1}
    assert claims.load(tmp_path, strict=False) == []
    assert caplog.text.count("left out") == 2
    search = Search(KEY, "glyphs", "quick")
    (tmp_path / search.name).parent.mkdir(parents=True)
    make(tmp_path / search.name)
    assert search.read(tmp_path) is None and "does not count" in caplog.text
    weights.path_of(tmp_path, "0" * 64).parent.mkdir(parents=True)
    make(weights.path_of(tmp_path, "0" * 64))
    assert weights.committed(tmp_path, "0" * 64) is None
