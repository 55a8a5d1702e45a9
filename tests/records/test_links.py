"""Links in a results folder lead nowhere: nothing outside is read, appended to or deleted."""

from __future__ import annotations

import os
import stat

import pytest
from typer.testing import CliRunner

from benchmark.cli.app import app
from benchmark.errors import OneshotError
from benchmark.evaluation import weights
from benchmark.evaluation.job import RunContext
from benchmark.evaluation.locks import held
from benchmark.records import claims, readings, store
from benchmark.report import manifest
from benchmark.report.write import write_leaderboard
from tests.report.synthetic_records import FIXED, record


@pytest.fixture
def results(tmp_path):
    folder = tmp_path / "results"
    store.write(folder, record("chance", recipe=FIXED))
    return folder


@pytest.fixture
def outside(tmp_path):
    """Files of the user, which must stay as they are."""
    folder = tmp_path / "outside"
    (folder / "sub").mkdir(parents=True)
    made = "<!-- Made by `oneshot leaderboard` from the sources and the records. -->"
    names = ("accuracy-mine.svg", "mine.md", "mine.tex", "leaderboard.md", "a.csv", "sub/b.csv")
    for name in names:
        (folder / name).write_text(f"{made} my own")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    yield folder
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


@pytest.mark.parametrize("name", ["figures", "models", "tables", "tasks"])
def test_generated_folders_are_not_followed(name, results, outside):
    (results / name).symlink_to(outside, target_is_directory=True)
    if name == "figures":
        with pytest.raises(OneshotError, match="leads out"):
            write_leaderboard(results)
    else:
        with pytest.raises(OneshotError, match="leads out"):
            write_leaderboard(results, figures=False)


@pytest.mark.parametrize("name", ["leaderboard.md", "leaderboard.csv", "generated.txt"])
def test_generated_files_are_not_followed(name, results, outside):
    (results / name).symlink_to(outside / "leaderboard.md")
    with pytest.raises(OneshotError, match="leads out"):
        write_leaderboard(results, figures=False)


@pytest.mark.parametrize("where", ["readings", "readings/glyphs", "readings/glyphs/m.csv"])
def test_readings_are_not_appended_elsewhere(where, results, outside, caplog):
    path = results / where
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(outside / ("a.csv" if path.suffix else "sub"))
    with pytest.raises(OneshotError, match="leads out"):
        readings.note(results, "glyphs", "m", "glyphs-5w1s", 1, "01234567", 0)
    assert not readings.load(results)


def test_records_are_neither_read_nor_written_elsewhere(results, outside, tmp_path):
    (path,) = store.paths(results)
    kept = tmp_path / "kept.json"
    path.rename(kept)
    path.symlink_to(kept)
    with pytest.raises(OneshotError, match="leads out"):
        store.load(results)
    assert store.load(results, strict=False) == []
    done = CliRunner().invoke(app, ["verify", "--results", str(results)])
    assert done.exit_code != 0
    made = record("a", recipe=FIXED)
    (results / "records" / "glyphs-5w1s.v1" / f"a--{made.model.recipe8}").symlink_to(outside)
    with pytest.raises(OneshotError, match="leads out"):
        store.write(results, made)
    other = tmp_path / "other"
    other.mkdir()
    (other / "records").symlink_to(outside)
    with pytest.raises(OneshotError, match="leads out"):
        RunContext(results=other).check()


def test_weights_claims_and_locks_are_not_followed(results, outside, tmp_path, caplog):
    (results / "weights").symlink_to(outside)
    data = b"x"
    (tmp_path / "f").write_bytes(data)
    with pytest.raises(OneshotError, match="leads out"):
        weights.commit(results, data)
    assert weights.committed(results, weights.digest(data)) is None
    (results / "claims").symlink_to(outside)
    (outside / "c.toml").symlink_to(outside / "a.csv")
    assert claims.load(results, strict=False) == [] and "leads out" in caplog.text
    (outside / "c.toml").unlink()
    (results / ".locks").symlink_to(outside)
    with pytest.raises(OneshotError, match="leads out"), held(results / ".locks" / "a", False, "x"):
        pass


def test_a_link_that_stays_inside_is_followed(results):
    (path,) = store.paths(results)
    moved = results / "kept.json"
    path.rename(moved)
    path.symlink_to(moved)
    assert len(store.load(results)) == 1


def test_only_what_the_last_run_wrote_is_deleted(tmp_path):
    results = tmp_path / "results"
    two = [record("chance", recipe=FIXED), record("pixels-cosine", "omniglot-within-20w1s")]
    paths = [store.write(results, each) for each in two]
    write_leaderboard(results)
    gone = results / "figures" / "accuracy-omniglot-background.svg"
    changed = gone.with_suffix(".csv")
    mine = [results / "figures" / "accuracy-mine.svg", results / "figures" / "ranks.png",
            results / "tables" / "mine.tex", results / "leaderboard-retrieval.csv"]  # fmt: skip
    for path in mine:
        path.write_text("my own")
    assert gone.is_file() and changed.is_file()
    changed.write_text(changed.read_text() + "a note of mine")
    paths[1].unlink()
    write_leaderboard(results)
    assert not gone.exists() and changed.is_file() and all(path.is_file() for path in mine)
    listed = manifest.read(results)
    assert f"figures/{mine[0].name}" not in listed and "figures/accuracy-glyphs.svg" in listed
    write_leaderboard(results, figures=False)
    assert "figures/accuracy-glyphs.svg" in manifest.read(results)


@pytest.mark.parametrize(
    "name",
    ["records/a.json", "../outside/a.csv", "figures/../../a.svg", "/etc/passwd", "figures/a.svg",
     "readings/glyphs/m.csv", "models/notes.md"],
)  # fmt: skip
def test_a_forged_manifest_deletes_nothing(name, results, outside, tmp_path):
    path = results / name
    if not path.is_absolute() or path.is_relative_to(tmp_path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_text("my own")
    digest = "0" * 64
    (results / manifest.FILE).write_text(f"{digest}  {name}\nno line\n{digest}  \x1b]0;x\n")
    write_leaderboard(results, figures=False)
    assert path.exists()


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
def test_permissions_follow_the_umask_and_folders_keep_their_group(mask, mode, tmp_path):
    tmp_path.chmod(0o2775)
    before = os.umask(mask)
    try:
        path = store.write(tmp_path, record("chance", recipe=FIXED))
        readings.note(tmp_path, "glyphs", "m", "glyphs-5w1s", 1, "01234567", 0)
    finally:
        os.umask(before)
    (noted,) = tmp_path.rglob("*.csv")
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(noted.stat().st_mode) == mode
    assert path.parent.stat().st_mode & stat.S_ISGID
