"""Verification and retrieval in the report: tables of their own, ranked the right way round."""

from __future__ import annotations

import csv
import json
import shutil
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from synthetic_pairs import pair_record
from synthetic_records import FIXED, TRAINED, record, save

from benchmark.records import store
from benchmark.records.schema import CurvePoint, LogOdds, Record
from benchmark.records.verify import verify
from benchmark.report.frame import to_frame
from benchmark.report.leaderboard import build
from benchmark.report.missing_runs import commands
from benchmark.report.outcomes import headline
from benchmark.report.text import render
from benchmark.report.write import Written, write_leaderboard
from benchmark.tasks.labels import trial_labels

TASKS = ("glyphs-verification", "glyphs-retrieval")
FACES = "orl-faces-verification"
SIAMESE = "siamese-conv4-euclidean-contrastive"


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return [
        *(pair_record("pixels-cosine", task, 0.6, 0, FIXED) for task in TASKS),
        *(pair_record("hog", task, 1.5, 0, FIXED) for task in TASKS),
        *(pair_record(SIAMESE, task, 2.5, s, TRAINED) for task in TASKS for s in (0, 1)),
        record("pixels-cosine", "glyphs-5w1s", recipe=FIXED),
    ]


@pytest.fixture(scope="module")
def written(records: list[Record], tmp_path_factory: pytest.TempPathFactory) -> Written:
    return write_leaderboard(save(tmp_path_factory.mktemp("results"), records))


def test_each_protocol_has_a_section_and_errors_rank_upwards(written: Written) -> None:
    sections = {section.title: section for section in written.leaderboard.sections}
    assert list(sections) == ["glyphs", "glyphs, verification", "glyphs, retrieval"]
    for title, lower in (("glyphs, verification", True), ("glyphs, retrieval", False)):
        untrained = sections[title].rankings[-1]
        assert [row.key for row in untrained.rows] == ["hog", "pixels-cosine"]
        assert [row.rank for row in untrained.rows] == [1, 2] and untrained.best(0) == {0}
        means = [row.mean for row in untrained.rows]
        assert (means[0] < means[1]) is lower


def test_the_page_shows_every_number_with_its_reason(written: Written) -> None:
    page = written.page.read_text("utf-8")
    assert "## glyphs, verification" in page and "lower is better" in page
    assert "TAR at FAR 0.001 needs 30,000 different pairs, there are 10,000." in page
    head = next(line for line in page.splitlines() if "| EER |" in line)
    assert "EER within | EER across" in head and "EER skilled" not in head
    assert "TAR at FAR 0.01" in head and "TAR at FAR 0.001" not in head
    assert "Recall@10" in page.replace("&#64;", "@") and "minDCF" in head
    assert "figures/roc-glyphs-verification.svg" in page


def test_sheets_of_their_own(written: Written) -> None:
    names = [path.name for path in written.pair_sheets]
    assert names == ["leaderboard-verification.csv", "leaderboard-retrieval.csv"]
    verification, retrieval = (
        list(csv.DictReader(StringIO(path.read_text("utf-8")))) for path in written.pair_sheets
    )
    assert len(verification) == len(retrieval) == 3
    best = next(row for row in verification if row["model"] == SIAMESE)
    low, mean, high = (float(best[f"overall_eer{end}"]) for end in ("_low", "", "_high"))
    assert 0 < low < mean < high < 0.3 and best["seeds"] == "0 1"
    assert float(best["within_eer"]) > float(best["across_eer"])
    assert best["overall_tar_at_far_0.001"] == "" and float(best["overall_tar_at_far_0.1"]) > 0.5
    assert 0 < float(retrieval[0]["map_at_r_low"]) < float(retrieval[0]["map_at_r"])
    plain = written.sheet.read_text("utf-8")
    assert "verification" not in plain and "retrieval" not in plain


def test_figures_with_their_data(written: Written) -> None:
    stems = {path.stem for path in written.figures}
    assert {"roc-glyphs-verification", "det-glyphs-verification"} <= stems
    assert "retrieval-glyphs-retrieval" in stems and "accuracy-glyphs-verification" not in stems
    sheets = {path.name for path in written.figures if path.suffix == ".csv"}
    assert not {"roc-glyphs-verification.csv", "det-glyphs-verification.csv"} & sheets
    path = next(p for p in written.figures if p.name == "rates-glyphs-verification.csv")
    rows = list(csv.DictReader(StringIO(path.read_text("utf-8"))))
    assert {row["against"] for row in rows} == {"overall", "within", "across"}
    curve = [float(r["tar"]) for r in rows if r["model"] == SIAMESE and r["against"] == "across"]
    assert curve == sorted(curve) and curve[-1] == 1.0


def test_the_terminal_says_which_way_is_better(written: Written) -> None:
    stream = StringIO()
    Console(file=stream, width=100).print(render(written.leaderboard, 100))
    assert "lower is better" in stream.getvalue() and "mAP@R" in stream.getvalue()


def test_a_model_s_page_has_a_table_for_each_protocol(written: Written) -> None:
    page = next(path for path in written.models if "pixels" in path.name).read_text("utf-8")
    assert "EER within" in page and "mAP@R" in page.replace("&#64;", "@")
    assert "These images" in page


def test_a_collapsed_model_is_marked(records: list[Record]) -> None:
    data = records[0].model_dump(mode="json", by_alias=True) | {"id": ""}
    odds = LogOdds(thousandths=[0] * 15_000, order=[0] * 15_000)
    data["outcome"] = odds.model_dump(mode="json")
    page = build([Record.model_validate(data)])
    result = page.sections[0].rankings[0].rows[0].results[0]
    assert result.summary is not None and result.summary.constant
    assert result.accuracy is not None and result.accuracy.mean == 0.5


def test_the_frame_says_what_it_measures(records: list[Record]) -> None:
    frame = to_frame(records)
    assert set(frame["measure"]) == {"accuracy", "EER", "mAP@R"}
    assert frame["value"].notna().all() and frame["accuracy"].notna().sum() == 1


def test_sheets_of_vanished_results_go(records: list[Record], tmp_path: Path) -> None:
    save(tmp_path, records)
    sheets = write_leaderboard(tmp_path, figures=False).pair_sheets
    assert len(sheets) == 2
    shutil.rmtree(tmp_path / "records")
    save(tmp_path, [records[-1]])
    own = tmp_path / "leaderboard-mine.csv"
    own.write_text("a user's")
    sheets[0].write_text("edited by a user")
    assert write_leaderboard(tmp_path, figures=False).pair_sheets == ()
    assert sheets[0].exists() and own.exists(), "it is not what was written"
    assert not sheets[1].exists()


def test_folds_are_measured_apart_and_a_missing_one_is_a_hole(tmp_path: Path) -> None:
    """A network's EER is a mean over its folds, each with labels and a ROC of its own."""
    whole = [pair_record("hog", FACES, 1.5, 0, FIXED, fold) for fold in range(5)]
    part = [pair_record("pixels-cosine", FACES, 0.6, 0, FIXED, fold) for fold in range(4)]
    for each in (*whole, *part):
        path = store.write(tmp_path, each)
        assert path.name == f"seed-0-fold-{each.fold}.json"
    assert verify(tmp_path) == (9, [])
    board = build(store.load(tmp_path))
    (ranking,) = board.sections[0].rankings
    rows = {row.key: row for row in ranking.rows}
    alone = [headline(FACES, each.outcome, each.fold) for each in whole]
    assert rows["hog"].results[0].accuracy.mean == pytest.approx(sum(alone) / 5)
    assert rows["hog"].results[0].seeds == (0,) and rows["hog"].rank == 1
    assert len({labels(each) for each in whole}) == 5
    assert rows["pixels-cosine"].results[0].missing == (0,) and rows["pixels-cosine"].rank is None
    (command,) = commands(board)
    assert command.startswith(f"oneshot run pixels-cosine --task {FACES} --seeds 0")


def labels(each: Record) -> bytes:
    told = trial_labels(FACES, each.task.episodes, each.fold)
    assert told is not None
    return told.subjects.tobytes()


def test_a_record_of_no_fold_or_of_another_is_found(tmp_path: Path) -> None:
    right = pair_record("hog", FACES, 1.5, 0, FIXED, 3)
    for number, fold in enumerate((None, 2, 7)):
        wrong = Record.model_validate(
            right.model_dump(exclude={"id"}, by_alias=True) | {"fold": fold}
        )
        store.write(tmp_path / str(number), wrong)
        _, findings = verify(tmp_path / str(number))
        says = "not the pinned ones" if fold == 2 else "is none of the 5"
        assert findings and all(says in finding.says for finding in findings)
    glyphs = pair_record("hog", TASKS[0], 1.5, 0, FIXED)
    other = Record.model_validate(glyphs.model_dump(exclude={"id"}, by_alias=True) | {"fold": 0})
    store.write(tmp_path / "glyphs", other)
    assert "is none of the 1" in verify(tmp_path / "glyphs")[1][0].says


def test_each_fold_has_a_learning_curve(tmp_path: Path) -> None:
    made = [pair_record(SIAMESE, FACES, 2.0, 0, TRAINED, fold) for fold in range(5)]
    points = [[CurvePoint(items=9, loss_millionths=1, correct_per_10000=90 + f)] for f in range(5)]
    curved = [
        Record.model_validate(r.model_dump(exclude={"id"}, by_alias=True) | {"curve": curve})
        for r, curve in zip(made, points, strict=True)
    ]
    written = write_leaderboard(save(tmp_path, curved))
    plotted = tmp_path / "figures" / "curves-orl-faces-verification.csv"
    rows = list(csv.DictReader(StringIO(plotted.read_text("utf-8"))))
    assert [(row["seed"], row["fold"]) for row in rows] == [("0", str(fold)) for fold in range(5)]
    assert [float(row["validation"]) for row in rows] == [(90 + f) / 10_000 for f in range(5)]
    told = written.html.read_text("utf-8").split('id="data">')[1].split("</script>")[0]
    curves = json.loads(told)["rows"][0]["curves"]
    assert [(curve["seed"], curve["fold"]) for curve in curves] == [(0, f) for f in range(5)]
