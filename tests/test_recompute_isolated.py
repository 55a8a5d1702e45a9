"""Records of others are recomputed without network, environment and home."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmark.cli.app import app

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "tools" / "recompute_isolated.sh"
NO_NAMESPACES = 3  # exit code where the network cannot be taken away
LOOKS_AROUND = """#!/bin/sh
echo "HOME=$HOME"
echo "WORDS=$*"
env | grep -c TOKEN
ulimit -v
"{python}" -c 'import socket; socket.create_connection(("127.0.0.1", {port}), 2)' 2>&1 | tail -1
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="name spaces of Linux")


def isolated(oneshot: Path, results: Path, **more: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        ["sh", str(SCRIPT), str(results), "1"], env={**os.environ, "ONESHOT": str(oneshot), **more},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    if done.returncode == NO_NAMESPACES:
        pytest.skip(done.stderr)
    return done


def test_nothing_of_the_machine_is_within_reach(tmp_path: Path) -> None:
    import socket

    command = tmp_path / "oneshot"
    with socket.create_server(("127.0.0.1", 0)) as server:
        command.write_text(LOOKS_AROUND.format(python=sys.executable, port=server.getsockname()[1]))
        command.chmod(0o755)
        done = isolated(command, tmp_path / "r", API_TOKEN="secret", MEMORY_BYTES=str(8 << 30))
    home, words, tokens, memory, network = done.stdout.splitlines()
    assert home != f"HOME={os.environ.get('HOME')}" and not Path(home.partition("=")[2]).exists()
    assert words.startswith(f"WORDS=verify --results {tmp_path / 'r'} --recompute 1 --work ")
    assert tokens == "0" and memory == str(8 << 20)
    assert "Error" in network and "refused" not in done.stderr, "the server was there to be reached"


def test_a_record_is_reproduced_in_isolation(tmp_path: Path) -> None:
    words = ["run", "pixels-euclidean", "--task", "glyphs-5w1s", "--episodes", "20"]
    made = CliRunner().invoke(app, [*words, "--seeds", "0", "--results", str(tmp_path / "r")])
    assert made.exit_code == 0, made.output
    command = tmp_path / "oneshot"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m benchmark "$@"\n')
    command.chmod(0o755)
    done = isolated(command, tmp_path / "r", PYTHONPATH=str(ROOT))
    assert done.returncode == 0, done.stderr
    assert "identical" in done.stdout


def test_make_recompute_calls_the_script() -> None:
    words = ["make", "--dry-run", "--no-print-directory", "recompute", "RESULTS=mine", "COUNT=7"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "sh tools/recompute_isolated.sh mine 7" in done.stdout, done.stderr
