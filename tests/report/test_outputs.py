"""The files: equal bytes, harmless names, small imports, figures with their data."""

from __future__ import annotations

import csv
import hashlib
import subprocess
import sys
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from synthetic_records import MODELS, TRAINED, grid, record, save

from benchmark.errors import OneshotError
from benchmark.report.escape import fenced, markdown, printable
from benchmark.report.text import fill, render
from benchmark.report.write import write_leaderboard

pytestmark = pytest.mark.results

HOSTILE = "<script>|`*_[x](http://y)\n\x1b[31m$a^b$"
NONE = {"groups_of": lambda task, episodes: np.arange(episodes) % 5}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    few = {key: MODELS[key] for key in ("chance", "prototypical-conv4", "untrained-conv4")}
    records = [*grid(few), record(HOSTILE, skill=0.4, recipe=TRAINED)]
    return save(tmp_path_factory.mktemp("results"), records)


def tree(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*") if p.is_file()
    }


def test_two_runs_give_equal_bytes_wherever_they_run(results: Path, tmp_path: Path) -> None:
    write_leaderboard(results, tmp_path / "one", **NONE)
    # Another process has another hash seed, another folder name and another clock.
    code = (
        "import sys; from pathlib import Path; import numpy as np;"
        "from benchmark.report.write import write_leaderboard as write;"
        "write(Path(sys.argv[1]), Path(sys.argv[2]), groups_of=lambda t, e: np.arange(e) % 5)"
    )
    subprocess.run([sys.executable, "-c", code, str(results), str(tmp_path / "two")], check=True)
    one, two = tree(tmp_path / "one"), tree(tmp_path / "two")
    assert sorted(one) == sorted(two)
    assert [name for name in one if one[name] != two[name]] == []
    kinds = {
        f"figures/{kind}-glyphs.{end}" for kind in ("accuracy", "curves") for end in ("svg", "csv")
    }
    assert kinds | {"leaderboard.md", "leaderboard.csv"} <= set(one)
    for data in one.values():
        assert str(results).encode() not in data and b"\r\n" not in data


def test_figures_of_vanished_tracks_go_and_other_files_stay(results: Path, tmp_path: Path) -> None:
    figures = tmp_path / "figures"
    figures.mkdir()
    for name in ("accuracy-gone.svg", "accuracy-mine.svg", "accuracy-notes.txt"):
        (figures / name).write_text("x")
    digest = hashlib.sha256(b"x").hexdigest()
    (tmp_path / "generated.txt").write_text(f"{digest}  figures/accuracy-gone.svg\n")
    small = save(tmp_path / "records-of-one", [record("a")])
    write_leaderboard(small, tmp_path, **NONE)
    left = {path.name for path in figures.iterdir()}
    assert "accuracy-gone.svg" not in left
    assert {"accuracy-mine.svg", "accuracy-notes.txt", "accuracy-glyphs.svg"} <= left


def test_hostile_names_are_harmless_in_the_page(results: Path, tmp_path: Path) -> None:
    written = write_leaderboard(results, tmp_path, figures=False, **NONE)
    page = written.page.read_text("utf-8")
    tables = [line for line in page.splitlines() if line.startswith("|")]
    assert any("&lt;script&gt;" in line for line in tables)
    assert "<script" not in "".join(tables) and "\x1b" not in page
    head = None
    for line in page.splitlines():
        if not line.startswith("|"):
            head = None
            continue
        cells = line.replace("\\|", "").count("|")
        head = head or cells
        assert cells == head, line


def test_hostile_names_survive_the_sheet(results: Path, tmp_path: Path) -> None:
    written = write_leaderboard(results, tmp_path, figures=False, **NONE)
    rows = list(csv.DictReader(StringIO(written.sheet.read_text("utf-8"), newline="")))
    hostile = [row for row in rows if row["model"] == HOSTILE]
    assert [row["state"] for row in hostile] == ["ok", "missing", "missing"]
    assert all(len(row["accuracy"]) in (0, 8) for row in rows)
    assert {row["groups"] for row in rows if row["state"] == "ok"} == {"5"}


def test_terminal_shows_names_as_they_are_and_fits(results: Path, tmp_path: Path) -> None:
    written = write_leaderboard(results, tmp_path, figures=False, **NONE)
    for width in (80, 120):
        file = StringIO()
        Console(file=file, width=width, force_terminal=False).print(
            render(written.leaderboard, width)
        )
        shown = file.getvalue()
        assert max(len(line.rstrip()) for line in shown.splitlines()) <= width
        assert "prototypical-conv4" in shown and "not run" in shown and "\x1b" not in shown
        assert "<script>|" in shown
    lines = fill(written.commands)
    assert len(lines) == 3 and "--task glyphs-5w5s --seeds 0 --budget quick" in lines[1]


def test_no_results_says_what_to_type(tmp_path: Path) -> None:
    with pytest.raises(OneshotError, match="no results") as caught:
        write_leaderboard(tmp_path)
    assert "oneshot run" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a|b", r"a\|b"),
        ("<b>", "&lt;b&gt;"),
        ("x\ny", r"x\\ny"),
        ("http://a", "http&#58;//a"),
        ("www.a", "www&#46;a"),
        ("plain-conv4", "plain-conv4"),
    ],
)
def test_markdown_escapes(text: str, shown: str) -> None:
    assert markdown(text) == shown


def test_fences_outlast_what_they_hold() -> None:
    assert fenced(["a ```` b"])[0] == "`````"
    assert printable("a\u202eb\ud800") == r"a\u202eb\ud800"


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys; import benchmark.cli.leaderboard, benchmark.report;"
        "print(sorted({'pandas','matplotlib','seaborn','scipy','torch'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_whole_report_needs_no_torch(tmp_path: Path) -> None:
    results = save(tmp_path, [record("a", recipe=TRAINED), record("b", recipe=TRAINED)])
    code = (
        "import sys; from pathlib import Path;"
        "from benchmark.cli.leaderboard import leaderboard;"
        "import benchmark.report.frame as f; f.load_records(sys.argv[1]);"
        "leaderboard(Path(sys.argv[1])); print('torch' in sys.modules)"
    )
    found = subprocess.run(
        [sys.executable, "-c", code, str(results)], capture_output=True, text=True, check=True
    )
    assert found.stdout.splitlines()[-1] == "False"
    assert "leaderboard.md" in found.stdout and "svg, csv" in found.stdout
