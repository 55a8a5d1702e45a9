"""`oneshot play`: the real Omniglot as a page, and a clear word without it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmark.cli.app import app
from benchmark.errors import DataMissing
from benchmark.report.play.questions import LAKE, on_lake
from benchmark.tasks import load_task

RESULTS = Path(__file__).parents[2] / "results"


def run(*words):
    return CliRunner().invoke(app, ["play", *map(str, words)], catch_exceptions=False)


def test_without_omniglot_nothing_is_written(tmp_path):
    with pytest.raises(DataMissing, match="omniglot"):
        run("--data", tmp_path, "--out", tmp_path / "play.html")
    assert not [*tmp_path.iterdir()]


@pytest.mark.realdata
def test_the_400_trials_of_lake_stand_beside_people(real_store, tmp_path):
    out = tmp_path / "play.html"
    result = run("--data", real_store, "--out", out, "--results", RESULTS)
    assert re.search(r"[1-9]\d* models and [1-9]\d* published numbers", result.stdout)
    assert '"label":"Human"' in out.read_text("utf-8")
    test = on_lake(load_task(LAKE, real_store))
    assert len(test.trials) == len(set(test.trials)) == 400
    assert {episode for episode, _, _ in test.trials[:20]} == set(range(20))
    assert out.stat().st_size < 300_000


@pytest.mark.realdata
def test_without_published_numbers_it_says_where_they_are(real_store, tmp_path):
    result = run("--data", real_store, "--out", tmp_path / "p.html", "--results", tmp_path)
    assert "0 models and 0 published numbers" in result.stdout
    assert "results/claims" in result.stdout
