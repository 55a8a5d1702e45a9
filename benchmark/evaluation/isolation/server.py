"""The model's process: builds models, answers with them, trains them; see the package's docstring.

It is started as `python -c "...main()" FILE_DESCRIPTOR` and ends when the pipe closes.
"""

from __future__ import annotations

import copy
import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, nullcontext
from dataclasses import asdict
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark import sources
from benchmark.datasets.data_set import DataSet, Groups, Pairs
from benchmark.errors import OneshotError
from benchmark.evaluation.allocation import kept_memory
from benchmark.evaluation.isolation.messages import receive, send
from benchmark.evaluation.random_state import other_random_state
from benchmark.evaluation.tensors import as_tensor
from benchmark.models import distances
from benchmark.models.recipe import as_dict
from benchmark.protocols import (
    Progress,
    Seen,
    TrackInfo,
    TrainingData,
    TrainingResult,
    TrainingRun,
    unmarked,
)
from benchmark.user_code import same_folder

METHODS = (
    "embed", "compare", "classify", "classify_episode", "similarity", "fit", "to", "eval",
    "state_dict", "load_state_dict", "parameters",
)  # fmt: skip
VALUES = (
    "distance", "input_size", "channels", "normalise", "transductive", "trained_for", "pool",
    "refits", "searches", "answering", "follows", "ordered_support", "ordered_classes",
    "ordered_pairs", "stochastic",
)  # fmt: skip
ANSWERS = {
    "embed": ["items", "width"],
    "compare": ["pairs"],
    "classify": ["episodes", "queries", "n_way"],
    "similarity": ["queries", "supports"],
    "classify_episode": ["queries", "n_way"],
}  # methods that answer, and the axes of what they give
WATCH_SECONDS = 1.0


class Server:
    """Serves one pipe.

    Attributes:
        models: by number.
        devices: where each of them computes.
    """

    def __init__(self, pipe: Connection) -> None:
        self.pipe = pipe
        self.models: dict[int, Any] = {}
        self.devices: dict[int, str] = {}
        self.name = ""
        self._watched = ExitStack()
        self._count = 0

    def serve(self, until: str = "end") -> dict[str, Any]:
        """Answers messages until one of the kind `until`, which it returns."""
        while True:
            asked: dict[str, Any] = receive(self.pipe)
            if asked["do"] == until:
                return asked
            seed = asked.get("random")
            try:
                # The next request may name a file by its place in the harness's folder.
                with same_folder(), other_random_state(seed) if seed is not None else nullcontext():
                    self.tell(ok=getattr(self, f"do_{asked['do']}")(asked))
            except EOFError:
                raise
            except BaseException as error:  # a user's model may raise anything
                self.tell(**_told(error))

    def tell(self, **message: Any) -> None:
        """Sends a message."""
        send(self.pipe, message)

    def add(self, model: Any, device: str = "cpu") -> dict[str, Any]:
        """Keeps a model; its number and description."""
        self._count += 1
        self.models[self._count], self.devices[self._count] = model, device
        return {"number": self._count, **describe(model)}

    def do_start(self, asked: Mapping[str, Any]) -> None:
        """Which model it is, and how many threads compute."""
        self.name = asked["name"]
        torch.set_num_threads(asked["threads"])
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False

    def do_build(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Builds a model by the class's name, as the harness would in its own process."""
        from benchmark.registry import resolve

        spec = resolve(self.name, asked["settings"])
        self._watched.enter_context(sources.watching(spec.homes))
        return self.add(spec.build(asked["seed"], TrackInfo(**asked["track"]), asked["budget"]))

    def do_drop(self, asked: Mapping[str, Any]) -> None:
        """Forgets a model."""
        self.models.pop(asked["model"], None)

    def do_copy(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """A copy of a model."""
        number = asked["model"]
        return self.add(copy.deepcopy(self.models[number]), self.devices[number])

    def do_describe(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """What a model declares now."""
        return describe(self.models[asked["model"]])

    def do_opened(self, asked: Mapping[str, Any]) -> list[list[str]]:
        """(folder, file) of the files that the model opened."""
        return [[str(at), str(p)] for at, paths in sources.opened_paths() for p in paths]

    def do_to(self, asked: Mapping[str, Any]) -> None:
        """Moves a model."""
        self.models[asked["model"]].to(asked["device"])
        self.devices[asked["model"]] = asked["device"]

    def do_eval(self, asked: Mapping[str, Any]) -> None:
        """Puts a model into evaluation mode."""
        self.models[asked["model"]].eval()

    def do_state_dict(self, asked: Mapping[str, Any]) -> dict[str, Tensor]:
        """A model's weights."""
        return dict(self.models[asked["model"]].state_dict())

    def do_load_state_dict(self, asked: Mapping[str, Any]) -> None:
        """Puts weights into a model."""
        self.models[asked["model"]].load_state_dict(asked["state"])

    def do_answer(self, asked: Mapping[str, Any]) -> Any:
        """Calls a method with tensors."""
        number = asked["model"]
        model, device = self.models[number], self.devices[number]
        tensors = [each.to(device) for each in asked["tensors"]]
        if asked["method"] == "classify_episode":
            generator = torch.Generator(device=device).manual_seed(asked["generator"])
            found = model.classify_episode(*tensors, generator)
        else:
            with torch.inference_mode():
                found = getattr(model, asked["method"])(*tensors)
        return as_tensor(found, asked["method"], ANSWERS[asked["method"]])

    def do_distance(self, asked: Mapping[str, Any]) -> Tensor:
        """Similarities by the model's own distance."""
        number = asked["model"]
        a, b = (each.to(self.devices[number]) for each in asked["tensors"])
        distance = distances.declared(self.models[number], a.shape[-1], self.devices[number])
        with torch.inference_mode():
            found = getattr(distance, asked["method"])(a, b)
        axes = ["pairs"] if asked["method"] == "pair_similarity" else ["block", "queries", "others"]
        return as_tensor(found, "distance", axes)

    def do_rows(self, asked: Mapping[str, Any]) -> None:
        """Embeds batch after batch: each is a message, and so are its embeddings."""
        from benchmark.evaluation.embeddings import rows_of

        model, device = self.models[asked["model"]], self.devices[asked["model"]]

        def batches() -> Iterator[tuple[NDArray[np.int64], NDArray[np.generic]]]:
            none = np.zeros(0, dtype=np.int64)
            while True:
                items = receive(self.pipe)
                if items is None:
                    return
                yield none, items

        options = asked["family"], device, asked["views"], asked["dtype"], asked["quick"]
        with torch.inference_mode():
            for _, rows in rows_of(model, batches(), *options):
                self.tell(rows=rows.float())

    def do_fit(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Trains a model; progress and questions to the harness are messages in between."""
        model, told, run = self.models[asked["model"]], asked["data"], asked["run"]

        def validate(candidate: Any) -> float:
            known = [n for n, each in self.models.items() if each is candidate]
            device = self.devices[asked["model"]]
            about = {"number": known[0], **describe(candidate)} if known else None
            self.tell(validate=about or self.add(candidate, device))
            return float(self.serve("validated")["value"])

        data = TrainingData(
            train=data_set(told["train"]),
            validation=None if told["validation"] is None else data_set(told["validation"]),
            validate=validate if told["validates"] else None,
            final_items=told["final_items"],
        )
        folder = None if run["folder"] is None else Path(run["folder"])
        mark = (lambda part: self.tell(mark=part)) if run["marks"] else unmarked
        result = model.fit(
            data,
            TrainingRun(
                run["seed"],
                run["device"],
                folder,
                self._report,
                run["key"],
                mark,
                run["budget"],
                run["items"],
            ),
        )
        if not isinstance(result, TrainingResult):
            raise OneshotError(f"fit gave {type(result).__name__}; expected a TrainingResult.")
        return {"result": asdict(result), "description": describe(model)}

    def _report(self, progress: Progress) -> None:
        self.tell(report=asdict(progress))


def describe(model: Any) -> dict[str, Any]:
    """What the harness reads of a model: its methods and what it declares."""
    values = {name: getattr(model, name) for name in VALUES if hasattr(model, name)}
    recipe = as_dict(getattr(model, "recipe", None))
    if recipe is not None:
        values["recipe"] = recipe
    own = None
    if callable(getattr(model, "embed", None)) and values.get("distance") not in distances.names():
        own = _own_distance(model, values)
    if getattr(model, "seen", None) is not None:
        values["seen"] = [
            asdict(each) if isinstance(each, Seen) else str(each) for each in model.seen
        ]
    methods = [name for name in METHODS if callable(getattr(model, name, None))]
    shapes = [list(p.shape) for p in model.parameters()] if "parameters" in methods else None
    return {
        "methods": methods,
        "values": json.loads(json.dumps(values, default=str)),
        "parameters": shapes,
        "distance": own,
    }


def _own_distance(model: Any, values: dict[str, Any]) -> dict[str, Any] | None:
    """What the harness needs to know of a distance that is not the suite's; it stays here."""
    if values.pop("distance", None) is None:
        return None
    name, code = distances.stated(model)
    return {"name": name, "code": code, "geometry": distances.geometry_of(model)}


def data_set(told: Mapping[str, Any]) -> DataSet:
    """The data set of a message from `client.data_message`."""
    groups = {name: Groups(codes, tuple(names)) for name, (codes, names) in told["groups"].items()}
    pairs = told["pairs"]
    return DataSet(
        told["name"], told["family"], told["stored"], told["rows"], told["labels"],
        tuple(told["class_names"]), told["digest"], groups, told["turns"],
        None if pairs is None else Pairs(**{**pairs, "names": tuple(pairs["names"])}),
    )  # fmt: skip


def _told(error: BaseException) -> dict[str, Any]:
    """An error as a message."""
    told = {"error": type(error).__name__, "hint": "", "setting": "", "trace": _trace(error)}
    if isinstance(error, OneshotError):
        return {**told, "message": error.message, "hint": error.hint, "setting": error.setting}
    try:
        message = repr(error.code) if isinstance(error, SystemExit) else str(error)
        return {**told, "message": message}
    except Exception:  # its own __str__ fails
        return {**told, "message": ""}


def _trace(error: BaseException) -> str:
    try:
        return "".join(traceback.format_exception(error))
    except Exception:  # formatting calls the error's own methods
        return ""


def _end_with(parent: int) -> None:
    """Ends the process when the one that started it is gone, whatever the model is doing."""
    while os.getppid() == parent:
        time.sleep(WATCH_SECONDS)
    os._exit(1)


def main() -> None:
    """The process's life."""
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    try:
        with kept_memory():  # asking the system for the maps of each batch anew takes longer
            Server(Connection(int(sys.argv[1]))).serve()
    except (EOFError, OSError):
        return
