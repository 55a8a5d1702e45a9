"""The harness's side: starts the model's process and stands in for its models."""

from __future__ import annotations

import atexit
import os
import signal
import socket
import subprocess
import sys
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark import errors, sources
from benchmark.datasets.data_set import DataSet
from benchmark.errors import ModelBroken, OneshotError
from benchmark.evaluation.isolation.messages import receive, send
from benchmark.evaluation.random_state import current
from benchmark.models.distances._distance import Distance
from benchmark.protocols import (
    Progress,
    Seen,
    TrackInfo,
    TrainingData,
    TrainingResult,
    TrainingRun,
    unmarked,
)

OWN = "ONESHOT_"  # environment variables that the model's process is not given
ERRORS = ("OneshotError", "ModelFailed", "ModelBroken", "Refused", "DataMissing", "UnknownName")
START = "from benchmark.evaluation.isolation.server import main; main()"


class Client:
    """A process that holds the models of one class.

    Raises:
        OneshotError: it ends before it has answered. This is no answer of the model and leaves no
            record: the machine may have run out of memory.
    """

    def __init__(self, name: str) -> None:
        ours, theirs = socket.socketpair()
        environment = {k: v for k, v in os.environ.items() if not k.startswith(OWN)}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-c", START, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=2,  # what a model prints does not mix with the results
                env=environment,
                start_new_session=True,  # an interruption at the keyboard is the harness's
            )
        self.pipe = Connection(ours.detach())
        self.pending = True  # whether the answer to `start` has not been read yet
        self.name = name
        self.used = False  # whether it has built a model
        self.models: set[int] = set()  # numbers of the models that are in use
        self.dropped: list[int] = []  # and of those that are not any more
        send(self.pipe, {"do": "start", "name": name, "threads": torch.get_num_threads()})
        atexit.register(self.close)

    def close(self) -> None:
        """Ends the process."""
        atexit.unregister(self.close)
        self.pipe.close()
        self.process.terminate()
        self.process.wait()

    def tell(self, value: Any) -> None:
        """Sends a message."""
        try:
            send(self.pipe, value)
        except OSError:
            raise self.lost() from None

    def hear(self) -> dict[str, Any]:
        """The next message; errors of the model's process are raised here."""
        try:
            told = receive(self.pipe)
        except (EOFError, OSError):
            raise self.lost() from None
        except ValueError as error:
            raise ModelBroken(f"{self.name} sent what is not an answer: {error}.") from error
        if not isinstance(told, dict):
            raise ModelBroken(f"{self.name} sent what is not an answer.")
        if "error" in told:
            raise _raised(told)
        return dict(told)

    def ask(self, do: str, **arguments: Any) -> Any:
        """Sends a request and waits for what it gives."""
        if self.pending:
            self.pending = False
            self.hear()
        while self.dropped:
            self.tell({"do": "drop", "model": self.dropped.pop()})
            self.hear()
        self.tell({"do": do, "random": current.get(), **arguments})
        return self.hear()["ok"]

    def lost(self) -> OneshotError:
        """The error for a process that is gone."""
        code = self.process.wait()
        _clients.pop(self.name, None)
        return OneshotError(f"{self.name} ended its process {_ending(code)}.")


_clients: dict[str, tuple[str, Client]] = {}


def start(name: str, digest: str = "") -> Client:
    """The process of the class of this name, started if it is not there; returns at once.

    Ends the processes of other classes that have had models and have none in use.

    Args:
        name: "path/to/file.py:Name" or "package.module:Name".
        digest: of its sources; others than before mean a new process.
    """
    known = _clients.get(name)
    if known is not None and known[0] == digest and known[1].process.poll() is None:
        return known[1]
    for other, (_, idle) in list(_clients.items()):
        if idle.used and not idle.models:
            del _clients[other]
            idle.close()
    client = Client(name)
    _clients[name] = digest, client
    return client


def build(
    client: Client, settings: Mapping[str, Any], seed: int, track: TrackInfo, budget: str
) -> IsolatedModel:
    """A fresh model in the process.

    Raises:
        OneshotError: as `benchmark.registry.ModelSpec.build`.
    """
    try:
        made = client.ask(
            "build", settings=dict(settings), seed=seed, track=asdict(track), budget=budget
        )
    except OneshotError as error:
        if client.process.poll() is None:
            raise
        raise ModelBroken(
            f"{client.name} cannot be built: it ended its process "
            f"{_ending(client.process.returncode)}.",
            "Run the file with Python alone to see where.",
        ) from error
    return IsolatedModel(client, made)


class IsolatedModel:
    """Stands in for a model in another process: has the same methods and declarations.

    Args:
        client: its process.
        description: from `server.describe`, with the model's number.
    """

    def __init__(self, client: Client, description: Mapping[str, Any]) -> None:
        self.client, self.number = client, int(description["number"])
        self.device = "cpu"
        self.describe(description)
        client.models.add(self.number)
        client.used = True
        weakref.finalize(self, _drop, client, self.number)

    def describe(self, description: Mapping[str, Any]) -> None:
        """Takes over what the model has and declares."""
        values = dict(description["values"])
        if "seen" in values:
            values["seen"] = [
                each if isinstance(each, str) else _seen(each) for each in values["seen"]
            ]
        if values.get("trained_for") is not None:
            values["trained_for"] = tuple(values["trained_for"])
        for name, value in values.items():
            setattr(self, name, value)
        if description["distance"] is not None:
            self.distance = RemoteDistance(self, description["distance"])
        self._methods = frozenset(description["methods"])
        self._shapes = description["parameters"] or []

    def __getattr__(self, name: str) -> Any:
        """A method of the model, where it has one of this name."""
        if name in self.__dict__.get("_methods", ()):
            return getattr(self, f"_{name}")
        raise AttributeError(f"the model has no attribute '{name}'")

    def copied(self) -> IsolatedModel:
        """A copy that shares no state with it."""
        made = IsolatedModel(self.client, self.ask("copy"))
        made.device = self.device
        return made

    def rows_elsewhere(
        self,
        batches: Iterator[tuple[NDArray[np.int64], NDArray[np.generic]]],
        family: str,
        device: str,
        views: int,
        dtype: str,
        quick: bool,
    ) -> Iterator[tuple[NDArray[np.int64], Tensor]]:
        """`benchmark.evaluation.embeddings.rows_of` in the model's process.

        The next batch is read while the process is busy with the last.
        """
        client = self.client
        client.tell({
            "do": "rows", "random": current.get(), "model": self.number, "family": family,
            "views": views, "dtype": dtype, "quick": quick,
        })  # fmt: skip
        waiting: NDArray[np.int64] | None = None
        listening = True  # whether the process still expects batches
        try:
            for items, batch in batches:
                if waiting is not None:
                    listening, done, waiting = False, waiting, None
                    rows = client.hear()["rows"]
                    listening = True
                    yield done, rows.to(device)
                client.tell(batch)
                waiting = items
            if waiting is not None:
                listening, done, waiting = False, waiting, None
                rows = client.hear()["rows"]
                listening = True
                yield done, rows.to(device)
        finally:
            if listening:
                if waiting is not None:
                    client.hear()
                client.tell(None)
                client.hear()

    def ask(self, do: str, **arguments: Any) -> Any:
        """Sends a request about this model and waits for what it gives."""
        return self.client.ask(do, model=self.number, **arguments)

    def _answer(self, method: str, *tensors: Tensor, generator: int = 0) -> Any:
        found = self.ask("answer", method=method, tensors=list(tensors), generator=generator)
        return found.to(self.device) if isinstance(found, Tensor) else found

    def _embed(self, items: Tensor) -> Any:
        return self._answer("embed", items)

    def _compare(self, a: Tensor, b: Tensor) -> Any:
        return self._answer("compare", a, b)

    def _classify(self, support: Tensor, labels: Tensor, queries: Tensor) -> Any:
        return self._answer("classify", support, labels, queries)

    def _similarity(self, support: Tensor, queries: Tensor) -> Any:
        return self._answer("similarity", support, queries)

    def _classify_episode(
        self, support: Tensor, labels: Tensor, queries: Tensor, generator: torch.Generator
    ) -> Any:
        seed = generator.initial_seed()
        return self._answer("classify_episode", support, labels, queries, generator=seed)

    def _to(self, device: str) -> IsolatedModel:
        self.ask("to", device=device)
        self.device = device
        return self

    def _eval(self) -> IsolatedModel:
        self.ask("eval")
        return self

    def _state_dict(self) -> dict[str, Tensor]:
        return dict(self.ask("state_dict"))

    def _load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        self.ask("load_state_dict", state=dict(state))

    def _parameters(self) -> list[Tensor]:
        return [torch.empty(shape, device="meta") for shape in self._shapes]

    def _fit(self, data: TrainingData, run: TrainingRun) -> TrainingResult:
        told = {
            "train": data_message(data.train),
            "validation": None if data.validation is None else data_message(data.validation),
            "validates": data.validate is not None,
            "final_items": data.final_items,
        }
        where = {
            "seed": run.seed, "device": run.device, "key": run.key,
            "folder": None if run.folder is None else str(run.folder),
            "marks": run.mark is not unmarked, "budget": run.budget, "items": run.items,
        }  # fmt: skip
        client = self.client
        client.tell({"do": "fit", "model": self.number, "data": told, "run": where})
        while True:
            heard = client.hear()
            if "report" in heard:
                run.report(Progress(**heard["report"]))
            elif "mark" in heard:
                run.mark(heard["mark"])
            elif "validate" in heard:
                assert data.validate is not None
                same = heard["validate"]["number"] == self.number
                candidate = self if same else IsolatedModel(client, heard["validate"])
                if same:
                    self.describe(heard["validate"])
                candidate.device = self.device
                client.tell({"do": "validated", "value": data.validate(candidate)})
            else:
                result = heard["ok"]["result"]
                self.describe(heard["ok"]["description"])
                curve = [(int(a), int(b), int(c)) for a, b, c in result.pop("curve")]
                return TrainingResult(**result, curve=curve)


class RemoteDistance(Distance):
    """Stands in for a distance of the model, in the model's process.

    Attributes:
        identity: its name and the hash of its code, as in recipes.
    """

    def __init__(self, model: IsolatedModel, description: Mapping[str, Any]) -> None:
        super().__init__(0)
        self.identity = str(description["name"]), str(description["code"])
        self.geometry = description["geometry"]  # type: ignore[misc]
        self._model = weakref.ref(model)

    def similarity(self, queries: Tensor, others: Tensor) -> Tensor:
        """See `Distance.similarity`."""
        return self._asked("similarity", queries, others)

    def pair_similarity(self, a: Tensor, b: Tensor) -> Tensor:
        """See `Distance.pair_similarity`."""
        return self._asked("pair_similarity", a, b)

    def _asked(self, method: str, a: Tensor, b: Tensor) -> Tensor:
        model = self._model()
        assert model is not None  # it holds this distance
        found: Tensor = model.ask("distance", method=method, tensors=[a, b])
        return found.to(a.device)


def _seen(told: Mapping[str, Any]) -> Seen:
    return Seen(told["name"], told["data"], told["digest"], tuple(told["classes"]))


def _drop(client: Client, number: int) -> None:
    """Notes that a model is not in use any more."""
    client.models.discard(number)
    client.dropped.append(number)


def data_message(data: DataSet) -> dict[str, Any]:
    """A data set with copies of its own items only, as a message; `server.data_set` reads it."""
    kept, rows = np.unique(data.rows, return_inverse=True)
    stored = np.asarray(data.stored[kept])
    if stored.dtype == object:
        stored = stored.astype(np.str_)
    pairs = data.pairs
    return {
        "name": data.name, "family": data.family, "stored": stored,
        "rows": rows.astype(np.int64), "labels": data.labels, "class_names": data.class_names,
        "digest": data.digest, "turns": data.turns,
        "groups": {name: (group.codes, group.names) for name, group in data.groups.items()},
        "pairs": None if pairs is None else vars(pairs),
    }  # fmt: skip


def _raised(told: Mapping[str, Any]) -> Exception:
    """The error that a message tells of."""
    kind, message, hint = str(told["error"]), str(told["message"]), str(told["hint"])
    found: Exception
    if kind in ERRORS:
        known: type[OneshotError] = getattr(errors, kind)
        found = known.__new__(known)  # some kinds make their message themselves
        OneshotError.__init__(found, message, hint, str(told["setting"]))
    elif kind == "MemoryError":
        found = MemoryError(message)
    else:  # of the same name, whatever its class needs to be made
        found = type(kind, (RuntimeError,), {})(message)
    found.add_note(f"In the model's process:\n{told['trace']}")
    return found


def _ending(code: int) -> str:
    """How a process ended, in words."""
    if code >= 0:
        return f"with exit code {code}"
    try:
        return f"by {signal.Signals(-code).name}"
    except ValueError:
        return f"by signal {-code}"


def note_opened(client: Client) -> None:
    """Takes over which files the model opened, for the record."""
    for folder, path in client.ask("opened"):
        sources.note_opened(Path(folder), Path(path))
