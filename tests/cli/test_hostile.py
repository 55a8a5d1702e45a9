"""What the terminal shows of foreign names: no escape sequence, no markup, one line."""

from __future__ import annotations

import subprocess
import sys
from io import StringIO

import pytest
from rich.console import Console

from benchmark.cli.table import JobsTable
from benchmark.errors import OneshotError
from benchmark.sweep.local import Unit
from benchmark.sweep.suite import parse


def run(*words, cwd):
    command = [sys.executable, "-m", "benchmark", *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd)


def test_errors_are_one_line_whatever_a_file_says(tmp_path):
    (tmp_path / "bad.toml").write_text(
        'title = "T"\n[[block]]\nmodels = ["\\u001b]0;owned\\u0007\\nchance"]\n'
        'tasks = ["glyphs-5w1s"]\n'
    )
    done = run("run", "--suite", "bad.toml", "--dry-run", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "\x1b" not in done.stderr and "\x07" not in done.stderr
    assert "owned" in done.stderr


@pytest.mark.parametrize(
    "model", ["{distance.__class__}", "{distance:>999999999}", "{0}", "{loss!r}", "{", "a}"]
)
def test_a_template_is_no_format_string(model):
    text = (
        f'title = "T"\n[[block]]\nmodels = ["siamese-conv4-{model}-bce"]\n'
        'distance = ["cosine"]\ntasks = ["glyphs-5w1s"]\n'
    )
    with pytest.raises(OneshotError, match="blank"):
        parse(text, "bad.toml")


def test_the_help_says_that_a_model_file_is_code(tmp_path):
    for words in (("run", "--help"), ("plan", "--help"), ("check", "--help")):
        told = " ".join(run(*words, cwd=tmp_path).stdout.replace("│", " ").split())
        assert "code" in told, words


def test_names_are_no_markup_in_the_live_table():
    table = JobsTable()
    unit = Unit(None, "a[/red].py:Net", "x[bold]", "[red]seed", "t", 1.0)
    table.expect([unit])
    table.began(unit, 0)
    file = StringIO()
    Console(file=file, width=120).print(table._picture())
    assert "a[/red].py:Net" in file.getvalue() and "[red]seed" in file.getvalue()
