"""Which files decide what a model answers: the modules it imports, the files that it opens.

Nothing is executed here. Imports are read from the syntax trees of the sources, wherever they stand
in them, and followed transitively. Two kinds of digests come out of this:

`run_digest` covers modules of the suite without comments and docstrings, so that a training keeps
its identity while other files of the suite change. `own_files` covers a user's model byte by byte:
its file, the modules that it imports from its own folder, and the data files that these name.
"""

from __future__ import annotations

import ast
import hashlib
import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmark.errors import OneshotError
from benchmark.files import ANY_SIZE, SOURCE_BYTES, digest_of, read_regular

SUITE = Path(__file__).resolve().parents[1]
PACKAGES = ("benchmark", "baselines")
TRAINED = ("baselines", "benchmark.models")  # packages whose code a training of the suite runs
DIGITS = 16  # hex digits of a digest
NAME_LENGTH = 256  # of a text that may name a file
GONE = "gone"  # in place of the digest of a file that cannot be read


@dataclass(frozen=True)
class Import:
    """One imported name as a source states it: "a.b", after `level` dots."""

    name: str
    level: int


@dataclass(frozen=True)
class Parsed:
    """What a source says.

    Attributes:
        code: digest of the syntax tree without docstrings; of the bytes where it does not parse.
        imports: everything that is imported, inside functions too, but not for type checkers.
        texts: its string constants that could name a file.
    """

    code: str
    imports: tuple[Import, ...]
    texts: tuple[str, ...]


def run_digest(modules: Iterable[str]) -> str:
    """SHA-256 (hex) over these modules and all modules of `TRAINED` that they import.

    Comments, docstrings and formatting do not count, nor do modules that none of them imports.
    """
    found = {
        path: parsed(path)
        for path in _closure(
            [path for name in modules for path in _of_dotted(SUITE, name)],
            dict.fromkeys(PACKAGES, SUITE),
            within=tuple(SUITE.joinpath(*name.split(".")) for name in TRAINED),
        )
    }
    hasher = hashlib.sha256()
    for path in sorted(found):
        hasher.update(f"{path.relative_to(SUITE).as_posix()} {found[path].code}\n".encode())
    return hasher.hexdigest()


def own_files(homes: Mapping[str, Path], texts: Iterable[str] = ()) -> dict[str, str]:
    """Digests of the files that decide what a user's model answers, by names without folders.

    Args:
        homes: the files of the model's classes, by a word that tells them apart ("" for its own).
        texts: settings, which may name files too.

    Returns:
        Names relative to the folder of the model's file, each with 16 hex digits. What lies
        elsewhere has its base name and a digest of its place.
    """
    found: dict[str, str] = {}
    for word, home in homes.items():
        for path in deciding(home):
            found[name_of(word, home, path)] = file_digest(path)
    for text in texts:
        for path in _existing(Path.cwd(), text):
            found[f"setting/{path.name}"] = file_digest(path)
    return found


def deciding(home: Path) -> list[Path]:
    """A model's own file, the modules that it imports and the data files that these name."""
    modules = sources(home)
    named = {
        path
        for module in modules
        if not is_library(module)
        for path in _named_files(module, parsed(module).texts)
    }
    return [*modules, *sorted(named - set(modules))]


def changed(
    before: Mapping[str, str], now: Mapping[str, str], homes: Mapping[str, Path]
) -> str | None:
    """Why files that decided an answer are not those of `before`; None where they are.

    Args:
        before: the files of an earlier measurement, from `own_files` and `opened`.
        now: what is known of the files before anything is measured.
        homes: see `own_files`.
    """
    for name, digest in sorted(now.items()):
        if name not in before:
            return f"{_base(name)} was not part of it"
        if before[name] != digest:
            return f"{_base(name)} has changed"
    for name, digest in sorted(before.items()):
        if name not in now and _digest_at(name, homes) != digest:
            return f"{_base(name)} has changed"
    return None


def sources(home: Path, loaded: bool = True) -> list[Path]:
    """A model's own file and every module that it imports from its own folder or package.

    With `loaded`, a module from elsewhere counts too if it is loaded and is part of no installed
    library.
    """
    home = home.resolve()
    top, name = _package_of(home)
    packages = {name: top} if name else {}
    return sorted(_closure([home], packages, not is_library(home), loaded))


def file_digest(path: Path) -> str:
    """16 hex digits of the SHA-256 of a file's bytes; "gone" for one that cannot be read."""
    try:
        status = path.stat()
        return _file_digest(path, status.st_mtime_ns, status.st_ctime_ns, status.st_size)
    except (OSError, OneshotError):
        return GONE


@lru_cache(maxsize=4096)
def _file_digest(path: Path, written: int, changed: int, size: int) -> str:
    return digest_of(path, ANY_SIZE)[:DIGITS]


def parsed(path: Path) -> Parsed:
    """What a source says; read again only when the file changes."""
    status = path.stat()
    return _parsed(path, status.st_mtime_ns, status.st_ctime_ns, status.st_size)


@lru_cache(maxsize=4096)
def _parsed(path: Path, written: int, changed: int, size: int) -> Parsed:
    content = read_regular(path, SOURCE_BYTES)
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Parsed(hashlib.sha256(content).hexdigest(), (), ())
    imports = dict.fromkeys(_imports(tree))
    texts = dict.fromkeys(
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and 0 < len(node.value) <= NAME_LENGTH
        and "\n" not in node.value
        and "\0" not in node.value
    )
    code = hashlib.sha256(ast.unparse(_WithoutTexts().visit(tree)).encode()).hexdigest()
    return Parsed(code, tuple(imports), tuple(texts))


class _WithoutTexts(ast.NodeTransformer):
    """Removes docstrings, and other texts that stand alone as a statement."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """A body of nothing but texts keeps a `pass`."""
        super().generic_visit(node)
        if getattr(node, "body", None) == [] and not isinstance(node, ast.Module):
            node.body = [ast.Pass()]  # type: ignore[attr-defined]
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        """A statement that is an expression."""
        is_text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if is_text else node


def _imports(tree: ast.AST) -> Iterator[Import]:
    """All imports below a node, but those that only a type checker sees."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            for alias in node.names:
                yield Import(".".join(filter(None, (base, alias.name))), node.level)
            yield Import(base, node.level)
        elif isinstance(node, ast.Call) and _is_import_call(node):
            argument = node.args[0]
            assert isinstance(argument, ast.Constant)
            name = str(argument.value)
            yield Import(name.lstrip("."), len(name) - len(name.lstrip(".")))
            yield from _imports(node)
        elif isinstance(node, ast.If) and _for_type_checkers(node.test):
            for other in node.orelse:
                yield from _imports(ast.Module([other], []))
        else:
            yield from _imports(node)


def _is_import_call(node: ast.Call) -> bool:
    function = node.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    first = node.args[0] if node.args else None
    return (
        name in ("import_module", "__import__")
        and isinstance(first, ast.Constant)
        and isinstance(first.value, str)
    )


def _for_type_checkers(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
    return name == "TYPE_CHECKING"


def _closure(
    start: list[Path],
    packages: Mapping[str, Path],
    beside: bool = False,
    loaded: bool = False,
    within: tuple[Path, ...] = (),
) -> set[Path]:
    """The files of `start` and all that they import.

    Args:
        start: paths of sources.
        packages: top-level packages that are followed, and the folders that hold them.
        beside: also follow modules that lie beside the sources.
        loaded: also follow modules from elsewhere that are loaded and of no library.
        within: folders outside which nothing counts; empty for no limit.
    """
    found: set[Path] = set()
    homes = {path.parent for path in start} if beside else set()
    waiting = list(start)
    while waiting:
        path = waiting.pop()
        if path in found or (within and not any(path.is_relative_to(each) for each in within)):
            continue
        found.add(path)
        for each in parsed(path).imports:
            folders = {*homes, *([] if is_library(path) else [path.parent])} if beside else ()
            others = list(_resolved(each, path, packages, folders))
            if not others and loaded and not each.level:
                others = list(_loaded(each))
            waiting += [other for other in others if other not in found]
    return found


def _resolved(
    each: Import, path: Path, packages: Mapping[str, Path], folders: Iterable[Path]
) -> Iterator[Path]:
    """The files that an import in the source `path` runs, of those that are followed."""
    if each.level:
        base = path.parent
        for _ in range(each.level - 1):
            base = base.parent
        yield from _of_dotted(base, each.name)
        return
    first = each.name.partition(".")[0]
    if first in packages:
        yield from _of_dotted(packages[first], each.name)
    for folder in folders:
        yield from _of_dotted(folder, each.name)


def _loaded(each: Import) -> Iterator[Path]:
    """The files of loaded modules of this name that belong to no library."""
    parts = each.name.split(".")
    for count in range(1, len(parts) + 1):
        place = file_of(sys.modules.get(".".join(parts[:count])))
        if place is not None and not is_library(place):
            yield place


def _of_dotted(base: Path, name: str) -> Iterator[Path]:
    """The files that importing "a.b" below a folder runs, such as a/__init__.py and a/b.py."""
    place = base
    if not name:  # `from . import`
        if (base / "__init__.py").is_file():
            yield base / "__init__.py"
        return
    for part in name.split("."):
        place = place / part
        init, module = place / "__init__.py", place.with_name(f"{part}.py")
        if init.is_file():
            yield init
        elif module.is_file():
            yield module
            return
        elif not place.is_dir():
            return


def file_of(module: ModuleType | None) -> Path | None:
    """The source file of a loaded module."""
    file = getattr(module, "__file__", None)
    if not isinstance(file, str) or not file.endswith(".py"):
        return None
    path = Path(file)
    return path.resolve() if path.is_file() else None


def is_library(path: Path) -> bool:
    """Whether a file belongs to Python, to an installed package, or to the suite itself."""
    return any(path.is_relative_to(folder) for folder in _libraries())


@lru_cache(maxsize=1)
def _libraries() -> tuple[Path, ...]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    paths = {Path(sysconfig.get_paths()[name]).resolve() for name in names}
    return (*paths, *(SUITE / package for package in PACKAGES))


def folder_of(home: Path) -> Path:
    """The folder of a model's file; of a package the one that holds the top-level package."""
    return _package_of(home.resolve())[0]


def _package_of(home: Path) -> tuple[Path, str]:
    """(folder that holds the top-level package of a source, the package's name or "")."""
    folder, name = home.parent, ""
    while (folder / "__init__.py").is_file() and folder.parent != folder:
        folder, name = folder.parent, folder.name
    return folder, name


def _named_files(path: Path, texts: tuple[str, ...]) -> Iterator[Path]:
    """Existing files that string constants of a source name, alone or folder and file in two."""
    folders = [path.parent, *list(path.parents)[1:3], Path.cwd()]
    for folder in dict.fromkeys(folders):
        below = [folder, *(f for text in texts if (f := _folder(folder, text)) is not None)]
        for base in dict.fromkeys(below):
            for text in texts:
                yield from _existing(base, text)


def _folder(base: Path, text: str) -> Path | None:
    if text in (".", "..", "/") or text.strip() != text or len(text) < 2:
        return None
    try:
        place = base / Path(text).expanduser()
        return place if place.is_dir() else None
    except (OSError, RuntimeError, ValueError):
        return None


def _existing(base: Path, text: str) -> Iterator[Path]:
    """The file that a text names below a folder; sources are found by their imports instead."""
    if not 0 < len(text) <= NAME_LENGTH or "\0" in text:
        return
    try:
        place = (base / Path(text).expanduser()).resolve()
        if place.is_file() and place.suffix != ".py":
            yield place
    except (OSError, RuntimeError, ValueError):
        return


def name_of(word: str, home: Path, path: Path) -> str:
    """A file's name in provenance: below the model's folder its place there, else its base name."""
    folder, path = _package_of(home.resolve())[0], path.resolve()
    if path.is_relative_to(folder):
        name = path.relative_to(folder).as_posix()
    else:
        place = os.path.relpath(path, folder)
        name = f"elsewhere/{hashlib.sha256(place.encode()).hexdigest()[:8]}/{path.name}"
    return f"{word}/{name}" if word else name


def _base(name: str) -> str:
    return name.rpartition("/")[2]


def _digest_at(name: str, homes: Mapping[str, Path]) -> str:
    """The digest of a file that an earlier measurement opened in the model's folder."""
    for home in homes.values():
        folder = _package_of(home.resolve())[0]
        place = Path(os.path.normpath(folder / name))
        if place.is_relative_to(folder) and place.is_file():
            return file_digest(place)
    return GONE


_watched: list[Path] = []
_opened: dict[Path, set[Path]] = {}


@cache
def _install_hook() -> None:
    """Once a process: audit hooks cannot be removed."""
    sys.addaudithook(_hook)


@contextmanager
def watching(homes: Mapping[str, Path]) -> Iterator[None]:
    """Notes which files in the models' folders are opened for reading in the block.

    Files that Python opens are seen; those that a library opens by itself are not.
    """
    folders = [_package_of(home.resolve())[0] for home in homes.values()]
    if folders:
        _install_hook()
    _watched.extend(folders)
    try:
        yield
    finally:
        for folder in folders:
            _watched.remove(folder)


def opened_files(homes: Mapping[str, Path], without: Iterable[Path | None] = ()) -> dict[str, str]:
    """Digests of the files that were opened under `watching`, named as in `own_files`.

    Args:
        homes: see `own_files`.
        without: folders of the suite, which a model's folder may contain.
    """
    suite = [folder.resolve() for folder in without if folder is not None]
    found: dict[str, str] = {}
    for word, home in homes.items():
        outside = [folder for folder in suite if not home.is_relative_to(folder)]
        for path in sorted(_opened.get(_package_of(home.resolve())[0], ())):
            if path.is_file() and not any(path.is_relative_to(folder) for folder in outside):
                found[name_of(word, home, path)] = file_digest(path)
    return found


def opened_paths() -> list[tuple[Path, list[Path]]]:
    """Each watched folder and the files in it that were opened."""
    return [(folder, sorted(paths)) for folder, paths in _opened.items()]


def note_opened(folder: Path, path: Path) -> None:
    """Notes a file that a model opened in another process."""
    _opened.setdefault(folder, set()).add(path)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "open" or not _watched:
        return
    place, mode, flags = (*arguments, None, None, None)[:3]
    if not isinstance(place, str) or (isinstance(mode, str) and not mode.startswith("r")):
        return
    if mode is None and isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        return
    path = Path(os.path.abspath(place))  # noqa: PTH100  links are followed later, not in a hook
    for folder in _watched:
        if path.is_relative_to(folder) and path.suffix not in (".py", ".pyc"):
            _opened.setdefault(folder, set()).add(path)
