"""Terminals of any encoding: no command ends in an error because of a sign."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.cli import terminal
from benchmark.records import store
from tests.report.synthetic_records import record

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[2]
ASCII = (
    {"PYTHONIOENCODING": "ascii"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"PYTHONIOENCODING": "latin-1"},
)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
@pytest.mark.parametrize(
    "text", ["84.0 \u00b1 0.2", "\u2026", "\u7f51", "caf\u00e9", "\udcff", "\u2500\u2501"]
)
def test_any_text_can_be_printed(monkeypatch, encoding, text):
    content = io.BytesIO()
    stream = io.TextIOWrapper(content, encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    terminal.take_any_text()
    sys.stdout.write(text + "\n")
    stream.flush()
    shown = content.getvalue().decode(encoding)
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        assert shown.isascii() or encoding != "ascii"
        assert shown.strip()
    else:
        assert shown == text + "\n", "what the terminal has is printed as it is"


@pytest.mark.parametrize(
    ("sign", "ascii"),
    [
        ("\u00b1", "+-"), ("\u2026", "..."), ("\u00e9", "e"), ("\u7f51", "?"), ("\udc80", "?"),
        ("\u00b2", "2"),
    ],
)  # fmt: skip
def test_the_nearest_sign(sign, ascii):
    assert terminal.nearest(sign) == ascii


@pytest.mark.parametrize("changes", ASCII, ids="-".join)
def test_tables_come_out_whole(tmp_path, changes):
    keys = ["pixels-cosine", "pixels-euclidean"]
    for key in keys:
        for seed in range(3):
            store.write(tmp_path, record(key, seed=seed))
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | changes
    for words in (["leaderboard", "--no-figures"], ["compare", *keys], ["list", "tasks"]):
        where = ["--results", str(tmp_path)] if words[0] != "list" else []
        command = [sys.executable, "-m", "benchmark", *words, *where]
        done = subprocess.run(command, env=environment, capture_output=True)
        assert done.returncode == 0, done.stderr
        assert b"Traceback" not in done.stderr
        if words[0] != "list" and "latin-1" not in changes.values():
            assert b"+-" in done.stdout
