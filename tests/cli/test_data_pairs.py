"""Your own labelled pairs on the command line: three commands train a twin and score it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmark.cli.app import app
from benchmark.errors import Refused, UnknownName
from benchmark.evaluation.api import evaluate
from benchmark.protocols.verification.task import validation_pairs
from benchmark.records import store as records
from benchmark.report.frame import load_records
from benchmark.tasks import load_task, task, track
from benchmark.tasks.own import looking_in

pytestmark = pytest.mark.training

SMALL = [
    "--set",
    "threads=1",
    "--set",
    "items=3200",
    "--set",
    "width=0.25",
    "--set",
    "validations=2",
]


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


def write(path, rows):
    text = ["input1,input2,label", *(f"{a},{b},{label}" for a, b, label in rows)]
    path.write_text("\n".join(text), "utf-8")
    return path


@pytest.fixture
def words(tmp_path):
    """Spellings of 90 words with letters doubled; different pairs are of two words."""
    random = np.random.Generator(np.random.Philox(2))

    def spelling(word):
        at = int(random.integers(len(word)))
        return word[:at] + word[at] + word[at:]

    letters = "abcdefghijklmnopqrstuvwxyz"
    every = ["".join(random.choice(list(letters), 8)) for _ in range(90)]
    rows = [(word, spelling(word), 1) for word in every for _ in range(3)]
    rows += [
        (spelling(word), spelling(every[3 * (n // 3) + (n + 1) % 3]), 0)
        for n, word in enumerate(every)
        for _ in range(3)
    ]
    return write(tmp_path / "words.csv", rows)


@pytest.fixture
def points(tmp_path):
    """Points near 60 centres; the third number is noise."""
    random = np.random.Generator(np.random.Philox(3))
    centres = random.normal(size=(60, 2))

    def point(c):
        values = [*(centres[c] + 0.05 * random.normal(size=2)), 2 * random.normal()]
        return " ".join(f"{value:.4f}" for value in values)

    firsts = [point(c) for c in range(60)]
    rows = [(firsts[c], point(c), 1) for c in range(60) for _ in range(4)]
    rows += [(firsts[c], point(c ^ 1), 0) for c in range(60) for _ in range(4)]
    return write(tmp_path / "points.csv", rows)


def test_three_commands_from_labelled_vectors_to_an_error_rate(points, tmp_path):
    data = tmp_path / "data"
    added = run("data", "add", "pts", points, "--kind", "pairs", "--data", data).stdout
    assert "oneshot run siamese-mlp-euclidean-contrastive --task pts-verification" in added
    told = run("data", "describe", "pts", "--data", data).stdout
    assert "test: 48 pairs labelled the same, 48 different" in told
    as_json = json.loads(run("data", "describe", "pts", "--json", "--data", data).stdout)
    assert ["test", 48, 48] in as_json["pairs"]
    where = ["--data", data, "--results", tmp_path / "res", "--work", tmp_path / "work"]
    name = "siamese-mlp-euclidean-contrastive"
    done = run("run", name, "--task", "pts-verification", *where, *SMALL).stdout
    assert "1 new record" in done and "EER" in done
    run("run", "pixels-euclidean", "--task", "pts-verification", *where)
    frame = load_records(tmp_path / "res").set_index("model")["value"]
    assert frame[name] < 0.5 * frame["pixels-euclidean"], "it learned to look past the noise"
    board = run("leaderboard", "--results", tmp_path / "res")
    text = (tmp_path / "res" / "leaderboard.md").read_text("utf-8")
    assert board.exit_code == 0 and "## pts, verification" in text and "roc-pts" in text
    assert "may have" not in text, "its own training split is no leak"
    assert str(tmp_path) not in text


def test_texts_train_a_twin_too(words, tmp_path):
    data = tmp_path / "data"
    run("data", "add", "spelt", words, "--kind", "pairs", "--data", data)
    where = ["--data", data, "--results", tmp_path / "res", "--work", tmp_path / "work"]
    name = "siamese-char-cnn-cosine-nt-xent"
    run("run", name, "--task", "spelt-verification", *where, *SMALL)
    (path,) = (tmp_path / "res").rglob("seed-0.json")
    record = records.read(path)
    assert record.status == "ok" and record.model.recipe["batches"] == "class-balanced"
    assert record.outcome.labels.kinds == ["genuine", "labelled"]
    assert load_records(tmp_path / "res")["value"][0] < 0.25


def test_the_trials_are_the_held_out_pairs_themselves(points, tmp_path):
    data = tmp_path / "data"
    run("data", "add", "pts", points, "--kind", "pairs", "--data", data)
    listed = {
        (tuple(np.float32(a.split())), tuple(np.float32(b.split()))): label
        for a, b, label in (line.split(",") for line in points.read_text().split("\n")[1:])
    }
    asked = {}
    for name in ("pts-verification", "pts-verification@validation"):
        loaded = load_task(name, data)
        trials = loaded.episodes
        assert len(trials) == 96 and trials.of_kind == (48, 48)
        for t in range(len(trials)):
            sides = trials.references[t, 0], trials.probes[t]
            left, right = (tuple(loaded.data.stored[side]) for side in sides)
            label = listed.get((left, right)) or listed[right, left]
            assert label == str(int(trials.labels.same[t]))
        asked[name] = set(trials.items().tolist())
        subjects = trials.labels.subjects
        assert ((subjects[:, 0] == subjects[:, 1]) == trials.labels.same).all()
    assert not asked["pts-verification"] & asked["pts-verification@validation"]
    with looking_in(data):
        known = track("pts")
        assert known.labelled and known.chooses == "pts-verification"
        assert validation_pairs(known, track)[0] == task("pts-verification@validation")


def test_what_pairs_cannot_give_is_refused(points, tmp_path):
    data = tmp_path / "data"
    run("data", "add", "pts", points, "--kind", "pairs", "--data", data)
    with looking_in(data):
        with pytest.raises(Refused, match="holds labelled pairs.*--task pts-verification"):
            task("pts-5w1s")
        with pytest.raises(UnknownName):
            task("nothing-verification")
    with pytest.raises(Refused, match="looks like the name of a task"):
        run("data", "add", "x-verification", points, "--kind", "pairs", "--data", data)


def test_classes_of_your_own_have_a_verification_too(tmp_path):
    random = np.random.Generator(np.random.Philox(4))
    labels = np.repeat(np.arange(20), 6)
    vectors = random.normal(size=(20, 4))[labels] + 0.1 * random.normal(size=(120, 4))
    vectors[1::6] = vectors[::6]  # copies, which no trial may compare with their likes
    np.savez(tmp_path / "v.npz", x=vectors, y=labels)
    data = tmp_path / "data"
    run("data", "add", "vec", tmp_path / "v.npz", "--kind", "vectors", "--data", data)
    loaded = load_task("vec-verification", data)
    assert loaded.episodes.of_kind == (4 * 10, 6 * 25), "each pair of distinct items once"
    assert set((loaded.episodes.items() % 6).tolist()) == {0, 2, 3, 4, 5}
    assert len({*load_task("vec-verification@validation", data).classes, *loaded.classes}) == 8
    record = evaluate("pixels-euclidean", "vec-verification", data=data)
    assert record.outcome.labels.kinds == ["genuine", "random"]
