"""`oneshot list`: every kind prints, and its JSON is complete."""

import json

import pytest
from typer.testing import CliRunner

from benchmark.cli.app import app
from benchmark.cli.listing import KINDS


@pytest.mark.training
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_prints_with_a_heading(kind):
    text = CliRunner().invoke(app, ["list", kind])
    told = CliRunner().invoke(app, ["list", kind, "--json"])
    assert text.exit_code == told.exit_code == 0
    rows = json.loads(told.stdout)
    assert text.stdout.split()[0] == next(iter(rows[0]))
    assert len({json.dumps(row) for row in rows}) == len(rows)


def test_json_names_every_siamese_network_and_text_their_pattern():
    rows = json.loads(CliRunner().invoke(app, ["list", "models", "--json"]).stdout)
    keys = {row["key"] for row in rows}
    assert {"siamese-koch-weighted-l1-bce", "prototypical-conv4", "chance"} <= keys
    assert "siamese-koch-weighted-l1-contrastive" not in keys, "refused: a logit can be negative"
    text = CliRunner().invoke(app, ["list", "models"]).stdout
    assert "siamese-best-views" in text and "siamese-mlp" not in text
    assert "siamese-BACKBONE-DISTANCE-LOSS" in text
    assert "relation-BACKBONE" in text and "relation-conv4" not in text
    assert len(text.splitlines()) < 40


def test_json_tells_what_a_model_offers_and_answers():
    rows = json.loads(CliRunner().invoke(app, ["list", "models", "--json"]).stdout)
    by_key = {row["key"]: row for row in rows}
    assert by_key["maml-conv4"]["trained_for"] == "5-way 1-shot"
    assert by_key["maml-conv4"]["protocols"] == ["EpisodeClassifier", "Trainable"]
    assert by_key["relation-conv4"]["protocols"] == ["PairHead", "Embedder", "Trainable"]
    assert by_key["bd-cspn-conv4"]["pool"] == "transductive"
    assert by_key["feat-conv4"]["paper"] == "Ye et al. 2020"
    assert all(row["paper"] or row["family"] == "fixed" for row in rows)


@pytest.mark.results
def test_about_tells_one_model():
    shown = CliRunner().invoke(app, ["about", "relation-conv4", "--results", "nowhere"])
    assert shown.exit_code == 0
    assert "Learning to Compare" in shown.stdout and "None are in this folder" in shown.stdout
    source = CliRunner().invoke(app, ["about", "feat-mlp", "--markdown"])
    assert "| `backbone` | mlp |" in source.stdout
