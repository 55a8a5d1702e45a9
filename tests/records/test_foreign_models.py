"""What a results folder names never runs: models, settings, tuning files and printed commands."""

from __future__ import annotations

import ast
import importlib
import json
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import save_file
from typer.testing import CliRunner

from baselines import adapters
from baselines.backbones import _adapters, _custom
from benchmark import registry
from benchmark.cli.app import app
from benchmark.errors import OneshotError
from benchmark.evaluation.recompute import job_of
from benchmark.records import store
from benchmark.records.schema import Record
from benchmark.registry import in_command, outside
from benchmark.twin.twin import load_twin
from tests.report.synthetic_records import MODELS, record

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[2]
CANARY = """
from pathlib import Path
Path(__file__).with_name("canary-was-run").touch()
import torch
class Net(torch.nn.Module):
    distance = "cosine"
    def __init__(self, *_): super().__init__()
    def forward(self, images): return images.flatten(1)
    def embed(self, images): return images[:, :, ::7, ::7].flatten(1)
"""
KEYS = (
    "subprocess:getoutput", "os:system", "canary:Net", "canary.py:Net", "./canary.py:Net",
    "sub/canary.py:Net", "torchscript:canary.pt", "onnx:canary.onnx", "checkpoint:canary.pt",
    "easyfsl:PrototypicalNetworks", "canary-entry-point", "$(touch canary-was-run)",
    "baselines.fixed.chance:Chance",
)  # fmt: skip
SETTINGS = (
    "backbone=canary.py:Net", "backbone=/tmp/evil.py:Net", "backbone=canary:Net",
    "backbone=timm:resnet18", "backbone=hf:owner/name", "backbone=torchvision:resnet18",
    "backbone=canary", "loss=canary.py:Loss", "loss=canary", "distance=canary.py:D",
    "distance=canary", "backbone=..\\canary.py:Net", 'backbone="canary.py:Net"',
    'backbone=["canary.py:Net"]', "classifier=canary.py", "sizes=canary:Net", "nothing", "=x",
    "a b=1",
)  # fmt: skip


def forged(made: Record, key: str, settings: list[str], seed: int = 0) -> Record:
    """A record as a stranger would write it: everything fits together, the id as well."""
    data = made.model_dump(mode="json", by_alias=True) | {"id": "", "seed": seed}
    data["model"]["key"] = key
    data["provenance"]["settings"] = settings
    return Record.model_validate(data)


@pytest.fixture(scope="module")
def genuine() -> Record:
    return record("pixels-cosine", recipe=MODELS["pixels-cosine"][1])


@pytest.fixture
def hostile(tmp_path, monkeypatch, genuine) -> Path:
    """A folder of hostile results, canaries beside it and on the path; nothing may import them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "sub").mkdir()
    for name in ("canary.py", "sub/canary.py"):
        (tmp_path / name).write_text(CANARY)
    results = tmp_path / "results"
    for seed, key in enumerate(KEYS):
        store.write(results, forged(genuine, key, [], seed))
    for seed, setting in enumerate(SETTINGS):
        store.write(results, forged(genuine, "pixels-cosine", [setting], seed))
    save_file({"w": np.zeros(1)}, tmp_path / "canary.safetensors", {"seen": '["canary.py:Net"]'})
    tuning = results / "tuning" / "omniglot-background"
    tuning.mkdir(parents=True)
    search = {
        "model": "canary.py:Net", "track": "omniglot-background", "budget": "quick",
        "task": "$(touch canary-was-run)", "seed": 0, "of": 1,
        "trials": [{"factors": {"x": 1.0}, "settings": {"backbone": 1.0}, "correct": 1}],
    }  # fmt: skip
    for distance in ("cosine", "euclidean"):
        path = tuning / f"siamese-conv4-{distance}-nt-xent--quick.json"
        path.write_text(json.dumps(search))
    (results / "claims").mkdir()
    (results / "claims" / "a.toml").write_text(
        '[[claim]]\ntask = "glyphs-5w1s"\nmethod = "canary.py:Net"\nmodel = "canary.py:Net"\n'
        'accuracy = 1.0\nsource = "canary:Net"\nreliability = "seen"\nprotocol = "same"\n'
    )
    (results / "suite.toml").write_text(
        'title = "T"\n[[block]]\nmodels = ["canary.py:Net"]\ntasks = ["glyphs-5w1s"]\n'
    )
    picture = Image.fromarray(np.arange(28 * 28, dtype=np.uint8).reshape(28, 28) // 4)
    for name in ("a.png", "pictures/b.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        picture.save(tmp_path / name)
    forbid(monkeypatch)
    return results


def forbid(monkeypatch) -> None:
    """Makes every door to code outside the catalogue an error of the test."""

    def opened(*arguments, **_):
        raise AssertionError(f"a results folder opened {arguments}")

    monkeypatch.setattr(registry, "load_file", opened)
    monkeypatch.setattr(adapters, "find", opened)
    monkeypatch.setattr(_custom, "load", opened)
    monkeypatch.setattr(_adapters, "build", opened)
    entry_points = importlib.metadata.entry_points
    monkeypatch.setattr(
        importlib.metadata,
        "entry_points",
        lambda **group: (
            opened(group) if group.get("group") == registry.ENTRY_POINTS else entry_points(**group)
        ),
    )
    imported = importlib.import_module

    def only_ours(name, *rest):
        assert not name.startswith(("canary", "subprocess", "os", "timm", "transformers")), name
        return imported(name, *rest)

    monkeypatch.setattr(importlib, "import_module", only_ours)


def names_of(results: Path) -> list[str]:
    return [
        f"{record.model.key}--{record.model.recipe8} {record.seed}"
        for record in map(store.read, store.paths(results))
    ]


def run(*words: str) -> str:
    done = CliRunner().invoke(app, [*words])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        assert isinstance(done.exception, OneshotError), done.exception
        return str(done.exception)
    return done.output


def quiet(folder: Path) -> None:
    assert not list(folder.rglob("canary-was-run")) and "canary" not in sys.modules


def test_recomputation_builds_nothing_outside_the_catalogue(hostile):
    told = run("verify", "--recompute", "100", "--results", str(hostile))
    quiet(hostile.parent)
    assert told.count("A record names the model") >= len(KEYS) - 1


@pytest.mark.parametrize(
    "words",
    [
        ["compare-images", "a.png", "a.png"],
        ["search", "a.png", "pictures"],
        ["export", "--format", "torchscript"],
    ],
    ids=lambda words: words[0],
)
def test_trained_models_are_those_of_the_catalogue(words, hostile):
    for name in names_of(hostile)[:: 1 if words[0] == "compare-images" else 6]:
        run_name, seed = name.rsplit(" ", 1)
        model = ["--model", run_name, "--seed", seed, "--results", str(hostile)]
        told = run(*words, *model, "--work", "work")
        quiet(hostile.parent)
        key = run_name.rpartition("--")[0]
        if key in KEYS:
            assert "A record names the model" in told and "--trust-code" in told, (name, told)


@pytest.mark.parametrize(
    "words",
    [
        ["verify"],
        ["leaderboard", "--no-figures"],
        ["leaderboard", "--check"],
        ["compare", "pixels-cosine", "canary.py:Net"],
        ["about", "pixels-cosine"],
        ["about", "glyphs-5w1s"],
        ["cite"],
        ["show", "glyphs-5w1s", "--hardest", "3"],
        ["play", "--out", "play.html"],
        ["run", "--suite", "siamese-grid", "--dry-run"],
        ["plan", "--suite", "siamese-grid"],
    ],
    ids=lambda words: "-".join(words[:2]),
)
def test_no_command_over_a_results_folder_runs_what_it_names(words, hostile):
    run(*words, *(["--results", str(hostile)] if words[0] != "play" else []))
    quiet(hostile.parent)


def test_commands_made_from_records_name_the_catalogue_or_leave_a_blank(hostile, genuine):
    recipe = genuine.model.recipe
    for key in KEYS:  # a hole: other seeds of the same pool have another task
        store.write(hostile, forged(genuine, key, [], 40))
    assert recipe == genuine.model.recipe
    told = run("leaderboard", "--no-figures", "--results", str(hostile))
    told += run("about", "pixels-cosine", "--markdown", "--results", str(hostile))
    pages = [*hostile.rglob("*.md"), hostile / "leaderboard.html"]
    lines = [line for page in pages if page.is_file() for line in page.read_text().splitlines()]
    commands = [
        line for line in [*told.splitlines(), *lines] if line.strip().startswith("oneshot run")
    ]
    assert commands
    for command in commands:
        model = shlex.split(command)[2]
        assert ":" not in model and ".py" not in model.replace(".py ", ""), command
        assert "canary.py:Net" not in command


@pytest.mark.parametrize("key", KEYS)
def test_a_key_outside_the_catalogue_is_refused(key, genuine, monkeypatch):
    forbid(monkeypatch)
    with pytest.raises(OneshotError, match="outside|not part of the suite's catalogue"):
        job_of(forged(genuine, key, []))
    assert ":" not in in_command(key)
    assert in_command(key) == key or in_command(key).startswith("<")


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_setting_that_names_something_else_is_refused(setting, genuine, monkeypatch):
    forbid(monkeypatch)
    with pytest.raises(OneshotError, match="catalogue|not KEY=VALUE|no setting"):
        job_of(forged(genuine, "siamese-conv4-cosine-nt-xent", [setting]))


@pytest.mark.parametrize(
    "setting",
    ["learning_rate=0.004", "classes_from=any", "sizes=48:0.4,64:0.7", "turns=true",
     "backbone=conv6", "loss=triplet", "distance=signal-to-noise", "margin=null", "x=-1e-3"],
)  # fmt: skip
def test_numbers_switches_and_parts_of_the_suite_are_not_refused(setting):
    name, _, value = setting.partition("=")
    assert outside("siamese-conv4-cosine-nt-xent", {name: value}) is None


def test_the_committed_records_name_nothing_else():
    for path in store.paths(ROOT / "results"):
        record = json.loads(path.read_bytes())
        settings = dict(pair.split("=") for pair in record["provenance"]["settings"])
        assert outside(record["model"]["key"], settings) is None, path


def test_who_trusts_a_record_can_say_so(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(CANARY)
    monkeypatch.chdir(tmp_path)
    run("run", "mine.py:Net", "--task", "glyphs-5w1s", "--episodes", "20")
    (path,) = store.paths(Path("results"))
    run_name = f"mine.py:Net--{store.read(path).model.recipe8}"
    with pytest.raises(OneshotError, match="--trust-code"):
        load_twin(run_name, results=tmp_path / "results", work=tmp_path)
    told = run("verify", "--recompute", "1", "--results", "results")
    assert "not verifiable" in told or "not possible" in told
    twin = load_twin(run_name, results=tmp_path / "results", work=tmp_path, trust_code=True)
    assert twin.key == "mine.py:Net"
    assert "identical" in run("verify", "--recompute", "1", "--results", "results", "--trust-code")


def test_a_record_in_the_folder_of_another_builds_nothing(tmp_path, genuine):
    path = store.write(tmp_path, forged(genuine, "pixels-euclidean", []))
    folder = path.parent.parent / f"pixels-cosine--{genuine.model.recipe8}"
    path.parent.rename(folder)
    with pytest.raises(OneshotError, match="belongs at"):
        load_twin(folder.name, results=tmp_path, work=tmp_path)


def test_a_search_of_another_model_is_not_followed(tmp_path, caplog):
    from benchmark.sweep.tuning import Search

    search = Search("siamese-conv4-cosine-nt-xent", "omniglot-background", "quick")
    path = tmp_path / search.name
    path.parent.mkdir(parents=True)
    other = {
        "model": "siamese-conv4-cosine-triplet", "track": search.track, "budget": "quick",
        "task": "x", "seed": 0, "of": 1, "trials": [{"factors": {}, "settings": {}, "correct": 1}],
    }  # fmt: skip
    path.write_text(json.dumps(other))
    assert search.read(tmp_path) is None
    assert "holds the search of siamese-conv4-cosine-triplet" in caplog.text
    path.write_text(
        json.dumps(other | {"trials": [{"factors": {"a": 1e999}, "settings": {}, "correct": 1}]})
    )
    assert search.read(tmp_path) is None and "cannot be read" in caplog.text


def test_a_suite_in_a_file_says_what_code_it_runs(hostile):
    words = ["run", "--suite", str(hostile / "suite.toml"), "--dry-run"]
    assert "runs code from outside the catalogue: the model canary.py:Net" in (
        CliRunner().invoke(app, words).output
    )


# Every place that turns a name into code, and whose name it is. A new one belongs here, with the
# reason why no results folder can reach it.
RESOLVES = {
    "benchmark/registry.py": "resolve_recorded, behind `outside`",
    "benchmark/cli/data_add.py": "models of the suite that are proposed for new data",
    "benchmark/evaluation/raw.py": "models of the suite that compare raw inputs",
    "benchmark/evaluation/isolation/server.py": "what `resolve` took, in its process",
    "benchmark/evaluation/api.py": "the model that the user gives to evaluate and check",
    "benchmark/sweep/applied.py": "the model that the user gives to run and plan",
    "benchmark/evaluation/job.py": "the model that the user gives to run and plan",
    "benchmark/sweep/tuning.py": "the model that the user gives to tune, or a suite's",
    "benchmark/twin/export.py": "the file that export has just written",
    "benchmark/twin/find.py": "the user's --model; records go through job_of",
}


def test_every_call_that_loads_a_model_by_name_is_known():
    found = set()
    for path in [*ROOT.glob("benchmark/**/*.py"), *ROOT.glob("tools/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func).rpartition(".")[2]
                if name == "resolve" and node.args:  # Path.resolve takes none
                    found.add(path.relative_to(ROOT).as_posix())
    assert found <= set(RESOLVES)
