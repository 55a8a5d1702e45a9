"""The rules of the house: who may import whom, what stays light, what the project says it is."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted([*ROOT.glob("benchmark/**/*.py"), *ROOT.glob("baselines/**/*.py")])


def imports(path, everywhere=True):
    """Names of the modules a file imports; at module level only, unless `everywhere`."""
    tree = ast.parse(path.read_text("utf-8"))
    nodes = ast.walk(tree) if everywhere else top_level(tree)
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return names


def top_level(tree):
    """Statements that run on import, not those under TYPE_CHECKING or in functions."""
    for node in tree.body:
        yield node
        if isinstance(node, ast.Try):
            yield from node.body


@pytest.mark.parametrize("package", ["statistics", "records", "report", "cli"])
def test_reading_results_needs_no_torch(package):
    for path in ROOT.glob(f"benchmark/{package}/**/*.py"):
        heavy = {name for name in imports(path, everywhere=False) if name.split(".")[0] == "torch"}
        assert not heavy, f"{path.name} imports torch at module level"


def test_baselines_see_only_protocols_and_data_types():
    allowed = ("benchmark.protocols", "benchmark.errors", "benchmark.files", "benchmark.graphs",
               "benchmark.models", "benchmark.datasets.data_set",
               "benchmark.user_code")  # fmt: skip
    for path in ROOT.glob("baselines/**/*.py"):
        for name in imports(path):
            if name.split(".")[0] == "benchmark" and name != "benchmark":
                assert name.startswith(allowed), f"{path.relative_to(ROOT)} imports {name}"


def test_the_harness_reaches_baselines_through_the_registry_alone():
    doors = {"registry.py", "listing.py"}  # both by name, neither at import
    for path in ROOT.glob("benchmark/**/*.py"):
        assert not {n for n in imports(path) if n.split(".")[0] == "baselines"}, path.name
        if "baselines." in path.read_text("utf-8"):
            assert path.name in doors or "import_module" not in path.read_text("utf-8")


def test_nothing_prints_but_the_command_line():
    for path in SOURCES:
        if "cli" in path.parts:
            continue
        calls = [n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Call)]
        assert not any(getattr(c.func, "id", "") == "print" for c in calls), path.name


@pytest.mark.parametrize("words", [["--help"], ["list", "models"], ["list", "tasks", "--json"]])
def test_the_command_line_starts_without_heavy_libraries(words):
    code = (
        "import sys; from benchmark.cli.app import app\n"
        f"try: app(args={words!r}, prog_name='oneshot')\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'pandas', 'matplotlib', 'scipy', 'sklearn'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr


def test_import_of_the_packages_does_nothing_heavy():
    code = "import benchmark, baselines, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_the_citation_is_valid_and_of_this_version():
    from cffconvert import Citation

    from benchmark import __version__

    text = (ROOT / "CITATION.cff").read_text("utf-8")
    Citation(text).validate()
    assert re.search(r"^version: (.+)$", text, re.M)[1].strip('"') == __version__
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")
