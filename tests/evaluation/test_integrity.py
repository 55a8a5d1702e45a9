"""Models that gain by what they may not use are caught by name: in `check` and in every run."""

import random

import numpy as np
import pytest
import torch
from torch import nn

import benchmark
from benchmark import check
from benchmark.datasets.data_set import whole
from benchmark.errors import Refused
from benchmark.evaluation.conformance.checks import CHECKS
from benchmark.evaluation.embedding_store import EmbeddingStore
from benchmark.evaluation.embeddings import mixtures, near_copies
from benchmark.evaluation.integrity import (
    IntegrityFailed,
    Probe,
    Tolerance,
    copied,
    memory_mismatch,
)
from benchmark.evaluation.integrity_verdict import probed, refusal
from benchmark.evaluation.outcome import ask
from benchmark.protocols import TrackInfo
from benchmark.registry import resolve
from benchmark.tasks.episodes import draw
from benchmark.tasks.loading import LoadedTask
from benchmark.tasks.queries import draw_queries
from benchmark.tasks.spec import Task, TrialKind
from benchmark.tasks.trials import draw_trials

from .conformance import cheats
from .conformance.test_catalogue_models import representatives

# Name of the check, by model: what `check` says, and what a run says.
CAUGHT = {
    cheats.CountsPositions: "state",
    cheats.CountsAfterLargeBatch: "state",
    cheats.RemembersPositions: "state",
    cheats.CollectsFeatures: "state",
    cheats.AveragesNeighbours: "embed-alone",
    cheats.WhitensLargeBatches: "embed-alone",
    cheats.BatchNormInTrainMode: "embed-alone",
    cheats.HidesPositionInSmallPart: "state",
    cheats.WhitensManyQueries: "query-alone",
    cheats.BalancesQueries: "query-alone",
    cheats.StandardisesQueries: "query-alone",
    cheats.AssignsOneToOne: "query-alone",
    cheats.AssumesSortedSupport: "support-order",
    cheats.ReadsLabelOrder: "class-names",
    cheats.ReadsOneSide: "pair-symmetry",
    cheats.LikensOneSide: "pair-symmetry",
    cheats.RemembersEpisodes: "state",
    cheats.DrawsGlobally: "random-state",
    cheats.DrawsFromNumpy: "random-state",
    cheats.DrawsFromPython: "random-state",
    cheats.DropoutInTrainMode: "random-state",
    cheats.RemembersInModule: "state",
    cheats.RemembersRounded: "state",
    cheats.RemembersAverages: "state",
    cheats.AveragesAlike: "embed-alone",
    cheats.ReadsGeneratorSeed: "query-order",
    cheats.CountsCalls: "state",
    cheats.TrainsOnQueries: "query-alone",
    cheats.ReadsClock: "state",
}
SOUND = (cheats.Embeds, cheats.Classifies, cheats.Compares, cheats.Likens, cheats.Answers)
IN_BLOCKS = {cheats.RanksPairs: "state"}  # in a run, many pairs are compared at once
ONLY_AT_SCALE = {
    cheats.RanksPairs: "pair-alone",
    cheats.AveragesManyNeighbours: "embed-alone",
    cheats.CentresManyPairs: "pair-alone",
    cheats.MixesManyEpisodes: "episode-alone",
}


def by_name(models):
    return pytest.mark.parametrize(
        ("model", "name"), list(models.items()), ids=lambda value: getattr(value, "__name__", value)
    )


def few_shot(blobs, n_way=5, n_shot=2, n_query=15, episodes=300):
    task = Task("blobs-few", 1, "blobs", "test", n_way, n_shot, n_query, episodes)
    drawn = draw(task, blobs, list(range(12)))
    return LoadedTask(task, blobs, drawn, blobs.class_names)


def lake(blobs):
    """As many queries as classes, as in Lake's runs."""
    return few_shot(blobs, 10, 1, 1, 20)


def verification(blobs):
    kinds = tuple(TrialKind(kind, 100) for kind in ("genuine", "within", "across"))
    task = Task(
        "blobs-verification", 1, "blobs", "validation", 1, 1, 1, 300, "alphabet", "drawer",
        protocol="verification", kinds=kinds,
    )  # fmt: skip
    return LoadedTask(task, blobs, draw_trials(task, blobs, list(range(12))), blobs.class_names)


def retrieval(blobs):
    task = Task("blobs-retrieval", 1, "blobs", "test", 1, 1, 1, 1, protocol="retrieval")
    return LoadedTask(task, blobs, draw_queries(task, blobs, list(range(12))), blobs.class_names)


def run(model, loaded):
    """The mismatch that a run of the task finds."""
    if hasattr(model, "eval"):
        model.eval()
    bank = EmbeddingStore(model, "cpu")
    probe = Probe(model, loaded, bank, 0, None)
    ask(
        model, loaded, seed=0, device="cpu", bank=bank, observe=probe.observing(None), episodes=None
    )
    return probe, probe.ask_again()


def at_28(model):
    """The cheats read 28x28; blobs are stretched to it."""
    made = model()
    made.input_size = 28
    return made


@by_name({**CAUGHT, **IN_BLOCKS})
def test_a_run_finds_it_and_names_it(blobs, model, name):
    random.seed(0)  # of models that draw from it: by chance they could draw alike twice
    loaded = lake(blobs) if model is cheats.AssignsOneToOne else few_shot(blobs)
    _, found = run(at_28(model), loaded)
    assert found is not None and found.check == name, found


@by_name({**CAUGHT, **ONLY_AT_SCALE})
def test_check_finds_it_and_names_it(model, name):
    outcome = check(model)
    states = {each.name: each.state for each in outcome.outcomes}
    unsteady = ("Draws", "Dropout", "Counts", "ReadsClock")
    gates = {"repeatable"} if model.__name__.startswith(unsteady) else set()
    assert states[name] == "failed" or any(states[gate] == "failed" for gate in gates), str(outcome)
    assert not outcome.passed


@pytest.mark.parametrize("model", SOUND, ids=lambda model: model.__name__)
@pytest.mark.parametrize("make", [few_shot, lake])
def test_sound_models_pass(blobs, model, make):
    probe, found = run(at_28(model), make(blobs))
    assert found is None
    verdict = probed(probe)
    assert verdict.exempt == []
    assert verdict.items >= 16 or model in (cheats.Likens, cheats.Answers)
    assert verdict.questions >= 1 or model is cheats.Embeds


@pytest.mark.parametrize("model", SOUND[:4], ids=lambda model: model.__name__)
@pytest.mark.parametrize("make", [verification, retrieval])
def test_sound_models_pass_on_pairs_and_galleries(blobs, model, make):
    assert run(at_28(model), make(blobs))[1] is None


@pytest.mark.parametrize("make", [verification, retrieval])
@by_name({
    cheats.CountsPositions: "state",
    cheats.AveragesNeighbours: "embed-alone",
    cheats.ReadsOneSide: "pair-symmetry",
    cheats.LikensOneSide: "pair-symmetry",
    cheats.DrawsGlobally: "random-state",
    cheats.NormalisesPairs: "pair-alone",
})  # fmt: skip
def test_pairs_and_galleries_are_probed_too(blobs, make, model, name):
    found = run(at_28(model), make(blobs))[1]
    assert found is not None and found.check == name


@pytest.mark.parametrize(
    ("model", "make"),
    [
        (cheats.RemembersInModule, verification), (cheats.RemembersAverages, retrieval),
        (cheats.RemembersRounded, retrieval), (cheats.AveragesAlike, verification),
        (cheats.ReadsClock, retrieval),
    ],
)  # fmt: skip
def test_memories_and_company_show_on_pairs_and_galleries(blobs, model, make):
    assert run(at_28(model), make(blobs))[1] is not None


def test_a_memory_of_items_is_not_hidden_by_their_near_copies():
    random = torch.Generator().manual_seed(0)
    rows = torch.randn(64, 20, generator=random)

    def moved(levels, mixtures):
        changes = {"levels": levels, "mixtures": mixtures}
        return memory_mismatch(
            rows, lambda kind: rows + changes[kind] * torch.randn(64, 20, generator=random)
        )

    for changes in ((0.05, 1.0), (1.0, 0.05), (0.05, 0.05)):
        assert moved(*changes) is None
    found = moved(1.0, 1.0)
    assert found is not None and found.check == "state" and "having seen it" in found.seen
    assert memory_mismatch(torch.ones(64, 20), lambda kind: torch.zeros(64, 20)) is None


@pytest.mark.parametrize("whiten", [False, True])
@pytest.mark.parametrize("offset", [0.0, 4.6e6])
def test_vectors_far_from_the_origin_and_whitened_ones_are_no_memories(offset, whiten):
    random = np.random.default_rng(0)
    rows = random.normal(size=(40, 6)) @ np.diag([1, 10, 100, 300, 300, 1e3])
    rows = rows @ np.linalg.qr(random.normal(size=(6, 6)))[0] + offset
    weights = np.linalg.inv(np.linalg.cholesky(np.cov(rows.T))).T if whiten else np.eye(6)

    def near(kind):
        others = np.roll(rows, 1, axis=0)
        shown = near_copies(rows) if kind == "levels" else mixtures(rows, others)
        return torch.from_numpy(shown @ weights)

    assert memory_mismatch(torch.from_numpy(rows @ weights), near) is None


def test_near_copies_differ_in_every_value_and_look_the_same():
    levels = np.arange(256, dtype=np.uint8)
    near = near_copies(levels)
    assert near.dtype == np.uint8 and (near != levels).all()
    assert np.abs(near.astype(int) - levels).max() == 2
    vectors = np.array([1.0, -2.0, 0.5], dtype=np.float32)
    assert near_copies(vectors).dtype == np.float32
    np.testing.assert_allclose(near_copies(vectors), vectors, rtol=0.01)
    assert (near_copies(vectors) != vectors).all()


def test_declared_exceptions_are_exempt_and_recorded(blobs):
    declared = {
        cheats.StandardisesQueries: "transductive",
        cheats.ReadsLabelOrder: "ordered_classes",
        cheats.AssumesSortedSupport: "ordered_support",
        cheats.ReadsOneSide: "ordered_pairs",
    }
    for model, exception in declared.items():
        extra = {"ordered_classes": True} if model is cheats.AssumesSortedSupport else {}
        kind = type(model.__name__, (model,), {exception: True, **extra})
        probe, found = run(at_28(kind), few_shot(blobs))
        assert found is None, found
        assert exception in probed(probe).exempt


def test_a_declared_exception_lifts_no_other(blobs):
    kind = type("Declared", (cheats.CountsPositions,), {"transductive": True})
    assert run(at_28(kind), few_shot(blobs))[1].check == "state"


def test_a_refusal_says_what_was_seen_what_it_resembles_and_what_to_declare(blobs):
    found = run(at_28(cheats.StandardisesQueries), few_shot(blobs))[1]
    text = refusal(found)
    assert "decisions change" in text and "hidden transduction" in text
    assert "transductive = True" in text
    known = {each.name for each in CHECKS}
    assert {*CAUGHT.values(), *ONLY_AT_SCALE.values()} <= known


def test_constant_offset_hides_nothing(blobs):
    """A tolerance that grows with the values themselves would let a position through."""

    class Offset(cheats.CountsPositions):
        def embed(self, items):
            start, self.position = self.position, self.position + len(items)
            place = torch.arange(start, self.position).float()[:, None]
            return torch.cat([place / 100, torch.full((len(items), 1), 1e5)], dim=1)

    class Loud(cheats.StandardisesQueries):
        """Scores with a large part that is the same for all classes of a query."""

        def classify(self, support, labels, queries):
            loud = 1e4 * queries.mean(dim=2, keepdim=True)
            return super().classify(support, labels, queries) + loud

    assert run(at_28(Offset), few_shot(blobs))[1] is not None
    assert run(at_28(Loud), few_shot(blobs))[1] is not None


def test_the_tolerance_of_low_precision_holds_rounding_and_no_more():
    random = torch.Generator().manual_seed(0)
    rows = torch.randn(64, 100, generator=random)
    scores = torch.randn(300, 5, generator=random)
    low, full = Tolerance.of("bfloat16"), Tolerance.of("float32")
    spread = rows.double().std(dim=0)
    rounded = rows.bfloat16().float()
    assert not low.rows(rows, rounded, spread) and not low.scores(scores, scores.bfloat16().float())
    assert full.rows(rows, rows + 0.02 * spread.float(), spread)
    moved = scores + 0.3 * torch.randn(scores.shape, generator=random)
    assert low.scores(scores, moved)


def test_global_generators_are_as_before(blobs):
    torch.manual_seed(5)
    np.random.seed(6)
    before = torch.random.get_rng_state(), np.random.get_state()[1].tolist()
    assert run(at_28(cheats.Classifies), few_shot(blobs))[1] is None
    assert torch.equal(before[0], torch.random.get_rng_state())
    assert before[1] == np.random.get_state()[1].tolist()


def test_a_model_that_cannot_be_copied_is_probed_by_itself(blobs):
    class Session(cheats.Embeds):
        def __deepcopy__(self, memo):
            raise TypeError("an open session")

    class Counts(Session, cheats.CountsPositions):
        pass

    model = Session()
    assert copied(model) is model
    assert run(at_28(Session), few_shot(blobs))[1] is None
    assert run(at_28(Counts), few_shot(blobs))[1].check == "state"


def test_vectors_in_large_batches(blobs):
    random = np.random.Generator(np.random.Philox(3))
    stored = random.standard_normal((1500, 8)).astype(np.float32)
    data = whole(
        "noise", "vector", stored, np.repeat(np.arange(30), 50), [f"{c}" for c in range(30)]
    )
    task = Task("noise-5w1s", 1, "noise", "test", 5, 1, 15, 300)
    loaded = LoadedTask(task, data, draw(task, data, list(range(30))), data.class_names)

    class Averages:
        def embed(self, items):
            return items + items.roll(1, 0) if len(items) >= 300 else items

    class Sound:
        def embed(self, items):
            return items

    assert run(Averages(), loaded)[1].check == "embed-alone"
    assert run(Sound(), loaded)[1] is None


class Traced:
    """A network that was traced in training mode."""

    distance, input_size = "euclidean", 28

    def __init__(self):
        torch.manual_seed(0)
        network = nn.Sequential(
            nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Dropout(0.3), nn.Flatten()
        )
        self.network = torch.jit.trace(network.train(), torch.rand(4, 1, 28, 28), check_trace=False)

    def embed(self, images):
        return self.network(images)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_network_traced_in_training_mode_is_refused(blobs):
    found = run(Traced(), few_shot(blobs))[1]
    assert found.check in ("random-state", "embed-alone")


def test_a_refused_model_leaves_a_failed_record_and_a_sound_one_its_verdict(tmp_path):
    record = benchmark.evaluate(
        cheats.AveragesNeighbours, "glyphs-5w1s", results=tmp_path, work=tmp_path
    )
    assert record.status == "failed" and record.outcome is None
    assert "'embed-alone'" in record.reason and "oneshot check" in record.reason
    assert record.integrity is None
    assert issubclass(IntegrityFailed, benchmark.errors.ModelFailed)


@pytest.mark.training
@pytest.mark.parametrize("key", representatives())
def test_a_model_of_the_catalogue_passes_in_a_run(blobs, key):
    info = TrackInfo("blobs", "character", 1, 16)
    try:
        model = resolve(key, {"width": 0.1, "input_size": 28}).build(0, info, "quick")
    except Refused as reason:  # texts, or larger images
        pytest.skip(str(reason))
    if hasattr(model, "eval"):
        model.eval()
    # Random answers, or those of weights nobody trained, must come out alike all the same.
    assert run(model, few_shot(blobs, n_shot=1, episodes=20))[1] is None
    if callable(getattr(model, "embed", None)):
        assert run(model, verification(blobs))[1] is None
