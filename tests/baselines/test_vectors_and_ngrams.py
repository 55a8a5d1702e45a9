"""N-grams against counting by hand; the mlp on vectors and texts; what is refused."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.backbones import _build
from baselines.catalogue import find
from baselines.fixed.ngrams import Ngrams
from baselines.fixed.pixels import Pixels
from baselines.fixed.untrained import Untrained
from baselines.ngrams import hashed_ngrams
from baselines.siamese.network import Siamese
from benchmark.datasets.data_set import codes, whole
from benchmark.errors import OneshotError, Refused
from benchmark.protocols import TrackInfo, TrainingData

VECTORS = TrackInfo("points", "vector", channels=6, side=1)
TEXTS = TrackInfo("words", "text", channels=1, side=32)


def by_hand(text: str) -> list[int]:
    """How often each n-gram occurs, the ends included, without their identity."""
    framed = f"\1{text}\2"
    grams = Counter(framed[i : i + n] for n in (1, 2, 3) for i in range(len(framed) - n + 1))
    return sorted(grams.values())


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), max_size=12))
def test_ngrams_are_counted_whatever_the_padding(text):
    short = hashed_ngrams(torch.from_numpy(codes([text], max(1, len(text)))), 1 << 16)
    padded = hashed_ngrams(torch.from_numpy(codes([text], 20)), 1 << 16)
    assert torch.equal(short, padded)
    assert short.sum() == sum(by_hand(text))
    counts = sorted(short[short > 0].int().tolist())
    assert counts == by_hand(text) or len(counts) < len(by_hand(text)), "but for a collision"


def test_buckets_are_pinned_and_filled_evenly():
    texts = torch.from_numpy(codes([chr(0x4E00 + i) * 3 for i in range(2_000)], 3))
    vectors = hashed_ngrams(texts, 256)
    assert vectors.shape == (2_000, 256) and bool((vectors.sum(dim=0) > 0).all())
    one = hashed_ngrams(torch.from_numpy(codes(["ab"], 2)), 4096)[0]
    assert one.nonzero().ravel().tolist() == [386, 1045, 1279, 1309, 2966, 3062, 3678, 3770, 4035]


def test_shared_ngrams_make_texts_alike():
    model = Ngrams(0, TEXTS)
    vectors = model.embed(torch.from_numpy(codes(["Deutschland", "Deutschlands", "Francia"], 16)))
    unit = torch.nn.functional.normalize(vectors)
    assert unit[0] @ unit[1] > 0.8 > 0.3 > unit[0] @ unit[2]
    assert find("ngrams-cosine") is not None and model.distance == "cosine"


@pytest.mark.parametrize("settings", [{"buckets": 1000}, {"input_size": 0}])
def test_settings_of_ngrams_are_checked(settings):
    with pytest.raises(OneshotError, match=next(iter(settings))):
        Ngrams(0, TEXTS, **settings)


def test_each_takes_its_own_kind_of_data():
    with pytest.raises(Refused, match="holds vectors"):
        Ngrams(0, VECTORS)
    with pytest.raises(Refused, match=r"no pixels.*ngrams-cosine"):
        Pixels(0, TEXTS)
    with pytest.raises(Refused, match="takes images; .*vector data.*backbone=mlp"):
        Siamese(0, VECTORS, backbone="conv4")
    with pytest.raises(Refused, match="takes texts; .*vector data"):
        Siamese(0, VECTORS, backbone="char-cnn")
    assert _build.takes("mlp") == ("image", "vector", "text")
    assert _build.takes("timm:resnet18") == ("image",) == _build.takes("koch")


@pytest.mark.parametrize(("track", "inputs"), [(VECTORS, 6), (TEXTS, 4096)])
def test_the_mlp_is_as_wide_as_its_items(track, inputs):
    model = Siamese(0, track, backbone="mlp", width=0.1)
    linear = next(m for m in model.modules() if isinstance(m, torch.nn.Linear))
    assert linear.in_features == inputs
    assert (model.recipe.augmentation, model.recipe.items) == ("none", 60_000)
    items = torch.rand(3, 6) if track is VECTORS else torch.from_numpy(codes(["a", "bc", "d"], 32))
    for kind in (model, Untrained(0, track, backbone="mlp", width=0.1)):
        kind.eval()
        assert kind.embed(items).shape == (3, kind.recipe.embedding)


def clusters(kind):
    """Eight classes of 12 items, told apart by a few of their numbers or letters."""
    random = np.random.Generator(np.random.Philox(5))
    labels = np.repeat(np.arange(8), 12)
    names = [f"c{c}" for c in range(8)]
    if kind == "vector":
        centres = random.normal(size=(8, 6))
        values = np.hstack([centres[labels], 3 * random.normal(size=(96, 6))])
        return whole("points", "vector", values.astype(np.float32), labels, names)
    letters = [[chr(0x61 + 3 * c + i) for i in range(3)] for c in range(8)]
    texts = ["".join(random.choice(letters[c], 6)) for c in labels]
    return whole("words", "text", np.array(texts), labels, names)


@pytest.mark.parametrize("kind", ["vector", "text"])
def test_the_mlp_learns_from_vectors_and_texts(kind, running):
    data = clusters(kind)
    track = TrackInfo("x", kind, data.channels, 1)
    model = Siamese(
        0, track, backbone="mlp", distance="cosine", loss="nt-xent", temperature=0.1,
        width=0.25, threads=1, items=1_600, classes=8,
    )  # fmt: skip
    items = torch.from_numpy(data.inputs(model.input_size))
    labels = torch.from_numpy(data.labels)

    def nearest_is_of_the_class(candidate) -> float:
        candidate.eval()
        with torch.no_grad():
            unit = torch.nn.functional.normalize(candidate.embed(items))
        alike = unit @ unit.T
        alike.fill_diagonal_(-2)
        return float((labels[alike.argmax(dim=1)] == labels).float().mean())

    before = nearest_is_of_the_class(model)
    model.fit(TrainingData(data, data, nearest_is_of_the_class), running())
    assert nearest_is_of_the_class(model) > max(before, 0.9)
