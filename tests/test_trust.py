"""Nothing in the sources runs what it reads: no pickles, no eval, no extraction, no shell."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(
    p for top in ("benchmark", "baselines", "tools") for p in ROOT.glob(f"{top}/**/*.py")
)
MODULES = {
    "marshal",
    "shelve",
    "dill",
    "cloudpickle",
    "joblib",
    "yaml",
    "xml",
    "lxml",
    "jsonpickle",
}
CALLS = {
    "pickle.load", "pickle.loads", "pickle.Unpickler", "eval", "exec", "compile", "os.system",
    "os.popen", "np.loadtxt", "np.genfromtxt", "pd.read_pickle", "pd.read_hdf", "pd.eval",
    "shutil.unpack_archive", "input", "__import__",
}  # fmt: skip
METHODS = {"extract", "extractall", "query_from_string", "run_path", "run_module"}
# Where code is run on purpose: a model or a backbone in a user's own file, told in SECURITY.md.
ON_PURPOSE = {
    ("benchmark/user_code.py", "exec_module"),
    ("baselines/adapters/torchscript.py", "torch.jit.load"),
}
READER = "benchmark/datasets/unpickle.py"  # the one that gives pickles nothing to call


def name_of(node: ast.AST) -> str:
    """The dotted name of what is called or derived from."""
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value) or '?'}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def trouble(source: str, path: str = "x.py") -> list[str]:
    """What in this source would trust its input."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names]
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else names
            found += [f"imports {name}" for name in names if name.split(".")[0] in MODULES]
            if isinstance(node, ast.ImportFrom) and node.module in ("pickle", "os", "subprocess"):
                called = {f"{node.module}.{alias.name}" for alias in node.names} & CALLS
                found += [f"imports {name}" for name in called]
            continue
        if isinstance(node, ast.ClassDef):
            bases = {name_of(base).rpartition(".")[2] for base in node.bases}
            if bases & {"Unpickler", "_Unpickler"} and path != READER:
                found.append("derives from an unpickler")
            continue
        if isinstance(node, ast.Attribute | ast.Name) and name_of(node) in (
            "torch.load",
            "torch.jit.load",
            "np.load",
            "numpy.load",
        ):  # passed on to be called elsewhere, as to `on_cpu`
            if not _called_safely(node, source, path):
                found.append(name_of(node))
            continue
        if isinstance(node, ast.Call):
            name, last = name_of(node.func), name_of(node.func).rpartition(".")[2]
            words = {word.arg: word.value for word in node.keywords}
            runs = name in CALLS or last in METHODS or last == "exec_module"
            if runs and (path, last) not in ON_PURPOSE:
                found.append(name)
            if "shell" in words and getattr(words["shell"], "value", None) is not False:
                found.append(f"{name} with a shell")
            if name.endswith("read_csv") and "compression" not in words:
                found.append(f"{name} unpacks by the file's ending")
            if getattr(words.get("allow_pickle"), "value", False) is not False:
                found.append(f"{name} with pickles")
            if getattr(words.get("autoescape"), "value", True) is not True:
                found.append(f"{name} without escapes")
    return found


def _called_safely(node: ast.AST, source: str, path: str) -> bool:
    """Whether the loader stands in a call that says weights_only=True or allow_pickle=False."""
    name = name_of(node)
    if (path, name) in ON_PURPOSE:
        return True
    word, value = ("allow_pickle", False) if name.endswith("np.load") else ("weights_only", True)
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call) or not call.lineno <= node.lineno <= call.end_lineno:
            continue
        inside = {name_of(each) for each in (call.func, *call.args)}
        says = {each.arg: getattr(each.value, "value", None) for each in call.keywords}
        if name in inside and says.get(word) is value:
            return True
    return False


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_source_trusts_its_input(path):
    place = path.relative_to(ROOT).as_posix()
    assert not trouble(path.read_text("utf-8"), place)


@pytest.mark.parametrize(
    "source",
    [
        "import pickle\npickle.load(file)",
        "import pickle\npickle.loads(data)",
        "from pickle import loads",
        "import pickle\nclass A(pickle.Unpickler): pass",
        "torch.load(file)",
        "torch.load(file, weights_only=False)",
        "on_cpu(data, torch.load)",
        "np.load(path, allow_pickle=True)",
        "np.load(path)",
        "np.save(path, array, allow_pickle=True)",
        "import yaml",
        "from xml.etree import ElementTree",
        "eval(text)",
        "exec(text)",
        "tarfile.open(path).extractall(folder)",
        "archive.extract(member, filter='data')",
        "subprocess.run(words, shell=True)",
        "os.system(text)",
        "spec.loader.exec_module(module)",
        "pd.read_csv(path)",
        "Environment(autoescape=False)",
        "torch.jit.load(file)",
    ],
)
def test_each_of_these_is_found(source):
    assert trouble(source)


@pytest.mark.parametrize(
    "source",
    [
        "torch.load(file, map_location='cpu', weights_only=True)",
        "on_cpu(data, torch.load, weights_only=True)",
        "np.load(path, allow_pickle=False)",
        "model.eval()",
        "subprocess.run(['git', 'status'])",
        "re.compile(text)",
        "Environment(autoescape=True)",
    ],
)
def test_what_is_safe_is_left_alone(source):
    assert not trouble(source)
