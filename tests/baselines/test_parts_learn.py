"""Every part learns: a short training on glyphs beats the same network untrained, and is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from baselines.parts import part_names
from benchmark.evaluation.episodes import PREFIX, answer
from benchmark.evaluation.job import RunContext, RunSpec, build
from benchmark.evaluation.run import run
from benchmark.registry import resolve
from benchmark.tasks import loading
from benchmark.tasks import track as find_track
from benchmark.tasks.tracks import alphabets
from tests.baselines.conftest import HEADS

pytestmark = pytest.mark.training

GLYPHS = find_track("glyphs")
# Few scripts, of 20 letters or more: reading and embedding all of them takes longer than learning
# does. Distances and losses, which are many, train on few scripts too.
TRAINING = ("Adlam", "Batak", "Cham", "Coptic", "Cypriot", "Georgian", "Gujarati", "Kharoshthi",
            "Khmer", "Lepcha", "Limbu", "Miao", "Myanmar", "Osmanya", "Wancho", "Yi")  # fmt: skip
TRACK = replace(GLYPHS, validation=alphabets(("Osage", "Thai", "Vai")))
NARROW = replace(TRACK, train=alphabets(TRAINING))
TASK = "glyphs-20w1s@validation"
SMALL = {"threads": 1, "validations": 2, "width": 0.25, "items": 6_400}
SLOW = "backbone efficientnet-lite0"
FEW = {"items": 1_600, "classes": 8, "validations": 1}
BACKBONES = {  # small batches make many steps of what the larger networks see in seconds
    "koch": {**FEW, "width": 0.05, "input_size": 72},
    "conv4-512": {**FEW, "width": 0.25},
    "resnet10": {**FEW, "width": 0.08},
    "resnet12": {**FEW, "width": 0.08},
    "resnet18": {**FEW, "width": 0.08},
    "wrn-28-10": {**FEW, "width": 0.04},
    "vit-tiny": {**FEW, "width": 0.25},
}
# A thousand classes are many for a narrow last layer: it needs more steps before it helps at all.
CLASSIFIER = {"items": 12_800, "classes": 16, "width": 0.5}
VARIANTS = {
    "pairs": ("siamese-conv4-euclidean-contrastive", {"batches": "pairs"}),
    "triplets": ("siamese-conv4-euclidean-triplet", {"batches": "triplets"}),
    "mixed alphabets": ("siamese-conv4-cosine-nt-xent", {"classes_from": "any"}),
    "hardest pairs": ("siamese-conv4-euclidean-contrastive", {"hardest": 0.25}),
    "learned temperature": ("siamese-conv4-cosine-nt-xent", {"learn_temperature": True}),
    "elastic": ("siamese-conv4-cosine-nt-xent", {"elastic": 0.05}),
    "turned alphabets": ("siamese-conv4-cosine-nt-xent", {"turns": True}),
    "sgd": ("siamese-conv4-cosine-nt-xent", {"optimiser": "sgd", "learning_rate": 0.2}),
    "adamw": ("siamese-conv4-cosine-nt-xent", {"optimiser": "adamw", "weight_decay": 0.1}),
    "growing images": ("siamese-resnet10-cosine-nt-xent", {"sizes": "16:0.5", "width": 0.08}),
    "prototypical": ("prototypical-conv4", {}),
    "matching": ("matching-conv4", {}),
    "full context": ("matching-fce-conv4", {}),
    "relation": ("relation-conv4", {"filters": 16}),
    "r2d2": ("r2d2-conv4", {}),
    "metaoptnet": ("metaoptnet-ridge-conv4", {}),
    "feat": ("feat-conv4", {}),
    **{key: (f"{key}-conv4", CLASSIFIER) for key in HEADS},
}
ADAPTED = {"queries": 2, "episodes": 2, "items": 3_600}  # few queries make many steps
FIXED_HEADS = {
    "maml": ("maml-conv4", ADAPTED),
    "maml-transductive": ("maml-transductive-conv4", ADAPTED),
    "anil": ("anil-conv4", ADAPTED),
    "reptile": ("reptile-conv4", {"items": 3_600, "inner_steps": 3, "queries": 2, "test_steps": 3}),
}
FIVE_WAYS = "glyphs-5w1s@validation"  # what these heads are trained for
FEW_ITEMS = {"items": 3_200}
CASES = {
    **{f"distance {d}": (f"siamese-conv4-{d}-triplet", FEW_ITEMS) for d in part_names("distances")},
    **{
        f"loss {x}": (f"siamese-conv4-cosine-{x}", {"items": 6_400} if "proxy" in x else FEW_ITEMS)
        for x in part_names("losses")
    },
    **{
        f"backbone {b}": (f"siamese-{b}-euclidean-triplet", BACKBONES.get(b, {}))
        for b in part_names("backbones")
        if b != "char-cnn"  # learns from texts, below
    },
    # Made for published weights: from nothing it learns slowly, and not at all when narrow.
    SLOW: (
        "siamese-efficientnet-lite0-cosine-nt-xent",
        {"width": 0.75, "input_size": 32, "classes": 16, "items": 9_600, "learning_rate": 0.01},
    ),
    **VARIANTS,
    **FIXED_HEADS,
}


@pytest.fixture(scope="module")
def contexts() -> Iterator[dict[bool, RunContext]]:
    """The embedded data, loaded once; its shorter validation split is not the pinned one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "pins", dict)
        patch.setitem(PREFIX, "classify_episode", 60)  # each costs a training of its own
        yield {narrow: RunContext() for narrow in (False, True)}


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, marks=pytest.mark.slow if case == SLOW else ()) for case in CASES],
)
def test_a_part_learns_and_is_kept(
    case: str, contexts: dict[bool, RunContext], tmp_path: Path
) -> None:
    key, settings = CASES[case]
    if "maml" in case or case == "anil":
        pytest.importorskip("learn2learn")
    task = FIVE_WAYS if case in FIXED_HEADS else TASK
    narrow = case.startswith(("distance", "loss"))
    track, glyphs = NARROW if narrow else TRACK, contexts[narrow]
    spec = resolve(key, SMALL | settings)
    job = RunSpec(spec, track, seed=0, budget="quick", tasks=(task,))
    glyphs = replace(glyphs, work=tmp_path)

    untrained = build(job)[0]
    untrained.eval()
    before = answer(untrained, glyphs.task(task, track)).correct.sum()
    (first,) = run(job, glyphs)
    assert first.outcome is not None, first.reason
    assert sum(first.outcome.correct) > before
    assert [point.items for point in first.curve][-1] <= first.cost.training_items

    weights = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("weights.safetensors")}
    (again,) = run(job, glyphs)  # loads what was kept
    assert again.id == first.id and again.provenance.weights == first.provenance.weights
    assert weights == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.safetensors")}
