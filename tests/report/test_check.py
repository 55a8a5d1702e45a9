"""`leaderboard --check`: one digit, one file more or less is seen, and nothing is written."""

import pytest
from synthetic_records import TRAINED, record, save
from typer.testing import CliRunner

from benchmark.cli.app import app
from benchmark.report.check import differing
from benchmark.report.write import write_leaderboard

pytestmark = pytest.mark.results


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = save(
        tmp_path_factory.mktemp("results"),
        [record("siamese-conv4-cosine-triplet", recipe=TRAINED), record("chance")],
    )
    write_leaderboard(folder)
    return folder


def files(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def check(folder):
    before = files(folder)
    done = CliRunner().invoke(app, ["leaderboard", "--check", "--results", str(folder)])
    assert files(folder) == before
    return done


def test_what_is_current_passes(made):
    (made / "notes.txt").write_text("my own")
    done = check(made)
    assert done.exit_code == 0 and "as the records give it" in done.stdout


@pytest.mark.parametrize(
    "name",
    ["leaderboard.md", "leaderboard.csv", "leaderboard.html", "references.bib", "tables/glyphs.tex",
     "figures/accuracy-glyphs.csv", "models/siamese.md"],
)  # fmt: skip
def test_one_digit_is_seen(name, made):
    path = made / name
    text = path.read_text()
    try:
        digit = next(character for character in text if character.isdigit())
        path.write_text(text.replace(digit, "7" if digit != "7" else "8", 1))
        done = check(made)
        assert done.exit_code == 1 and f"outdated  {path}" in done.stdout
        path.unlink()
        assert differing(made) == (name,)
    finally:
        path.write_text(text)


def test_what_no_record_gives_is_seen(made):
    path = made / "tables" / "nowhere.tex"
    path.write_text("% Made by `oneshot leaderboard` from 1 records.\n")
    assert differing(made) == ("tables/nowhere.tex",)
    write_leaderboard(made)
    assert not path.exists() and differing(made) == ()
