"""`oneshot show`: pictures from the shipped glyphs, and a clear word for everything else."""

from __future__ import annotations

import pytest
from PIL import Image
from typer.testing import CliRunner

from benchmark.cli.app import app
from benchmark.errors import OneshotError, Refused
from benchmark.records import readings
from benchmark.records.store import write

pytestmark = pytest.mark.process

MODEL = """
class Mine:
    input_size, distance = 12, "cosine"

    def embed(self, images):
        return images.flatten(1)
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MODEL)
    (tmp_path / "results").mkdir()
    return tmp_path


def show(*words):
    return CliRunner().invoke(app, ["show", *map(str, words)], catch_exceptions=False).stdout


def drawn(path):
    with Image.open(path) as image:
        assert image.format == "PNG" and min(image.size) > 200
    return path.name


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["glyphs-5w1s"], "glyphs-5w1s-episode-0.png"),
        (["glyphs-5w1s", "--episode", "12"], "glyphs-5w1s-episode-12.png"),
        (["glyphs-verification", "--episode", "3"], "glyphs-verification-trials-3.png"),
        (["glyphs-5w1s", "--model", "mine.py:Mine"], "glyphs-5w1s-episode-0-mine.py-Mine.png"),
        (
            ["glyphs-5w1s", "--model", "mine.py:Mine", "--embeddings", "--method", "tsne",
             "--episode", "2"],
            "glyphs-5w1s-episode-2-embeddings-tsne-mine.py-Mine.png",
        ),
        (
            ["glyphs-retrieval", "--model", "mine.py:Mine", "--embeddings"],
            "glyphs-retrieval-embeddings-pca-mine.py-Mine.png",
        ),
    ],
)  # fmt: skip
def test_a_picture_is_named_after_what_it_shows(here, words, name) -> None:
    assert f"wrote {name}" in show(*words)
    assert [drawn(path) for path in here.glob("*.png")] == [name]


def test_it_goes_where_it_is_told_and_a_reading_is_said_and_noted(here) -> None:
    told = show("glyphs-verification", "--model", "mine.py:Mine", "--out", "sub/one.png")
    assert drawn(here / "sub" / "one.png") and "a reading of the test, noted in results" in told
    assert readings.load(here / "results") == {("glyphs", "mine.py:Mine"): 1}
    told = show("glyphs-5w1s@validation", "--model", "mine.py:Mine")
    assert "reading" not in told and sum(readings.load(here / "results").values()) == 1


def test_the_hardest_come_from_records_alone(here) -> None:
    from benchmark.evaluation.api import evaluate

    write(here / "results", evaluate("mine.py:Mine", "glyphs-5w1s", device="cpu"))
    assert "wrote glyphs-5w1s-hardest-3.png" in show("glyphs-5w1s", "--hardest", "3")
    assert drawn(here / "glyphs-5w1s-hardest-3.png")
    with pytest.raises(OneshotError, match="No record here"):
        show("glyphs-5w5s", "--hardest", "3")


@pytest.mark.parametrize(
    ("words", "kind", "said", "hint"),
    [
        (["glyphs-5w1s", "--episode", "10000"], OneshotError, "0 to 9,999", "--episode 9999"),
        (["glyphs-5w1s", "--episode", "-1"], OneshotError, "there is no -1", "--episode 0"),
        (["glyphs-verification", "--episode", "5000"], OneshotError, "0 to 4,999", "4999"),
        (["glyphs-retrieval"], Refused, "is a retrieval", "--embeddings"),
        (["glyphs-retrieval", "--hardest", "3"], Refused, "is a retrieval", "list tasks"),
        (["glyphs-5w1s", "--embeddings"], OneshotError, "needs a model", "--model"),
        (["glyphs-5w1s", "--embeddings", "--model", "chance"], Refused, "no embeddings", "list"),
        (
            ["glyphs-verification", "--embeddings", "--model", "mine.py:Mine", "--episode", "1"],
            Refused, "has no episodes", "--embeddings",
        ),
        (["glyphs-5w1s", "--hardest", "3", "--model", "chance"], OneshotError, "alone", "then"),
        (["glyphs-5w1s", "--out", "a.svg"], OneshotError, "does not end in .png", "FILE.png"),
        (
            ["glyphs-5w1s", "--model", "prototypical-conv4"],
            OneshotError, "no finished weights", "oneshot run",
        ),
    ],
)  # fmt: skip
def test_clear_words(here, words, kind, said, hint) -> None:
    with pytest.raises(kind, match=said) as told:
        show(*words)
    assert hint in told.value.hint and not [*here.glob("*.png")]
