"""Names of tasks, splits of tracks: what each promises is so."""

import json

import numpy as np
import pytest

from benchmark.errors import OneshotError, UnknownName
from benchmark.evaluation.job import RunSpec, build
from benchmark.protocols.verification.task import SIGNATURES
from benchmark.registry import resolve
from benchmark.report.task_info import describe
from benchmark.tasks import RANKED, TRACKS, episode_groups, load_task, task, track
from benchmark.tasks.loading import data_name, pins
from benchmark.tasks.tracks import (
    BACKGROUND,
    BACKGROUND_VALIDATION,
    EVALUATION,
    VINYALS_CUT,
    classes_of,
    of_fold,
)


def on_every_fold(asked):
    home = track(asked.track)
    return [asked.on(of_fold(home, fold)) for fold in range(asked.folds)]


def test_every_ranked_task_and_its_twin_is_pinned():
    twins = [task(twin) for name in RANKED for twin in (name, f"{name}@validation")]
    pinned = [each for twin in twins for each in on_every_fold(twin)]
    assert set(pins()) == {each.pin for each in pinned}
    for each in pinned:
        assert pins()[each.pin]["version"] == each.version
        assert pins()[each.pin]["episodes"] == each.episodes
    digests = [pins()[each.pin]["episode_digest"] for each in pinned if each.folds > 1]
    assert len(set(digests)) == len(digests) == 10


def test_any_shape_parses_and_is_unranked():
    odd = task("omniglot-within-10w3s")
    assert (odd.n_way, odd.n_shot, odd.n_query, odd.ranked) == (10, 3, 15, False)
    assert task("omniglot-within-5w8s").n_query == 12, "what the 20 drawings leave"
    assert task("omniglot-within-20w1s").ranked


def test_uneven_episodes_have_a_name_of_their_own():
    characters, photographs = task("glyphs-5w1s-dirichlet"), task("mini-imagenet-5w1s-dirichlet")
    assert (characters.queries, characters.most, characters.dirichlet) == (30, 19, 2)
    assert (photographs.queries, photographs.most, photographs.ranked) == (75, 75, True)
    assert task("glyphs-5w1s").dirichlet is None
    repeated = task("omniglot-minimal1-within-5w1s-dirichlet")
    assert repeated.draws == "omniglot-within-5w1s-dirichlet" and not repeated.ranked
    assert describe("mine-7w1s-dirichlet").chance == 1 / 7


def test_the_validation_twin_is_another_draw_on_another_split():
    test, twin = task("omniglot-lake-20w1s"), task("omniglot-lake-20w1s@validation")
    assert (test.split, test.runs, test.episodes) == ("test", "lake", 20)
    assert (twin.split, twin.runs, twin.episodes) == ("validation", None, 2_000)
    assert twin.n_query == 1


@pytest.mark.parametrize(
    ("name", "error", "says"),
    [
        ("omniglot-within-20w2", UnknownName, "Did you mean omniglot-within-20w"),
        ("omniglot-5w1s", UnknownName, "no task"),
        ("glyphs-1w1s", OneshotError, "at least 2 classes"),
        ("glyphs-5w20s", OneshotError, "at most 19 shots"),
        ("glyphs-5w18s-dirichlet", OneshotError, "at most 17 shots"),
        ("omniglot-lake-5w1s", OneshotError, "omniglot-within-5w1s"),
        ("omniglot-lake-20w1s-dirichlet", OneshotError, "official runs"),
    ],
)
def test_wrong_names_are_answered(name, error, says):
    with pytest.raises(error, match=says):
        task(name)


def test_alphabets_of_lake_et_al():
    assert len(BACKGROUND) == 30
    assert len(EVALUATION) == 20
    assert not set(BACKGROUND) & set(EVALUATION)
    assert len(BACKGROUND_VALIDATION) == 5


def test_every_task_chooses_on_its_own_track():
    for known in TRACKS:
        chooser = track(task(known.chooses).track)
        assert (chooser.data, chooser.train) == (known.data, known.train)
        assert chooser.validation == known.validation


def test_models_are_told_which_images_are_aligned():
    faces, scenes = (
        build(RunSpec(resolve("siamese-conv4-cosine-nt-xent"), track(name), 0, "quick", ()))[1]
        for name in ("orl-faces", "mini-imagenet")
    )
    assert faces["smallest_crop"] > scenes["smallest_crop"]


def test_models_of_all_omniglot_tracks_answer_the_same_questions():
    base = pins()["omniglot-within-20w1s"]["episode_digest"]
    for name in ("omniglot-minimal1", "omniglot-minimal2", "glyphs-to-omniglot"):
        assert pins()[f"{name}-within-20w1s"]["episode_digest"] == base
        assert (
            pins()[f"{name}-lake-20w1s"]["episode_digest"]
            == pins()["omniglot-lake-20w1s"]["episode_digest"]
        )


@pytest.mark.parametrize("name", [name for name in RANKED if name.startswith("glyphs-5w")])
def test_glyph_tasks_are_the_pinned_ones(name):
    for twin in (name, f"{name}@validation"):
        loaded = load_task(twin)  # raises if data or episodes differ from the pins
        assert loaded.episodes.digest() == pins()[twin]["episode_digest"]


def test_other_data_are_refused(monkeypatch, blobs):
    import dataclasses

    from benchmark.datasets import catalogue
    from benchmark.datasets.glyphs import load

    foreign = dataclasses.replace(load(), digest="0" * 64)
    monkeypatch.setattr(catalogue, "load", lambda name, data=None: foreign)
    with pytest.raises(OneshotError, match="pinned to another glyphs.*oneshot data verify"):
        load_task("glyphs-5w1s")


def test_group_codes_need_no_data():
    groups = episode_groups("omniglot-within-20w1s", 10_000)
    assert groups.shape == (10_000,)
    assert set(groups) == set(range(20))
    assert episode_groups("omniglot-vinyals-5w1s", 100) is None
    assert set(episode_groups("glyphs-20w1s", 10_000)) == set(range(19)), "of 20 or more letters"
    lake = episode_groups("omniglot-lake-20w1s", 20)
    assert np.bincount(lake).tolist() == [2] * 10


def test_pins_are_plain_sorted_json():
    from importlib import resources

    text = resources.files("benchmark.tasks").joinpath("pinned.json").read_text("utf-8")
    assert text == json.dumps(json.loads(text), indent=1, sort_keys=True) + "\n"


@pytest.mark.realdata
@pytest.mark.parametrize("name", [known.name for known in TRACKS if known.data != "glyphs"])
def test_splits_of_real_tracks_share_no_class(name, real_store):
    known = track(name)
    if known.data in ("mini-imagenet-pickles", "lfw", *SIGNATURES):
        pytest.skip("only users have them")
    from benchmark.datasets import catalogue

    splits = {}
    for split in ("train", "validation", "test"):
        data = catalogue.load(data_name(known, split), real_store)
        splits[split] = {data.class_names[c] for c in classes_of(data, getattr(known, split))}
    assert not splits["train"] & splits["validation"]
    assert not (splits["train"] | splits["validation"]) & splits["test"]
    counts = {split: len(classes) for split, classes in splits.items()}
    assert (
        counts
        == {
            "omniglot-background": {"train": 792, "validation": 172, "test": 659},
            "omniglot-minimal1": {"train": 110, "validation": 26, "test": 659},
            "omniglot-minimal2": {"train": 130, "validation": 26, "test": 659},
            "omniglot-vinyals": {"train": 1_028, "validation": 172, "test": 423},
            "mini-imagenet": {"train": 64, "validation": 16, "test": 20},
            "orl-faces": {"train": 24, "validation": 8, "test": 8},
            "languages": {"train": 116, "validation": 23, "test": 40},
            "digits": {"train": 3, "validation": 2, "test": 5},
            "omniglot-to-signatures": {"train": 792, "validation": 172, "test": 30},
        }[name]
    )


@pytest.mark.realdata
@pytest.mark.parametrize("name", [name for name in RANKED if not name.startswith("glyphs-5w")])
def test_real_tasks_are_the_pinned_ones(name, real_store):
    for twin in (name, f"{name}@validation"):
        for fold, asked in enumerate(on_every_fold(task(twin))):
            loaded = load_task(twin, real_store, fold)
            assert loaded.episodes.digest() == pins()[asked.pin]["episode_digest"]


def test_folds_test_everyone_once():
    home = track("orl-faces")
    folds = [of_fold(home, fold) for fold in range(5)]
    assert folds[0] == home
    assert sorted(each.test.names for each in folds) == [(str(n),) for n in range(5)]
    assert sorted(each.validation.names for each in folds) == [(str(n),) for n in range(5)]
    for each in folds:
        parts = each.train.names + each.validation.names + each.test.names
        assert sorted(parts) == list("01234")
    glyphs = track("glyphs")
    assert of_fold(glyphs, 0) is glyphs
    for where, fold in ((home, 5), (home, -1), (glyphs, 1)):
        with pytest.raises(OneshotError, match="no fold"):
            of_fold(where, fold)


def test_a_task_on_another_fold_is_another_draw():
    faces, verification = task("orl-faces-5w1s"), task("orl-faces-verification")
    home = track("orl-faces")
    assert faces.on(home) == faces and faces.pin in pins()
    elsewhere = faces.on(of_fold(home, 2))
    assert elsewhere.key == f"{faces.key}/fold-2" and elsewhere.pin not in pins()
    assert verification.on(home).pin == "orl-faces-verification/fold-0"
    assert verification.on(home).key != verification.on(of_fold(home, 1)).key


@pytest.mark.realdata
def test_signatures_are_asked_of_all_owners_and_learned_from_characters(real_store):
    asked = load_task("nfi-signatures-verification", real_store)
    trials, kinds = asked.episodes, asked.data.groups["kind"]
    forged = kinds.codes == kinds.names.index("forged")
    assert len(asked.classes) == 30 and asked.data.name == "nfi-signatures"
    told = trials.labels
    for number, name in enumerate(told.kind_names):
        of_kind = told.kinds == number
        left, right = trials.references[of_kind, 0], trials.probes[of_kind]
        owners = asked.data.labels[left] == asked.data.labels[right]
        assert not forged[left].any() and (left != right).all()
        assert forged[right].all() == (name == "skilled") == forged[right].any()
        assert owners.all() if name in ("genuine", "skilled") else not owners.any()
    twin = load_task("nfi-signatures-verification@validation", real_store)
    assert twin.data.name == "omniglot" and twin.episodes.labels.kind_names == ("genuine", "random")


@pytest.mark.realdata
def test_vinyals_split_is_the_published_list(real_data, real_store):
    from benchmark.datasets import catalogue

    data = catalogue.load("omniglot", real_store)
    known = track("omniglot-vinyals")
    for split, file in (("train", "train"), ("validation", "val"), ("test", "test")):
        listed = {
            line.rsplit("/", 1)[0]
            for line in (real_data / "omniglot" / "vinyals" / f"{file}.txt").read_text().split()
        }
        ours = {data.class_names[c] for c in classes_of(data, getattr(known, split))}
        assert ours == listed
    assert set(VINYALS_CUT) <= {data.class_names[c] for c in classes_of(data, known.test)}
