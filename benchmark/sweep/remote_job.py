"""A job that is done elsewhere: what is sent to a node, and what comes back from it.

The node works in folders of its own and writes nothing that anybody else reads: records, counted
readings and outcomes of searches come back as bytes, and whoever sent the job writes them. Nothing
here knows of Ray.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from benchmark import sources
from benchmark.errors import OneshotError
from benchmark.evaluation.job import Existing, RunContext
from benchmark.evaluation.locks import held
from benchmark.evaluation.presence import keep_outdated
from benchmark.evaluation.provenance import code_digest
from benchmark.files import read_regular
from benchmark.graphs import MOST_ONNX_BYTES, onnx_external
from benchmark.records import readings, store
from benchmark.records.schema import Record
from benchmark.sweep.executor import Message, MessageCallback
from benchmark.sweep.outcome import ended_as
from benchmark.sweep.tuning import FOLDER as TUNING
from benchmark.sweep.tuning import MOST_BYTES as OUTCOME_BYTES
from benchmark.sweep.tuning import Search
from benchmark.sweep.worker import Order, run_order

TEMPORARY = "oneshot-job-"
LOCK = ".lock"  # in a temporary folder
YOUNG_SECONDS = 60.0
PACKAGES = ("benchmark", "baselines")
MOST_BYTES = 16 << 30  # of a file that a model reads
FILES = ("torchscript:", "onnx:", "checkpoint:")  # models that are named by a file


@dataclass(frozen=True)
class RemoteJob:
    """A job, or a search, and how it is done.

    Attributes:
        order: what is asked.
        data_sets: names of those that it needs.
        context: see `benchmark.sweep.cluster.Cluster`.
        source: a folder on the node from which data sets that it lacks are added, or None.
        threads: of the processor, where a recipe does not say how many.
        code: digest of the suite's sources; a node with others does nothing.
        files: contents of model files by the name under which the order knows them.
        beside: for each of these names, what its model reads of the folder of the file, the file
            itself first: contents by context in that folder.
    """

    order: Order
    data_sets: tuple[str, ...]
    context: RunContext
    source: Path | None
    threads: int
    code: str = field(default_factory=lambda: code_digest(*PACKAGES))
    files: dict[str, bytes] = field(default_factory=dict)
    beside: dict[str, dict[str, bytes]] = field(default_factory=dict)


@dataclass(frozen=True)
class RemoteResult:
    """What came of an remote.

    Attributes:
        end: how it ended, as in `benchmark.sweep.worker.do`.
        records: the files of the records.
        readings: (track, model, task, version, recipe8, seed) of each look at a test.
        outcomes: name under the results folder and content of what a search chose.
        refused: tasks that were left out, and why.
    """

    end: Message
    records: tuple[bytes, ...] = ()
    readings: tuple[tuple[str, str, str, int, str, int], ...] = ()
    outcomes: tuple[tuple[str, bytes], ...] = ()
    refused: tuple[tuple[str, str], ...] = ()


class _Callback(MessageCallback):
    """Sends progress; keeps what was refused, and leaves records to travel with the rest."""

    def __init__(self, send: Callable[[Message], None]) -> None:
        super().__init__(send)
        self.left_out: list[tuple[str, str]] = []

    def finished(self, record: Record, path: Path | None) -> None:
        """Records travel with the rest."""

    def refused(self, task: str, reason: str) -> None:
        self.left_out.append((task, reason))


def do(remote: RemoteJob, send: Callable[[Message], None]) -> RemoteResult:
    """Does the remote on this machine; never raises what a job can be blamed for.

    Args:
        remote: what is asked.
        send: called with each message of its progress.
    """
    if remote.code != code_digest(*PACKAGES):
        reason = "This node runs other sources of the suite; install the same ones everywhere."
        return RemoteResult(("failed", reason))
    callback = _Callback(send)
    context = replace(_context(remote.context), existing=remote.context.existing, callback=callback)
    with _folder() as folder:
        results = Path(folder) / "results"
        results.mkdir()
        end = _do(remote, replace(context, results=results), Path(folder))
        return RemoteResult(
            end,
            tuple(store.content(path) for path in store.paths(results)),
            tuple(_readings(results)),
            tuple(
                (path.relative_to(results).as_posix(), read_regular(path, OUTCOME_BYTES))
                for path in sorted((results / TUNING).rglob("*.json"))
            ),
            tuple(callback.left_out),
        )


def _user() -> int:
    return os.getuid() if hasattr(os, "getuid") else 0  # on Windows all files have owner 0


@contextmanager
def _folder() -> Iterator[str]:
    """A temporary folder, after those are removed that killed jobs left.

    A job holds the lock of its folder; a process that dies, however it dies, gives it back.
    """
    for old in Path(tempfile.gettempdir()).glob(f"{TEMPORARY}*"):
        with contextlib.suppress(OneshotError, OSError):
            status = old.lstat()
            young = time.time() - status.st_mtime < YOUNG_SECONDS  # may not have its lock yet
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != _user() or young:
                continue
            with held(old / LOCK, False, str(old)):
                shutil.rmtree(old, ignore_errors=True)
    with (
        tempfile.TemporaryDirectory(prefix=TEMPORARY) as folder,
        held(Path(folder) / LOCK, False, folder),
    ):
        yield folder


def _do(remote: RemoteJob, context: RunContext, folder: Path) -> Message:
    import torch

    from benchmark.datasets.store import data_directory
    from benchmark.sweep.data_staging import bring
    from benchmark.tasks.own import looking_in

    torch.set_num_threads(remote.threads)

    def job() -> None:
        for name in remote.data_sets:
            bring(name, data_directory(context.data), remote.source)
        order = _unpacked(remote, folder)
        with looking_in(context.data):
            run_order(order, context)

    return ended_as(job)


def _context(sent: RunContext) -> RunContext:
    from benchmark.evaluation.job import default_work

    device = sent.device
    if device == "auto":  # Ray shows a job the cards that it was given, and no others
        import torch

        device = "cuda" if torch.cuda.is_available() else "cpu"
    return _kept(sent.data, sent.work or default_work(), device)


@cache
def _kept(data: Path | None, work: Path, device: str) -> RunContext:
    """Data sets and tasks are loaded once in a process."""
    return RunContext(data, None, work, device)


def _readings(results: Path) -> Iterator[tuple[str, str, str, int, str, int]]:
    for track, (model, task, version, recipe8, seed) in readings.rows(results):
        yield track, model, task, int(version), recipe8, int(seed)


def keep(
    back: RemoteResult, results: Path, existing: Existing = "skip"
) -> Iterator[tuple[Record, Path]]:
    """Writes what came back into the results folder, readings first; yields each record.

    Unless `existing` is "redo", a record of other data or code is kept beside the new one.

    Raises:
        OneshotError: the folder cannot be written.
    """
    for track, model, task, version, recipe8, seed in back.readings:
        readings.note(results, track, model, task, version, recipe8, seed)
    for content in back.records:
        record = store.parse(results, content)
        store.clear_unfinished(store.record_path(results, record))  # of one that was killed
        if existing == "skip":
            keep_outdated(results, record)
        yield record, store.write(results, record)
    for name, content in back.outcomes:
        store.write_bytes(results / name, content)


def carried(order: Order) -> dict[str, bytes]:
    """The files that the order names, by the name under which it knows them."""
    return {name: _content(path) for name, path in _named(order)}


def beside(order: Order) -> dict[str, dict[str, bytes]]:
    """What the models of `carried` files read of their own folders; see `RemoteJob`."""
    return {
        name: {_place_of(path, each): _content(each) for each in _read_by(path)[0]}
        for name, path in _named(order)
    }


def left_behind(order: Order) -> list[Path]:
    """Files outside its own folder that a model reads: a node has to have them itself."""
    return [each for _, path in _named(order) for each in _read_by(path)[1]]


def _named(order: Order) -> list[tuple[str, Path]]:
    """The existing files that the order names, each as it is named there."""
    texts = (
        [order.model]
        if isinstance(order, Search)
        else [order["model"], *order["settings"].values()]
    )
    names = (_file_in(text) for text in texts)
    places = [(name, Path(name).expanduser()) for name in dict.fromkeys(filter(None, names))]
    return [(name, path) for name, path in places if path.is_file()]


def _read_by(path: Path) -> tuple[list[Path], list[Path]]:
    """What a model's file reads: in its own folder, itself first, and elsewhere."""
    if path.suffix != ".py":
        if path.suffix != ".onnx":
            return [path], []
        return [path, *onnx_external(path, read_regular(path, MOST_ONNX_BYTES))], []
    home = path.resolve()
    folder = sources.folder_of(home)
    found = [each for each in sources.deciding(home) if not sources.is_library(each)]
    own = [each for each in found if each.is_relative_to(folder) and each != home]
    return [home, *own], [each for each in found if each not in (home, *own)]


def _content(path: Path) -> bytes:
    return read_regular(path, MOST_BYTES, substitutes=True)


def _place_of(path: Path, each: Path) -> str:
    """The place of a file in the folder of the model's file."""
    if path.suffix != ".py":
        return each.relative_to(path.parent).as_posix()
    return each.relative_to(sources.folder_of(path.resolve())).as_posix()


def _file_in(text: str) -> str | None:
    for prefix in FILES:
        if text.startswith(prefix):
            return text.removeprefix(prefix)
    place, colon, _ = text.rpartition(".py:")
    return f"{place}.py" if colon else None


def _unpacked(remote: RemoteJob, folder: Path) -> Order:
    """The order with its files laid out on this machine, under their own names."""
    places = {}
    for number, (name, content) in enumerate(sorted(remote.files.items())):
        base = os.path.basename(name)  # noqa: PTH119
        more = remote.beside.get(name, {})
        own = next(iter(more), base)
        for place, its in {**more, own: content}.items():
            path = folder / f"file-{number}" / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(its)
        places[name] = str(folder / f"file-{number}" / own)

    def here(text: str) -> str:
        name = _file_in(text)
        return text if name not in places else text.replace(name, places[name], 1)

    order = remote.order
    if isinstance(order, Search):
        return replace(order, model=here(order.model))
    settings = {name: here(value) for name, value in order["settings"].items()}
    return {**order, "model": here(order["model"]), "settings": settings}
