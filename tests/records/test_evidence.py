"""What is listed in `verified.csv`: no record can change it, and what changed since is named."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

import benchmark
from benchmark.cli.app import app
from benchmark.errors import OneshotError
from benchmark.records import evidence, store
from benchmark.records.schema import Record
from benchmark.records.verify import verify
from benchmark.report.aggregate import Verified
from benchmark.report.leaderboard import build
from benchmark.report.write import write_leaderboard

TASK = "glyphs-5w1s"


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A folder with records of two fixed models."""
    folder = tmp_path_factory.mktemp("measured")
    for model in ("chance", "pixels-cosine"):
        benchmark.evaluate(model, TASK, results=folder)
    return folder


@pytest.fixture
def results(measured, tmp_path):
    return Path(shutil.copytree(measured, tmp_path / "results"))


def oneshot(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def check(results, *words):
    return oneshot("verify", "--results", results, *words)


def of(results, key):
    (path,) = (p for p in store.paths(results) if p.parent.name.startswith(key))
    return path


def changed(path, change):
    """The record's file with its content changed and an id that fits."""
    data = json.loads(path.read_text())
    change(data)
    data.pop("id")
    path.write_bytes(store.encode(Record.model_validate(data)))


CHANGES = {
    "cost": lambda data: data["cost"].update(scoring_milliseconds=1),
    "provenance": lambda data: data["provenance"].update(device="cuda: H200"),
    "cost and provenance": lambda data: (
        data["cost"].update(parameters=7),
        data["provenance"].update(git="0" * 40),
    ),
    "curve or integrity": lambda data: data["integrity"].update(items=9_999),
    "questions or answers": lambda data: data.update(seed=0) or data["model"].update(seen=["x"]),
}


def test_records_that_nobody_listed_are_self_reported_and_no_fault(results):
    assert not check(results).exit_code
    assert set(evidence.of_records(results, store.load(results)).values()) == {"self-reported"}


@pytest.mark.parametrize("part", CHANGES)
def test_what_lies_outside_the_id_is_covered(results, part):
    assert check(results, "--accept").exit_code == 0
    assert check(results).exit_code == 0
    changed(of(results, "chance"), CHANGES[part])
    _, findings = verify(results)
    says = [finding.says for finding in findings if not finding.unchecked]
    assert f"its {part} changed after it was listed in verified.csv" in says
    made = check(results)
    assert made.exit_code == 1 and "WRONG" in made.output
    assert check(results, "--accept").exit_code == 0


def test_a_record_that_was_removed_is_named(results):
    check(results, "--accept")
    of(results, "chance").unlink()
    made = check(results)
    assert made.exit_code == 1 and "is not there any more" in made.output
    assert "1 removed" in check(results, "--accept").output
    assert check(results).exit_code == 0


def test_recompute_lists_what_it_confirms_and_the_tables_show_it(results):
    made = check(results, "--recompute", 2, "--without-training")
    assert made.exit_code == 0, made.output
    assert {line.verdict for line in evidence.read(results).values()} == {"identical"}
    written = write_leaderboard(results, figures=False)
    assert ",recomputed," in written.sheet.read_text()
    assert "| Verified |" in written.page.read_text()
    assert "recomputed" in written.html.read_text()
    shown = oneshot("leaderboard", "--results", results, "--no-figures")
    assert "verified" in shown.output and "yes" in shown.output


def test_a_record_changed_after_it_was_confirmed_is_self_reported_again(results):
    check(results, "--recompute", 2)
    changed(of(results, "chance"), CHANGES["cost"])
    found = evidence.of_records(results, store.load(results))
    assert sorted(found.values()) == ["recomputed", "self-reported"]
    again = check(results, "--recompute", 2)
    assert again.exit_code == 1 and "its cost changed" in again.output
    assert evidence.of_records(results, store.load(results)) == found, "not accepted in passing"


def test_a_record_cannot_say_of_itself_that_it_was_verified(results):
    """Nor can another one's line serve it."""
    check(results, "--recompute", 2)
    lines = evidence.read(results)
    chance, pixels = (evidence.name_of(results, of(results, k)) for k in ("chance", "pixels"))
    evidence.write(results, {**lines, chance: lines[pixels]})
    records = store.load(results)
    found = {r.model.key: evidence.of_records(results, records)[r.id] for r in records}
    assert found == {"chance": "self-reported", "pixels-cosine": "recomputed"}
    with pytest.raises(ValueError, match="verified"):
        Record.model_validate(json.loads(of(results, "chance").read_text()) | {"verified": "yes"})


def test_a_forged_record_is_different_and_loses_its_verdict(results):
    check(results, "--recompute", 2)
    forged = of(results, "pixels")

    def better(data):
        correct = Record.model_validate(data).outcome.correct
        data["outcome"]["correct"] = [min(75, each + 1) for each in correct]
        data["calibration"] = None
        data.pop("calibration")

    changed(forged, better)
    (results / evidence.FILE).unlink()
    made = check(results, "--recompute", 2)
    assert made.exit_code == 1 and "different" in made.output
    verdicts = {name: line.verdict for name, line in evidence.read(results).items()}
    assert sorted(verdicts.values()) == ["", "identical"]


@pytest.mark.parametrize(
    "line",
    ["x", "a,b,c,d,e,f", ",".join(["r", *["0" * 64] * 4, "trust me"]), '"', "\x00", "r,,,,,"],
)
def test_a_damaged_list_is_named_and_trusts_nothing(results, line):
    check(results, "--recompute", 2)
    path = results / evidence.FILE
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(OneshotError, match="line 4"):
        evidence.read(results)
    assert check(results).exit_code == 1
    assert set(evidence.of_records(results, store.load(results)).values()) == {"self-reported"}


def test_committed_weights_count_only_with_their_digest_and_a_line(results):
    record = store.load(results)[0]
    path = store.record_path(results, record)
    data = b"weights"
    name = evidence.hashlib.sha256(data).hexdigest()
    changed(path, lambda content: content["provenance"].update(weights=name))
    file = results / "weights" / f"{name[:16]}.safetensors"
    file.parent.mkdir()
    file.write_bytes(data)

    def found():
        return evidence.of_records(results, store.load(results))[record.id]

    assert found() == "self-reported", "the record's own word"
    check(results, "--accept")
    assert found() == "weights committed"
    file.write_bytes(b"other weights")
    assert found() == "self-reported"


def test_a_row_says_of_how_many_records_it_holds(measured):
    records = store.load(measured)
    board = build(records, evidence={records[0].id: "recomputed"})
    rows = [row for ranking in board.sections[0].rankings for row in ranking.rows]
    assert {row.verified.text for row in rows} == {"recomputed", "self-reported"}
    assert Verified(1, 1, 3).text == "recomputed (1 of 3)" and Verified(1, 1, 3).short == "partly"
    assert Verified(0, 2, 3).text == "weights committed (2 of 3)"
    assert Verified(0, 3, 3).text == "weights committed" and Verified(0, 3, 3).short == "weights"
