"""Every known mistake is caught by the check of its name; sound models pass them all."""

import copy
import re

import pytest
import torch

from benchmark import check
from benchmark.evaluation.conformance.checks import CHECKS

from . import cheats

CAUGHT = [
    (cheats.Constant, "constant-scores", "all classes of a query: 24 of 120 .* 1 in 5"),
    (cheats.TrueFirst, "constant-scores", "all queries: 24 of 120 answers are right"),
    (cheats.BatchNormInTrainMode, "train-mode", r"net\.layers\.2 \(BatchNorm1d in training mode"),
    (cheats.BatchNormInTrainMode, "embed-alone", r"cause is likely net\.layers\.2 \(BatchNorm"),
    (cheats.TrainsWhileAnswering, "train-mode", r"once asked: net\.layers\.2"),
    (cheats.DropoutInTrainMode, "train-mode", r"net\.layers\.2 \(Dropout in training mode"),
    (cheats.DropoutInTrainMode, "repeatable", r"embeddings .*\(Dropout in training mode"),
    (cheats.KeepsPrototypes, "state", "scores of an episode differ when another was asked before"),
    (cheats.CentresByFirstBatch, "state", "embeddings of an episode differ"),
    (
        cheats.AssumesSortedQueries,
        "query-order",
        "right answers 5 of 5 when sorted by class",
    ),
    (cheats.AssumesSortedSupport, "support-order", "in another order change the scores"),
    (cheats.StandardisesBatch, "embed-alone", "an item embeds differently alone"),
    (cheats.StandardisesQueries, "query-alone", "a query alone is scored differently"),
    (cheats.ReadsLabelOrder, "class-names", "renaming the classes changes the scores"),
    (cheats.AssumesSortedSupport, "class-names", "[0-4] of 5 answers still name the same"),
    (cheats.Draws, "repeatable", "embeddings of the same items differ"),
    (cheats.DrawsGlobally, "random-state", "under another global random state"),
    (cheats.ReadsOneSide, "pair-symmetry", "both sides exchanged"),
    (cheats.AveragesNeighbours, "embed-alone", "instead of in a batch of 83"),
    (cheats.AveragesManyNeighbours, "embed-alone", "instead of in a batch of 512"),
    (cheats.AssignsOneToOne, "query-alone", "instead of among 20"),
    (cheats.BalancesQueries, "query-alone", "instead of among 75"),
    (cheats.RemembersEpisodes, "state", "many others|answered twice"),
    (cheats.NotNumbers, "finite", "not finite"),
    (cheats.DividesByLength, "finite", "embedding of a blank item"),
    (cheats.WrongShape, "shapes", r"\[5, 1, 28, 28\] for 5 items; expected \[5, width\]"),
    (cheats.WrongType, "shapes", "embed gave float16; expected float32"),
    (cheats.WrongScores, "shapes", r"shape \[5, 10\]; expected \[5, 5\]"),
    (cheats.Collapsed, "collapsed-embedding", "nearly all are the same vector"),
    (cheats.GivesDistances, "upside-down", "of 360 answers are right, .* fewer than guessing"),
    (cheats.NormalisesPairs, "pair-alone", "a pair alone compares differently"),
    (cheats.MixesEpisodes, "episode-alone", "an episode among others is scored differently"),
    (cheats.FixedHead, "other-shapes", "2-way 1-shot is not answered: RuntimeError"),
    (cheats.Unseeded, "same-seed", "two models built with seed 0 give other embeddings"),
]


@pytest.mark.parametrize(("model", "name", "says"), CAUGHT, ids=lambda value: str(value)[-40:])
def test_a_mistake_is_caught_by_name(model, name, says):
    outcome = check(model)[name]
    assert outcome.state == "failed"
    assert re.search(says, outcome.seen), outcome.seen
    assert outcome.resembles and outcome.mend and outcome.mend in str(outcome)


def test_every_check_can_fail():
    assert {name for _, name, _ in CAUGHT} == {each.name for each in CHECKS}


@pytest.mark.parametrize(
    "model",
    [cheats.Embeds, cheats.Classifies, cheats.Compares, cheats.Likens, cheats.Answers],
    ids=lambda model: model.__name__,
)
def test_sound_models_pass(model):
    report = check(model)
    assert report.passed, str(report)
    assert report["upside-down"].state == report["repeatable"].state == "passed"


@pytest.mark.parametrize(
    ("model", "attribute", "value", "lifted"),
    [
        (cheats.StandardisesQueries, "transductive", True, "query-alone"),
        (cheats.ReadsLabelOrder, "ordered_classes", True, "class-names"),
        (cheats.AssumesSortedSupport, "ordered_support", True, "support-order"),
        (cheats.FixedHead, "trained_for", (5, 1), "other-shapes"),
        (cheats.AssumesSortedQueries, "stochastic", True, "query-order"),
        (cheats.ReadsOneSide, "ordered_pairs", True, "pair-symmetry"),
    ],
)
def test_declared_exceptions(model, attribute, value, lifted):
    outcome = check(type(model.__name__, (model,), {attribute: value}))[lifted]
    assert outcome.state == "not applicable" and attribute in outcome.seen


def test_a_transductive_model_still_embeds_each_item_alone():
    class Declared(cheats.StandardisesBatch):
        transductive = True

    assert check(Declared)["embed-alone"].state == "failed"


def test_nothing_is_compared_once_a_gate_is_shut():
    report = check(cheats.Draws)
    assert [outcome.name for outcome in report.failures] == ["repeatable"]
    assert report["embed-alone"].seen == "mend `repeatable` first"


def test_a_model_that_raises_has_failed():
    class Raises(cheats.Embeds):
        def embed(self, items):
            raise ValueError("no such luck")

    outcome = check(Raises)["shapes"]
    assert outcome.state == "failed" and "ValueError: no such luck" in outcome.seen


def test_an_object_stays_as_it_is():
    model = cheats.KeepsPrototypes()
    report = check(model)
    assert model.kept is None and report["same-seed"].state == "not applicable"
    assert report["state"].state == "failed"


def test_a_model_that_cannot_be_copied_is_checked_all_the_same():
    class Holds(cheats.Embeds):
        def __deepcopy__(self, memo):
            raise TypeError("an open session")

    report = check(Holds())
    assert report.passed and "asked again after another" in report["state"].seen


def test_dropout_that_drops_nothing_is_no_mistake():
    model = cheats.DropoutInTrainMode()
    model.net.layers[2].p = 0.0
    assert check(copy.deepcopy(model))["train-mode"].state == "passed"
    assert torch.is_grad_enabled()
