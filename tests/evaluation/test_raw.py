"""A training beside raw inputs on validation: said honestly either way, and no test is read."""

from dataclasses import replace

import numpy as np
import pytest

from benchmark.datasets import store
from benchmark.datasets.data_set import Groups, whole
from benchmark.evaluation import raw
from benchmark.evaluation.api import evaluate
from benchmark.evaluation.job import RunContext, RunSpec
from benchmark.evaluation.raw import Beside, beside_raw
from benchmark.registry import resolve
from benchmark.report.outcomes import headline
from benchmark.tasks import own, track

pytestmark = pytest.mark.training

SMALL = {"items": "64", "width": "0.1", "validations": "1", "learning_rate": "1e-9"}


@pytest.fixture
def keep(tmp_path):
    """Stores a data set as one of the user's own and gives the directory."""

    def kept(data_set):
        own_of = {"tasks": {}, "version": 1}
        store.save(replace(data_set, name="mine"), tmp_path, "folder data", "items", own_of)
        return tmp_path

    return kept


def trained(directory, task, model="siamese-mlp-cosine-nt-xent", seed=0, **settings):
    record = evaluate(model, task, settings=SMALL | settings, data=directory, seed=seed)
    with own.looking_in(directory):
        job = RunSpec(resolve(model, SMALL | settings), track("mine"), seed, "quick", (task,))
    return job, record


def beside(found, directory):
    with own.looking_in(directory):
        return beside_raw(found, RunContext(directory))


@pytest.mark.parametrize("task", ["mine-2w1s", "mine-verification"])
def test_an_untrained_network_does_not_beat_easy_pixels(blobs, keep, task):
    directory = keep(blobs)
    found = [trained(directory, task, seed=seed) for seed in (0, 1)]
    (line,) = beside(found, directory)  # seeds are one line
    pixels = evaluate("pixels-cosine", task, data=directory)
    euclidean = evaluate("pixels-euclidean", task, data=directory)
    values = [
        headline(f"{task}@validation", each.validation.outcome) for each in (pixels, euclidean)
    ]
    best = min(values) if task.endswith("verification") else max(values)
    assert line.untrained == pytest.approx(best, abs=0.02)  # the first episodes of the twin
    assert not line.beaten and "does not beat raw pixels (pixels-" in str(line)
    assert line.task == task and "validation split" in str(line)


def test_the_test_split_is_not_read(blobs, keep, monkeypatch):
    directory = keep(blobs)
    found = [trained(directory, "mine-2w1s")]
    splits = []
    ask = raw.ask

    def noted(model, loaded, **more):
        splits.append(loaded.task.split)
        return ask(model, loaded, **more)

    monkeypatch.setattr(raw, "ask", noted)
    beside(found, directory)
    assert splits == ["validation"] * 2  # both distances, once


@pytest.mark.parametrize("family", ["text", "vector"])
def test_texts_and_vectors_have_raw_inputs_too(family, keep):
    random = np.random.Generator(np.random.Philox(3))
    labels = np.repeat(np.arange(12), 6)
    if family == "text":
        words = ["".join(random.choice(list("abcdefgh"), 5)) for _ in range(12)]
        stored = np.array([f"{words[label]} {n % 6}" for n, label in enumerate(labels)], np.str_)
    else:
        stored = (random.normal(size=(12, 5))[labels] + 0.01 * random.normal(size=(72, 5))).astype(
            np.float32
        )
    split = Groups((labels // 4).astype(np.int32), ("train", "validation", "test"))
    names = [f"c{n:02d}" for n in range(12)]
    directory = keep(whole("mine", family, stored, labels, names, {"split": split}))
    (line,) = beside([trained(directory, "mine-2w1s")], directory)
    assert line.untrained > 0.9
    assert ("n-grams (ngrams-cosine)" if family == "text" else "raw vectors (pixels-") in line.raw


def test_large_images_are_compared_at_a_small_size(blobs, keep, monkeypatch):
    directory = keep(blobs)
    monkeypatch.setattr(raw, "MOST_VALUES", 1_000)
    (line,) = beside([trained(directory, "mine-2w1s")], directory)
    assert "raw pixels at 32 pixels (pixels-" in line.raw


def test_the_suites_own_tracks_are_not_compared(blobs, keep):
    directory = keep(blobs)
    job, record = trained(directory, "mine-2w1s")
    pinned = replace(job, track=replace(job.track, size=None))
    assert beside([(pinned, record)], directory) == []


@pytest.mark.parametrize(
    ("measure", "values", "beaten"),
    [("EER", (0.1, 0.2), True), ("EER", (0.2, 0.2), False), ("accuracy", (0.9, 0.8), True),
     ("accuracy", (0.5, 0.8), False), ("mAP@R", (0.8, 0.8), False)],
)  # fmt: skip
def test_better_means_better_than_raw(measure, values, beaten):
    line = Beside("mine-5w1s", "some-model", "raw pixels (pixels-cosine)", measure, *values)
    assert line.beaten == beaten and ("does not beat" in str(line)) != beaten
