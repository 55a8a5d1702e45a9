"""Options of engines that do not go together are refused before anything is done."""

import pytest
from typer.testing import CliRunner

from benchmark.cli.app import app
from benchmark.evaluation.job import RunContext

WORDS = ["run", "chance", "--task", "glyphs-5w1s@validation"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--engine", "rey"], "Did you mean ray"),
        (["--engine", "ray", "--workers", "2"], "Leave --workers out"),
        (["--engine", "ray", "--commit-weights"], "Leave --commit-weights out"),
        (["--gpus-per-job", "0.5"], "Add --engine ray"),
        (["--address", "auto"], "Add --engine ray"),
    ],
)
def test_what_does_not_go_together_is_refused(words, says, tmp_path):
    done = CliRunner().invoke(app, [*WORDS, *words, "--results", str(tmp_path / "results")])
    told = str(done.exception) + done.output
    assert done.exit_code != 0 and says in " ".join(told.split())
    assert not (tmp_path / "results").exists()


def test_workers_commit_weights_where_they_are_asked_to():
    context = RunContext(commit_weights=True).portable()
    assert context.commit_weights and not context.wait
    assert not RunContext().portable().commit_weights
