"""`oneshot run` ends a model whose answers depend on their company with code 2 and the reason."""

import pytest
from typer.testing import CliRunner

from benchmark.cli.app import app
from benchmark.records import store

pytestmark = pytest.mark.training

MINE = """
import os

HOME = os.getpid()


class Sound:
    input_size = 28

    def embed(self, images):
        return images.flatten(1)[:, ::3]


class Averages(Sound):
    def embed(self, images):
        rows = super().embed(images)
        return rows + rows.roll(1, 0) if len(rows) >= 64 else rows
"""


@pytest.mark.parametrize("where", ["--isolate", "--no-isolate"])
def test_a_run_refuses_what_it_cannot_trust(tmp_path, monkeypatch, where):
    monkeypatch.setenv("ONESHOT_ISOLATE", "1")  # put back what the command sets
    (tmp_path / "mine.py").write_text(MINE)
    results = tmp_path / "results"
    models = [f"{tmp_path / 'mine.py'}:{name}" for name in ("Sound", "Averages")]
    done = CliRunner().invoke(
        app,
        ["run", *models, "--task", "glyphs-5w1s", "--episodes", "20", "--results", str(results),
         where],
    )  # fmt: skip
    assert done.exit_code == 2, done.output
    assert "The integrity probe 'embed-alone' failed" in done.output
    averages, sound = sorted(store.load(results), key=lambda record: record.model.key)
    assert averages.status == "failed" and averages.integrity is None
    assert sound.status == "ok" and sound.integrity.items >= 64
    assert sound.model_copy(update={"integrity": None}).content_id() == sound.id
