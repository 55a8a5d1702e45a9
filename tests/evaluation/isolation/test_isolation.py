"""A user's model in a process of its own: the same answers, and nothing there to look up."""

import os
import socket
import sys
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmark.datasets.data_set import Pairs
from benchmark.errors import ModelFailed, OneshotError, Refused
from benchmark.evaluation.embedding_store import EmbeddingStore
from benchmark.evaluation.embeddings import embed, rows_of
from benchmark.evaluation.integrity import Probe
from benchmark.evaluation.isolation import client as isolation
from benchmark.evaluation.isolation.client import IsolatedModel, data_message
from benchmark.evaluation.isolation.messages import receive, send
from benchmark.evaluation.isolation.server import data_set
from benchmark.evaluation.outcome import ask
from benchmark.evaluation.weights import digest, round_to_half, to_bytes
from benchmark.protocols import Seen, TrackInfo, TrainingData, TrainingRun
from benchmark.registry import isolates, resolve
from benchmark.tasks.episodes import draw
from benchmark.tasks.loading import LoadedTask
from benchmark.tasks.spec import Task

pytestmark = pytest.mark.process

SOURCE = '''
import gc, os, sys
import numpy as np
import torch
from torch import nn
from benchmark.errors import Refused
from benchmark.protocols import Progress, Seen, TrainingResult

LOADED_IN = os.getpid()


class Embeds:
    distance = "cosine"
    trained_for = None
    normalise = ((0.5,), (0.25,))

    def __init__(self, track=None, width=3):
        self.recipe = {"width": width}
        self.seen = ["imagenet-1k", Seen("blobs/train", "blobs", "", ("a", "b"))]

    def embed(self, items):
        return items.flatten(1)[:, ::self.recipe["width"]]


class Classifies(Embeds):
    def classify(self, support, labels, queries):
        members = nn.functional.one_hot(labels).float()
        means = members.mT @ support / members.sum(dim=-2).unsqueeze(-1)
        return -torch.cdist(queries, means)


class Compares(Embeds):
    def compare(self, a, b):
        return -(a - b).norm(dim=1)


class Likens:
    def similarity(self, support, queries):
        return -torch.cdist(queries.flatten(1), support.flatten(1))


class Answers:
    def classify_episode(self, support, labels, queries, generator):
        noise = torch.rand(len(queries), int(labels.max()) + 1, generator=generator)
        members = nn.functional.one_hot(labels).float()
        means = members.T @ support.flatten(1)
        return -torch.cdist(queries.flatten(1), means) + noise


class Network(nn.Module):
    def __init__(self, seed=0):
        super().__init__()
        torch.manual_seed(seed)
        self.layers = nn.Sequential(
            nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 196, 16)
        )

    def embed(self, images):
        return self.layers(images)

    def fit(self, data, run):
        assert os.getpid() != int(run.key)
        images = torch.from_numpy(data.train.images()).float() / 255
        labels = torch.from_numpy(data.train.labels)
        torch.manual_seed(run.seed)
        head = nn.Linear(16, int(labels.max()) + 1)
        optimiser = torch.optim.SGD([*self.parameters(), *head.parameters()], 0.05)
        for step in range(5):
            self.train()
            loss = nn.functional.cross_entropy(head(self.embed(images)), labels)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            run.report(Progress(step, run.items or 5, float(loss.detach())))
        accuracy = data.validate(self.eval())
        run.mark("forward")
        return TrainingResult(5, 1.0, [(5, 10, round(10_000 * accuracy))], 5)


class Peeks(Embeds):
    """Looks everywhere for the labels, and embeds the class itself where it finds them."""

    def embed(self, items):
        labels = self.found(len(items))
        rows = super().embed(items)
        return rows if labels is None else 1000.0 * torch.eye(99)[labels]

    def found(self, count):
        places = [o for o in gc.get_objects() if type(o).__name__ in ("LoadedTask", "DataSet")]
        frame = sys._getframe()
        while frame is not None:
            places += list(frame.f_locals.values())
            frame = frame.f_back
        for place in places:
            labels = getattr(place, "labels", None)
            if isinstance(labels, np.ndarray) and len(labels) >= count:
                return torch.from_numpy(labels[:count])
        return None


class Counts(Embeds):
    position = 0

    def embed(self, items):
        start, self.position = self.position, self.position + len(items)
        return torch.arange(start, self.position).float()[:, None]


class Draws(Embeds):
    def embed(self, items):
        return super().embed(items) * torch.rand(1)


class Fails(Embeds):
    def embed(self, items):
        raise Refused("not these items", "Take others.")


class Breaks(Embeds):
    def embed(self, items):
        raise KeyError("width")


class Dies(Embeds):
    def embed(self, items):
        os._exit(7)


class Asks(Embeds):
    def embed(self, items):
        told = [
            LOADED_IN == os.getpid(),
            len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0,
            len([key for key in os.environ if key.startswith("ONESHOT_")]),
            sum(items.untyped_storage().nbytes() != items.numel() * 4 for _ in (0,)),
        ]
        return torch.tensor([told] * len(items)).float()


def Any(kind, **settings):
    return globals()[kind](**settings)
'''


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("isolated")
    (folder / "mine.py").write_text(SOURCE)
    return f"{folder / 'mine.py'}:Any"


@pytest.fixture(scope="module")
def make(place):
    """Both forms of a model of the file: here, and in a process of its own."""
    info = TrackInfo("blobs", "character", 1, 16)
    settings_of = lambda kind, more: {"kind": kind, **more}  # noqa: E731

    def made(kind, isolate=True, **settings):
        spec = resolve(place, settings_of(kind, settings), isolate)
        return spec.build(0, info, "quick")

    return made


@pytest.fixture(scope="module")
def task(blobs):
    stated = Task("blobs-few", 1, "blobs", "test", 5, 2, 6, 60)
    drawn = draw(stated, blobs, list(range(12)))
    return LoadedTask(stated, blobs, drawn, blobs.class_names)


def outcome(model, task):
    if hasattr(model, "eval"):
        model.eval()
    return ask(model, task, seed=0, device="cpu").outcome


@pytest.mark.parametrize(
    "kind", ["Embeds", "Classifies", "Compares", "Likens", "Answers", "Network"]
)
def test_it_answers_as_in_the_harness_s_own_process(make, task, kind):
    there, here = make(kind), make(kind, isolate=False)
    assert isinstance(there, IsolatedModel)
    assert outcome(there, task) == outcome(here, task)


def test_embeddings_are_the_same_bits_with_views_and_in_low_precision(make, blobs):
    there, here = make("Network").eval(), make("Network", isolate=False).eval()
    for options in ({}, {"views": 3}, {"dtype": "bfloat16"}, {"quick": False}):
        assert torch.equal(embed(there, blobs, **options), embed(here, blobs, **options))


def test_a_training_there_gives_the_same_weights(make, task, blobs):
    found = {}
    for isolate in (True, False):
        model, told = make("Network", isolate), []
        asked = []

        def validate(candidate, asked=asked):
            asked.append(outcome(candidate, task))
            return 0.5

        key = "0" if not isolate else str(os.getpid())
        run = TrainingRun(0, "cpu", None, told.append, key, told.append, "full", 640)
        small = blobs.of_classes(np.arange(4))
        result = model.fit(TrainingData(small, small, validate), run)
        round_to_half(model)
        assert told[0].items_total == 640, "it is told the items of its budget"
        found[isolate] = (
            digest(to_bytes(model, "[]")), result.curve, result.best_items, asked, told,
            outcome(model, task), sum(p.numel() for p in model.parameters()),
        )  # fmt: skip
    assert found[True] == found[False]


def test_what_it_declares_is_there_and_nothing_else(make):
    model = make("Embeds", width=5)
    assert model.distance == "cosine" and model.recipe == {"width": 5}
    assert model.seen == ["imagenet-1k", Seen("blobs/train", "blobs", "", ("a", "b"))]
    assert model.normalise == [[0.5], [0.25]] and model.trained_for is None
    for name in ("compare", "fit", "to", "state_dict", "transductive", "modules"):
        assert not hasattr(model, name)
    assert hasattr(make("Network"), "fit")


def test_labels_are_found_in_one_process_and_out_of_reach_in_another(make, task):
    in_one = outcome(make("Peeks", isolate=False), task)
    there = outcome(make("Peeks"), task)
    assert there == outcome(make("Embeds"), task)
    assert in_one != there


def test_the_process_is_another_with_nothing_of_ours_in_it(make, monkeypatch, tmp_path):
    monkeypatch.setenv("ONESHOT_DATA", "/somewhere")
    source = tmp_path / "far_away.py"
    source.write_text(SOURCE)
    info = TrackInfo("blobs", "character", 1, 16)
    with Path(__file__).open(), Path(__file__).open(), Path(__file__).open():
        model = resolve(f"{source}:Asks", {}, True).build(0, info, "quick")
    loaded, files, variables, views = model.embed(torch.zeros(3, 1, 16, 16))[0].tolist()
    assert loaded and not variables and not views
    assert files <= 5  # standard streams, the pipe, and the folder that is listed
    assert not any("far_away" in str(getattr(m, "__file__", "")) for m in sys.modules.values())


def test_probes_reach_through(make, task):
    for kind, name in (("Counts", "state"), ("Draws", "random-state"), ("Embeds", None)):
        model = make(kind)
        bank = EmbeddingStore(model, "cpu")
        probe = Probe(model, task, bank, 0, None)
        ask(model, task, seed=0, device="cpu", bank=bank, observe=probe.observing(None))
        found = probe.ask_again()
        assert (found and found.check) == name


def test_errors_come_back_and_the_process_goes_on(make, blobs):
    with pytest.raises(Refused, match="not these items Take others"):
        embed(make("Fails"), blobs)
    with pytest.raises(RuntimeError, match="'width'") as broken:
        embed(make("Breaks"), blobs)
    assert type(broken.value).__name__ == "KeyError", "said as it would be without isolation"
    assert "def embed" not in str(broken.value) and "line" in broken.value.__notes__[0]
    with pytest.raises(OneshotError, match="cannot be built: TypeError"):
        make("Embeds", height=3)
    assert embed(make("Embeds"), blobs).shape[0] == len(blobs)


def test_a_process_that_ends_is_no_answer_of_the_model(make, blobs):
    with pytest.raises(OneshotError, match="ended its process with exit code 7") as lost:
        embed(make("Dies"), blobs)
    assert not isinstance(lost.value, ModelFailed), "it would become a record"
    assert embed(make("Embeds"), blobs).shape[0] == len(blobs)  # a new one is started


def test_a_stream_that_is_left_early_does_no_harm(make, blobs):
    model = make("Embeds")
    batches = ((np.arange(9), blobs.images()[:9]) for _ in range(5))
    for _, rows in rows_of(model, batches, "character", "cpu", 1, "float32", True):
        assert rows.shape[0] == 9
        break
    assert model.embed(torch.zeros(2, 1, 16, 16)).shape[0] == 2


def test_models_that_nobody_holds_are_forgotten(make):
    model = make("Embeds")
    process, number = model.client, model.number
    del model
    assert number in process.dropped
    make("Embeds")
    assert number not in process.dropped


@pytest.fixture
def pipe():
    ours, theirs = socket.socketpair()
    a, b = Connection(ours.detach()), Connection(theirs.detach())
    yield a, b
    a.close()
    b.close()


def test_messages_hold_numbers_texts_and_arrays(pipe):
    value = {
        "a": [1, 2.5, None, True, "x"], "t": torch.arange(6).view(2, 3), "empty": np.zeros((0, 3)),
        "scalar": torch.tensor(3),
        "words": np.array(["one", "three"]), "half": torch.ones(2, dtype=torch.bfloat16),
    }  # fmt: skip
    send(pipe[0], value)
    found = receive(pipe[1])
    assert found["a"] == value["a"] and torch.equal(found["t"], value["t"])
    assert found["empty"].shape == (0, 3) and found["words"].tolist() == ["one", "three"]
    assert found["half"].dtype == torch.float32 and found["scalar"].shape == ()


def test_no_message_makes_an_object(pipe):
    with pytest.raises(ValueError, match="cannot be sent"):
        send(pipe[0], np.array([object()], dtype=object))
    for kind in ("O", "V8", "M8[s]"):
        pipe[0].send_bytes(f'{{"$array": "array", "type": "{kind}", "shape": [1]}}'.encode())
        with pytest.raises(ValueError, match="is not taken"):
            receive(pipe[1])


def test_training_data_hold_copies_of_their_own_items_only(blobs, pipe):
    pairs = Pairs(
        np.array([0, 45]), np.array([3, 50]), np.array([True, False]), np.zeros(2, np.int8), ("l",)
    )
    whole = blobs.of_classes(np.arange(12))
    part = blobs.of_classes(np.array([2, 3])).with_turns()
    message = data_message(part)
    assert len(message["stored"]) == 40 and len(message["rows"]) == 160
    send(pipe[0], message)
    found = data_set(receive(pipe[1]))
    assert (found.images() == part.images()).all() and (found.labels == part.labels).all()
    assert found.class_names == part.class_names and found.digest == part.digest
    assert set(found.groups) == set(part.groups)
    send(pipe[0], data_message(replace(whole, pairs=pairs)))
    assert data_set(receive(pipe[1])).pairs.names == ("l",)


def test_the_suite_s_own_models_stay_in_the_process(monkeypatch):
    assert resolve("pixels-cosine", {}, True).isolated is None
    assert resolve("baselines.fixed.pixels:Pixels", {}, True).isolated is None
    monkeypatch.setenv("ONESHOT_ISOLATE", "0")
    assert not isolates()
    assert isolation.OWN == "ONESHOT_"


def test_processes_of_classes_that_are_done_are_ended(tmp_path):
    info, processes = TrackInfo("blobs", "character", 1, 16), []
    for number in range(4):
        source = tmp_path / f"number_{number}.py"
        source.write_text(SOURCE)
        model = resolve(f"{source}:Embeds", {}, True).build(0, info, "quick")
        processes.append(model.client.process)
    assert [each.poll() is None for each in processes] == [False, False, True, True]
    del model
