"""Files are opened by the guarded functions of `benchmark.files`; each exception has its reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(p for top in ("benchmark", "baselines") for p in ROOT.glob(f"{top}/**/*.py"))
METHODS = {
    "read_bytes", "read_text", "open", "fdopen", "open_memmap", "memmap", "fromfile", "tofile",
    "file_digest", "mmap", "write_text", "write_bytes", "ParquetFile", "safe_open", "load_file",
    "InferenceSession", "load_model", "copyfile", "copy", "copy2", "copyfileobj", "copytree",
    "move", "ZipFile", "is_zipfile", "parse_file", "urlopen", "loadtxt", "genfromtxt", "TarFile",
    "LZMAFile", "BZ2File", "GzipFile", "FileIO", "load_state_dict_from_url", "getlines", "getline",
}  # fmt: skip
BARE = {"open", "safe_open", "load_file", "urlopen"}  # called without a module
OF_MODULES = {  # these names mean something else on other objects
    "copy": {"shutil"}, "move": {"shutil"}, "copy2": {"shutil"}, "load_model": {"onnx"},
    "load_file": {"torch", "numpy", "safetensors"},
}  # fmt: skip
SAFE = {"store.write_bytes", "sources.file_digest"}  # replaces a file atomically; guards
LOADERS = {"json", "np", "numpy", "torch", "pickle", "jit", "marshal", "tomllib", "onnx", "csv"}
LOADS = {"load", "loads", "reader", "load_model_from_string"}

# (file, function, call): why it does without the guard.
GUARDED = "its argument is an open file of `open_regular`, or bytes that were read by it"
PACKAGED = "a file of the installed package, not of a stranger"
OWN = "a new file of the suite's own, made exclusively or in a folder that only it writes"
ALLOWED: dict[tuple[str, str, str], str] = {
    ("baselines/about.py", "_source", "?.read_text"): PACKAGED,
    ("baselines/adapters/_file.py", "_refuse_expanding", "zipfile.ZipFile"): GUARDED,
    ("baselines/adapters/_file.py", "_refuse_expanding", "zipfile.is_zipfile"): GUARDED,
    ("baselines/adapters/checkpoint.py", "_weights", "torch.load"): GUARDED,
    ("baselines/adapters/onnx.py", "Onnx.__init__", "runtime.InferenceSession"): (
        "bytes that were read; by its path only after it and its external data were read"
    ),
    ("baselines/adapters/torchscript.py", "TorchScript.__init__", "torch.jit.load"): GUARDED,
    ("baselines/backbones/efficientnet_lite0.py", "published_weights", "torch.load"): PACKAGED,
    ("baselines/parts.py", "source_of", "?.read_text"): PACKAGED,
    ("baselines/training/checkpoint.py", "read", "torch.load"): GUARDED,
    ("baselines/training/checkpoint.py", "save", "part.open"): OWN,
    ("baselines/training/curve.py", "write", "part.open"): OWN,
    ("benchmark/datasets/archives.py", "_tar", "tarfile.open"): GUARDED,
    ("benchmark/datasets/archives.py", "_unpacked", "module.open"): GUARDED,
    ("benchmark/datasets/archives.py", "_zip", "archive.open"): GUARDED,
    ("benchmark/datasets/archives.py", "open_image", "Image.open"): GUARDED,
    ("benchmark/datasets/archives.py", "opened_zip", "zipfile.ZipFile"): GUARDED,
    ("benchmark/datasets/data_set.py", "release", "mmap.mmap"): "names a type",
    ("benchmark/datasets/download.py", "_alone", "lock.open"): OWN,
    ("benchmark/datasets/download.py", "_intact", "hashlib.file_digest"): OWN,
    ("benchmark/datasets/download.py", "_intact", "path.open"): OWN,
    ("benchmark/datasets/download.py", "_transfer", "mark.read_text"): OWN,
    ("benchmark/datasets/download.py", "_transfer", "mark.write_text"): OWN,
    ("benchmark/datasets/download.py", "_transfer", "opener.open"): "an address; read in chunks",
    ("benchmark/datasets/download.py", "_transfer", "part.open"): OWN,
    ("benchmark/datasets/glyphs.py", "_columns", "json.loads"): PACKAGED,
    ("benchmark/datasets/glyphs.py", "_columns", "path.read_bytes"): PACKAGED,
    ("benchmark/datasets/own/decode.py", "_mapped", "np.lib.format.open_memmap"): OWN,
    ("benchmark/datasets/own/decode.py", "_mapped", "path.open"): OWN,
    ("benchmark/datasets/own/decode.py", "_mapped", "np.memmap"): "names a type",
    ("benchmark/datasets/own/decode.py", "decode", "np.memmap"): "names a type",
    ("benchmark/datasets/own/decode.py", "opened_stream", "Image.open"): GUARDED,
    ("benchmark/datasets/own/finish.py", "gather", "np.memmap"): "names a type",
    ("benchmark/datasets/own/npz.py", "_array", "archive.open"): GUARDED,
    ("benchmark/datasets/own/npz.py", "_array", "zipfile.ZipFile"): "names a type",
    ("benchmark/datasets/own/table.py", "_open_csv", "csv.reader"): GUARDED,
    ("benchmark/datasets/own/table.py", "_open_parquet", "parquet.ParquetFile"): GUARDED,
    ("benchmark/datasets/store.py", "_map_items", "np.lib.format.open_memmap"): (
        "opened by `open_regular` before; mapped, so that its size takes no memory"
    ),
    ("benchmark/datasets/store.py", "save", "?.open"): OWN,
    ("benchmark/evaluation/embedding_cache.py", "_read", "safe_open"): (
        "its digest was computed before; mapped, so that its size takes no memory"
    ),
    ("benchmark/evaluation/isolation/server.py", "describe", "json.loads"): "its own JSON",
    ("benchmark/evaluation/locks.py", "_folder", "?.open"): OWN,
    ("benchmark/evaluation/provenance.py", "code_digest", "path.read_bytes"): PACKAGED,
    ("benchmark/evaluation/provenance.py", "processor_name", "?.read_text"): "of the system",
    ("benchmark/evaluation/training.py", "training_key", "json.loads"): "its own JSON",
    ("benchmark/files.py", "_free_memory", "?.read_text"): "of the system",
    ("benchmark/files.py", "_never_waiting", "os.open"): "the guard itself",
    ("benchmark/files.py", "digest_of", "hashlib.file_digest"): GUARDED,
    ("benchmark/files.py", "flush_folder", "os.open"): "a folder",
    ("benchmark/files.py", "open_regular", "open"): "the guard itself",
    ("benchmark/files.py", "parse_json", "json.loads"): "the guard itself",
    ("benchmark/graphs.py", "onnx_training_operators", "onnx.load_model_from_string"): GUARDED,
    ("benchmark/models/distances/__init__.py", "stated", "?.read_bytes"): (
        "the source of a class that is loaded"
    ),
    ("benchmark/models/parts.py", "load", "load_file"): "benchmark.user_code, which guards",
    ("benchmark/records/evidence.py", "_row", "csv.reader"): GUARDED,
    ("benchmark/records/readings.py", "_row", "csv.reader"): GUARDED,
    ("benchmark/records/readings.py", "note", "os.open"): (
        "appends to a file inside the results folder; opened for reading too, which never waits"
    ),
    ("benchmark/records/store.py", "write_bytes", "os.open"): OWN,
    ("benchmark/registry.py", "_imported", "load_file"): "benchmark.user_code, which guards",
    ("benchmark/registry.py", "recipe_of", "json.loads"): "its own JSON",
    ("benchmark/report/cite.py", "bibliography", "?.read_text"): PACKAGED,
    ("benchmark/report/page/parts.py", "_text", "found.read_text"): PACKAGED,
    ("benchmark/sweep/data_staging.py", "_copy", "shutil.copyfile"): (
        "files of a data set that `store.verify` has read; they are verified again as copied"
    ),
    ("benchmark/sweep/remote_job.py", "_unpacked", "path.write_bytes"): OWN,
    ("benchmark/sweep/suite.py", "load", "?.read_text"): PACKAGED,
    ("benchmark/tasks/loading.py", "pins", "?.read_text"): PACKAGED,
    ("benchmark/tasks/loading.py", "pins", "json.loads"): PACKAGED,
    ("benchmark/toml.py", "parse", "tomllib.loads"): "text that `toml.read` has bounded",
    ("benchmark/twin/export.py", "_keep", "os.fdopen"): OWN,
}


def name_of(node: ast.AST) -> str:
    """The dotted name of what is called."""
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value) or '?'}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def opens(name: str) -> bool:
    """Whether a call of this name opens a file, or parses what may be of any size."""
    *before, last = name.split(".")
    if name in SAFE:
        return False
    if not before:
        return last in BARE
    if last in OF_MODULES:
        return before[-1] in OF_MODULES[last]
    return last in METHODS or (last in LOADS and before[-1] in LOADERS)


def openings(source: str) -> Iterator[tuple[str, str]]:
    """(function, what it calls or passes on) of everything that opens a file."""

    def walk(node: ast.AST, inside: str) -> Iterator[tuple[str, str]]:
        for child in ast.iter_child_nodes(node):
            scoped = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            scope = f"{inside}.{child.name}".lstrip(".") if scoped else inside
            if isinstance(child, ast.Attribute | ast.Name) and opens(name_of(child)):
                yield inside, name_of(child)
            else:
                yield from walk(child, scope)

    yield from walk(ast.parse(source), "")


@cache
def found() -> set[tuple[str, str, str]]:
    return {
        (path.relative_to(ROOT).as_posix(), function, call)
        for path in SOURCES
        for function, call in openings(path.read_text("utf-8"))
    }


def test_every_file_is_opened_by_a_guarded_function_or_says_why_not() -> None:
    unguarded = sorted(found() - set(ALLOWED))
    assert not unguarded, (
        "Open files by benchmark.files.open_regular, read_regular, head_of or digest_of, parse "
        f"JSON by parse_json, or add the reason to ALLOWED: {unguarded}"
    )


def test_no_exception_outlives_its_code() -> None:
    assert sorted(set(ALLOWED) - found()) == []
    assert all(ALLOWED.values())


@pytest.mark.parametrize(
    ("source", "calls"),
    [
        ("def f(p):\n    return p.read_bytes()", [("f", "p.read_bytes")]),
        ("class A:\n    def f(self, p):\n        return json.load(p)", [("A.f", "json.load")]),
        ("x = open('a')", [("", "open")]),
        ("x = (folder / 'a').open()", [("", "?.open")]),
        ("x = map(json.loads, texts)", [("", "json.loads")]),
        ("x = on_cpu(data, torch.load)", [("", "torch.load")]),
        ("x = np.lib.format.open_memmap(p)", [("", "np.lib.format.open_memmap")]),
        ("x = shutil.copyfile(a, b)", [("", "shutil.copyfile")]),
        ("x = model.load_state_dict(a)\ny = weights.load(p)\nz = data.copy()", []),
        ("x = open_regular(p, 1)\ny = read_regular(p, 1)\nz = parse_json(t)", []),
    ],
)  # fmt: skip
def test_openings_are_recognised(source: str, calls: list[tuple[str, str]]) -> None:
    assert list(openings(source)) == calls
