"""`oneshot list`: every kind prints, and its JSON is complete."""

import json

import pytest
from typer.testing import CliRunner

from benchmark.cli.app import app
from benchmark.cli.listing import KINDS


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
