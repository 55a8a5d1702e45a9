"""CEDAR and BHSig260: layouts, what is named and left out, and trials and training by writer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from benchmark.cli.app import app
from benchmark.datasets import catalogue, prepare, signatures
from benchmark.datasets.split import by_hash
from benchmark.errors import OneshotError
from benchmark.evaluation.job import RunContext, RunSpec
from benchmark.evaluation.run import run
from benchmark.registry import resolve
from benchmark.report.outcomes import network
from benchmark.statistics.verification import measure
from benchmark.tasks import load_task, task, track
from benchmark.tasks.loading import split_of
from tests.datasets.conftest import Files, encoded

WRITERS, GENUINE, FORGED = 10, 4, 3


def signature(writer, kind, number):
    """Dark strokes of the writer on light paper, shaken by hand; imitations slant."""
    random = np.random.Generator(np.random.Philox(key=[writer, 10 * number + kind]))
    own = np.random.Generator(np.random.Philox(key=[writer, 999]))
    paper = np.full((30, 70), 235, np.uint8)
    for _ in range(3):
        x, y, wide = own.integers(5, 45), own.integers(6, 20), own.integers(8, 20)
        top = y + random.integers(-1, 2)
        for step in range(wide):
            paper[top + (step // 3 if kind else 0), x + step] = 20
        paper[top - 4 : top, x + random.integers(0, 3)] = 20
    return paper


def context(name, writer, kind, number):
    if name == "cedar":
        folder, word = (("full_org", "original"), ("full_forg", "forgeries"))[kind]
        return f"signatures/{folder}/{word}_{writer}_{number}.png"
    language = name.partition("-")[2].title()
    letter, mark = language[0], "GF"[kind]
    return f"BHSig260/{language}/{writer:03d}/{letter}-S-{writer:03d}-{mark}-{number:02d}.tif"


def tree(name):
    files = Files({"signatures/readme.txt": b"text", "BHSig260/list.mat": b"mat"})
    for writer in range(1, WRITERS + 1):
        for kind, count in enumerate((GENUINE, FORGED)):
            for number in range(1, count + 1):
                pixels = signature(writer, kind, number)
                ending = "PNG"
                if name != "cedar":
                    pixels, ending = np.asarray(Image.fromarray(pixels).convert("1")), "TIFF"
                files[context(name, writer, kind, number)] = encoded(pixels, ending)
    return files


@pytest.fixture(autouse=True)
def fewer(monkeypatch):
    for name, layout in signatures.LAYOUTS.items():
        few = replace(layout, writers=WRITERS, genuine=GENUINE, forged=FORGED)
        monkeypatch.setitem(signatures.LAYOUTS, name, few)


@pytest.mark.parametrize("name", ["cedar", "bhsig260-bengali", "bhsig260-hindi"])
def test_each_layout_is_read_and_split_by_writer(tmp_path, name):
    files = tree(name)
    brought = prepare.bring(name, files.to_folder(tmp_path / "tree"), tmp_path / "data")
    assert [note.partition(" (")[0] for note in brought.notes] == [
        "characters are dark ink on light paper"
    ]
    data = catalogue.load(name, tmp_path / "data")
    assert data.class_names == tuple(f"{n:03d}" for n in range(1, WRITERS + 1))
    assert len(data) == WRITERS * (GENUINE + FORGED) and data.stored.shape[1:] == (1, 256, 256)
    assert np.bincount(data.groups["kind"].codes).tolist() == [40, 30]
    assert np.bincount(data.class_groups("split")).tolist() == [6, 2, 2]
    assert data.stored[:, :, :60].max() <= 255 - 235, "padded with paper, above and below"
    assert data.stored.max() >= 200, "ink is bright"
    again = signatures.read(files.to_zip(tmp_path / "all.zip"), name)
    assert again.data_set.digest == data.digest


def test_both_languages_may_come_together(tmp_path):
    files = tree("bhsig260-bengali") | tree("bhsig260-hindi")
    root = Files(files).to_folder(tmp_path / "tree")
    for name in ("bhsig260-bengali", "bhsig260-hindi"):
        added = signatures.read(root, name)
        assert len(added.data_set) == 70 and len(added.notes) == 1
    short = {context.replace("-S-00", "-S-"): content for context, content in files.items()}
    plain = signatures.read(Files(short).to_folder(tmp_path / "short"), "bhsig260-hindi")
    assert plain.data_set.digest == added.data_set.digest


def test_what_lacks_is_foreign_damaged_or_twice_is_named_and_left_out(tmp_path):
    files = tree("cedar")
    at = {
        key: context("cedar", *key)
        for key in [(1, 0, 1), (1, 0, 2), (2, 0, 1), (2, 1, 2), (3, 0, 1), (4, 0, 1), (5, 1, 1)]
    }
    files[at[1, 0, 2]] = files[at[1, 0, 1]]  # a copy
    files[at[2, 1, 2]] = files[at[2, 0, 1]]  # genuine and forged at once
    del files[at[3, 0, 1]]
    files[at[4, 0, 1]] = files[at[4, 0, 1]][:50]
    files["signatures/full_org/holiday.png"] = files[at[5, 1, 1]]
    files["signatures/full_org/forgeries_5_3.png"] = files.pop(context("cedar", 5, 1, 3))
    added = signatures.read(files.to_folder(tmp_path / "tree"), "cedar")
    for said in (
        "2 no signature by name and folder, left out: signatures/full_org/forgeries_5_3.png, "
        "signatures/full_org/holiday.png",
        "1 damaged, left out: signatures/full_org/original_4_1.png",
        "3 of 70 signatures not there: genuine 1 of writer 3, genuine 1 of writer 4, "
        "forged 3 of writer 5",
        "1 copies of others, left out: signatures/full_org/original_1_2.png "
        "(as signatures/full_org/original_1_1.png)",
        "1 sets of copies that claim unlike things, all left out: "
        "signatures/full_org/original_2_1.png = signatures/full_forg/forgeries_2_2.png",
    ):
        assert said in added.notes
    assert len(added.data_set) == 70 - 3 - 1 - 2
    whole = signatures.read(tree("cedar").to_folder(tmp_path / "whole"), "cedar").data_set
    assert np.array_equal(whole.class_groups("split"), added.data_set.class_groups("split")), (
        "what lacks moves no writer"
    )


def test_writers_with_nothing_to_compare_are_left_out(tmp_path):
    files = tree("cedar")
    of = by_hash("cedar", [f"{writer:03d}" for writer in range(1, WRITERS + 1)])
    poor = next(name for name in of if of[name] == "train")
    for number in range(1, FORGED + 1):
        del files[context("cedar", int(poor), 1, number)]
    notes = signatures.read(files.to_folder(tmp_path / "tree"), "cedar").notes
    assert f"1 writers with too few signatures, left out: {poor}" in notes


@pytest.mark.parametrize(
    ("keep", "says"),
    [
        (lambda name: False, "holds no signature of cedar.*full_org/original_W_S.png"),
        (lambda name: "_1_" in name or "_2_" in name, "2 of the 10 writers of cedar, too few"),
    ],
)
def test_too_little_is_refused(tmp_path, keep, says):
    files = Files({name: content for name, content in tree("cedar").items() if keep(name)})
    (tmp_path / "tree").mkdir()
    with pytest.raises(OneshotError, match=says):
        signatures.read(files.to_folder(tmp_path / "tree"), "cedar")


@pytest.fixture
def cedar(tmp_path):
    prepare.add("cedar", tree("cedar").to_folder(tmp_path / "tree"), tmp_path / "data")
    return tmp_path / "data"


def test_describe_tells_kinds_and_splits(cedar):
    words = ["data", "describe", "cedar", "--data", str(cedar)]
    said = CliRunner().invoke(app, words, catch_exceptions=False).stdout
    assert "train: 6 classes, 42 items" in said and "group kind: 2 values; classes spread" in said


@pytest.mark.parametrize("name", ["cedar-verification", "cedar-verification@validation"])
def test_random_and_skilled_forgeries_are_trials_apart(cedar, name):
    assert not task(name).ranked, "copies differ, so that nothing is pinned"
    loaded = load_task(name, cedar)
    trials, kinds = loaded.episodes, loaded.data.groups["kind"].codes
    assert trials.labels.kind_names == ("genuine", "random", "skilled")
    assert len(loaded.classes) == 2 and len(trials) == 6_000
    left, right = trials.references[:, 0], trials.probes
    assert not kinds[left].any() and (left != right).all()
    assert np.array_equal(kinds[right] == 1, trials.labels.kinds == 2)
    same_writer = loaded.data.labels[left] == loaded.data.labels[right]
    assert np.array_equal(same_writer, trials.labels.kinds != 1)


def test_to_learn_from_imitations_are_a_class_of_their_own(cedar):
    known, data = track("cedar"), catalogue.load("cedar", cedar)
    learned = split_of(known, ("train",), data)
    assert len(learned.class_names) == 12 and learned.class_names[1].endswith("/forged")
    assert np.bincount(learned.labels).tolist() == [GENUINE, FORGED] * 6
    pairs = learned.class_groups("imitated").reshape(-1, 2)
    assert (pairs[:, 0] == pairs[:, 1]).all(), "a batch that comes group by group shows both"
    tested = load_task("cedar-verification", cedar).classes
    assert not {name.partition("/")[0] for name in learned.class_names} & set(tested)


@pytest.mark.training
def test_a_twin_trains_on_writers_and_is_asked_about_others(cedar, tmp_path):
    settings = {"threads": "1", "items": "800", "width": "0.25", "validations": "1"}
    spec = resolve("siamese-conv4-euclidean-contrastive", settings)
    job = RunSpec(spec, track("cedar"), 0, "quick", ("cedar-verification",))
    (record,) = run(job, RunContext(cedar, tmp_path / "results", tmp_path / "work"))
    assert record.status == "ok" and record.outcome.labels.of_kind == [2_000] * 3
    assert record.validation.outcome.labels.kinds == ["genuine", "random", "skilled"]
    answered = network("cedar-verification", record.outcome)
    assert measure(answered, "random").eer < 0.4 and 0 < measure(answered, "skilled").eer < 1
