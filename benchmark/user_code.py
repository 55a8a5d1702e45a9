"""Users' own files, run as modules: each with its neighbours, as they are now."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from benchmark import sources
from benchmark.errors import ModelBroken
from benchmark.files import SOURCE_BYTES, digest_of


def load_file(path: Path) -> tuple[ModuleType, str]:
    """Runs a Python file as a module; also gives the hash of its text.

    The file can import its neighbours with `from . import NAME`, as part of a package whose name
    depends on the content of all of them: what has changed is loaded again.

    Raises:
        OneshotError: if the file is not there or fails to run.
    """
    code = digest_of(path, SOURCE_BYTES)[:16]
    path = path.resolve()
    top, package = path.parent, ""
    while (top / "__init__.py").is_file() and top.parent != top:
        package, top = f".{top.name}{package}", top.parent
    files = sources.own_files({"": path})
    mark = hashlib.sha256(f"{top} {sorted(files.items())}".encode()).hexdigest()[:16]
    root = f"oneshot_user_{mark}"
    make_current(path)
    if root not in sys.modules:
        holder = ModuleType(root)
        holder.__path__ = [str(top)]
        sys.modules[root] = holder
    try:
        with sources.watching({"": path}), same_folder():
            if package:
                importlib.import_module(root + package)
            module = _run(f"{root}{package}.{path.stem}", path)
    except (Exception, SystemExit) as error:
        raise ModelBroken(
            f"{path} fails when it is loaded: {type(error).__name__}: {error}.",
            "Run it again with --debug to see where.",
        ) from error
    _remember(path)
    return module, code


def _run(name: str, path: Path) -> ModuleType:
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)  # noqa: TID251
    sys.modules[name] = module  # dataclasses and pickling look the module up by its name
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


_loaded: dict[Path, str] = {}
"""Digests of the sources beside users' models as they were when they were loaded."""
_read: dict[Path, dict[str, str]] = {}
"""What `own_files` gave for a user's model when it was loaded."""


def _remember(home: Path) -> None:
    _read[home] = sources.own_files({"": home})
    for path in sources.sources(home):
        if not sources.is_library(path):
            _loaded[path] = sources.file_digest(path)


def make_current(home: Path) -> None:
    """Lets `import helper` in a user's file mean the file beside it, as it is now.

    Another model's helper of the same name may be loaded, or an earlier text of this one.
    """
    ours = [path for path in sources.sources(home, False) if not sources.is_library(path)]
    names = {each.name for path in ours for each in sources.parsed(path).imports}
    names |= {name.rpartition(".")[0] for name in names}
    rewritten = home in _read and _read[home] != sources.own_files({"": home})
    stale = set()
    for name in names & set(sys.modules):
        path = sources.file_of(sys.modules[name])
        if path is None or path not in _loaded:
            continue
        if path not in ours or rewritten or _loaded[path] != sources.file_digest(path):
            stale.add(name)
    for name in stale:
        del sys.modules[name]
    folder = str(home.parent)
    if folder in sys.path:
        sys.path.remove(folder)
        sys.path.insert(0, folder)


@contextmanager
def same_folder() -> Iterator[None]:
    """Returns to the present working directory if the block leaves it."""
    folder = Path.cwd()
    try:
        yield
    finally:
        os.chdir(folder)
