"""Every method, distance, loss and backbone of the catalogue passes the whole list."""

import pytest

from baselines.catalogue import METHODS, entries, part_names
from benchmark import check
from benchmark.errors import OneshotError
from benchmark.registry import resolve

pytestmark = pytest.mark.training

SMALL = {"width": 0.05}
KEYS = [entry.key for entry in entries()]
FIXED = [entry.key for entry in entries() if entry.family == "fixed"]


def representatives():
    """One model of each part on one small backbone, and each backbone once."""
    chosen = [f"{method.key}-mlp" for method in METHODS]
    for kind, place in (("distances", "siamese-mlp-{}-"), ("losses", "siamese-mlp-*-{}")):
        for part in part_names(kind):
            head, _, tail = place.format(part).partition("*")
            chosen.append(
                next(k for k in KEYS if k.startswith(head) and (k.endswith(tail) or not tail))
            )
    chosen += [f"siamese-{backbone}-euclidean-contrastive" for backbone in part_names("backbones")]
    return list(dict.fromkeys(chosen))


@pytest.mark.parametrize("key", [*FIXED, *representatives()])
def test_a_model_of_the_catalogue_passes(key):
    settings = {} if key in FIXED else SMALL
    if key == "frozen-efficientnet-lite0":
        settings = {"input_size": 64}  # a tenth of the work
    try:
        resolve(key)
        report = check(key, settings=settings)
    except OneshotError as missing:
        if "Type: " in missing.hint and ("install" in missing.hint or "make" in missing.hint):
            pytest.skip(str(missing))
        raise
    assert report.passed, str(report)
    assert sum(outcome.state == "passed" for outcome in report.outcomes) >= 6


def test_each_part_is_represented():
    keys = representatives()
    for kind in ("backbones", "distances", "losses"):
        for part in part_names(kind):
            assert any(f"-{part}-" in f"{key}-" for key in keys), part


def test_texts_are_made_up_for_models_that_read():
    report = check("prototypical-char-cnn", settings=SMALL)
    assert report.data == "made-up-texts" and report.passed, str(report)


@pytest.mark.parametrize("key", ["siamese-mlp-cosine-triplet", "baseline-mlp", "matching-fce-mlp"])
def test_a_model_passes_after_a_short_training_too(key):
    report = check(key, settings={"width": 0.2, "threads": 1}, train=True)
    assert report.passed and report.trained, str(report)
    assert report["collapsed-embedding"].state == report["upside-down"].state == "passed"


def test_only_what_learns_is_trained():
    with pytest.raises(OneshotError, match="does not learn"):
        check("pixels-cosine", train=True)
