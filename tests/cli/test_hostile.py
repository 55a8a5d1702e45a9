"""What the terminal shows of foreign names: no escape sequence, no markup, one line."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console
from rich.live import Live
from rich.markdown import Markdown
from rich.table import Table
from rich.text import Text

from benchmark.cli.console import Console as OurConsole
from benchmark.cli.progress import ProgressDisplay
from benchmark.errors import OneshotError
from benchmark.records import store
from benchmark.sweep.suite import parse
from tests.report.synthetic_records import record

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[2]


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


def named(model, where, which):
    title = f"{model} on {where}, {which}"
    return SimpleNamespace(model=model, where=where, which=which, title=title, cost=1.0)


def test_names_are_no_markup_in_the_live_table():
    table = ProgressDisplay()
    job = named("a[/red].py:Net", "x[bold]", "[red]seed")
    table.expect([job])
    table.began(job, 0)
    file = StringIO()
    Console(file=file, width=120).print(table._picture())
    assert "a[/red].py:Net" in file.getvalue() and "[red]seed" in file.getvalue()


ESCAPE = "\x1b]0;owned\x07\x1b[2J\x9b31m\r\u202e"


def harmful(text):
    return [each for each in text if not each.isprintable() and each not in "\n\t"]


def test_no_console_but_ours_prints():
    for path in (ROOT / "benchmark").rglob("*.py"):
        if path.name != "console.py":
            assert "rich.console import Console" not in path.read_text("utf-8"), path


def test_only_rich_itself_moves_the_cursor():
    file = StringIO()
    console = OurConsole(file=file, width=200, force_terminal=True, color_system="truecolor")
    table = Table(title=ESCAPE)
    table.add_column(ESCAPE)
    table.add_row(Text(ESCAPE, style="red"))
    for shown in (ESCAPE, Text(ESCAPE, style="bold"), table, Markdown(f"# {ESCAPE}\n- `{ESCAPE}`")):
        console.print(shown, markup=False)
    with Live(Text(ESCAPE), console=console):
        pass
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", file.getvalue()).replace("\r", "")
    assert "\x1b[31m" in file.getvalue() and not harmful(shown)
    assert "\x1b]" not in file.getvalue() and "\x1b[2J" not in file.getvalue()
    assert "owned" in shown


def test_progress_and_reasons_are_one_line(monkeypatch):
    display = ProgressDisplay()
    display.console = OurConsole(file=StringIO(), width=500)
    job = named(ESCAPE, f"a\n{ESCAPE}", "seed 0")
    display.expect([job])
    display.began(job, 0)
    display.heard(job, ("refused", ESCAPE, ESCAPE))
    display.heard(job, ("finished", record("x", failed=f"{ESCAPE}\nall is well"), None))
    display.lost(job, f"{ESCAPE}\n[1/1] a on b: 100 %")
    shown = display.console.file.getvalue()
    assert not harmful(shown) and shown.count("\n") == 3


def test_other_output_is_text_too(tmp_path):
    code = (
        "import sys, logging, typer; from benchmark.cli import terminal; terminal.take_any_text()\n"
        f"t = {ESCAPE!r}\n"
        "print(t); typer.echo(t); typer.echo(t, err=True); sys.stderr.writelines([t])\n"
        "logging.warning(t); print('caf\\u00e9 \\u7f51\\tx')\n"
    )
    for encoding in ("utf-8", "ascii"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            env={**os.environ, "PYTHONIOENCODING": encoding},
            check=True,
        )
        for shown in (done.stdout.decode(encoding), done.stderr.decode(encoding)):
            assert not harmful(shown) and shown.count("owned") >= 2
    assert "caf" in done.stdout.decode()


def test_a_record_of_a_stranger_shows_no_escape_sequence(tmp_path):
    for seed in range(2):
        store.write(tmp_path, record(f"pixels{ESCAPE}", seed=seed))
        store.write(tmp_path, record("chance", seed=seed, failed=ESCAPE))
    for words in (["leaderboard", "--no-figures"], ["verify"]):
        done = run(*words, "--results", ".", cwd=tmp_path)
        assert "owned" in done.stdout and not harmful(done.stdout + done.stderr), words
