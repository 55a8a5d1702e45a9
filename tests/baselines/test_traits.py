"""Traits are what the parts really do, and refusals follow from them."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
import torch

from baselines.parts import PACKAGES, class_of, constant, part_names
from baselines.siamese import traits as traits_module
from baselines.siamese.network import Siamese
from baselines.siamese.traits import Needs, distance_traits, loss_needs, refusal
from benchmark.errors import OneshotError, Refused, UnknownName
from benchmark.protocols import TrackInfo


@pytest.mark.parametrize("name", part_names("distances"))
def test_declared_traits_hold(name: str) -> None:
    traits = distance_traits(name)
    module = import_module(f"benchmark.models.distances.{name.replace('-', '_')}")
    assert traits == module.TRAITS  # read as text and imported

    torch.manual_seed(0)
    distance = class_of("distances", name)(5)
    a, b = torch.randn(40, 5), torch.randn(30, 5)
    with torch.no_grad():
        for weight in distance.parameters():
            weight.copy_(torch.randn_like(weight))
        d, back = distance(a, b), distance(b, a)
        same = distance.pairs(a, a)
    assert (bool((d >= 0).all()) and bool(same.abs().max() < 1e-5)) == traits.non_negative
    assert torch.allclose(d, back.T, atol=1e-5) == traits.symmetric
    assert bool(list(distance.parameters())) == traits.learned
    assert bool((distance(100 * a, b) <= traits.upper + 1e-5).all())
    assert traits.bounded == (traits.upper < float("inf"))
    assert traits.radius < traits.upper
    assert bool(class_of("distances", name).geometry) == traits.prototypes


@pytest.mark.parametrize("name", part_names("distances"))
def test_declared_power_is_that_of_a_euclidean_distance(name: str) -> None:
    """By Schoenberg 1935: a doubly centred table of squared distances is a Gram matrix."""
    power = distance_traits(name).power
    e = torch.randn(9, 5, generator=torch.Generator().manual_seed(0))
    square = class_of("distances", name)(5)(e, e).detach().double() ** (2 / (power or 1))
    centre = torch.eye(9).double() - 1 / 9
    values = torch.linalg.eigvalsh(-0.5 * centre @ square @ centre)
    semidefinite = float(values.min()) > -1e-5 * float(values.max())
    of_five_coordinates = int((values > 1e-5 * values.max()).sum()) <= 5
    if power:
        assert semidefinite and of_five_coordinates
    else:
        assert not (semidefinite and of_five_coordinates)


@pytest.mark.parametrize("name", part_names("losses"))
def test_needs_are_literals(name: str) -> None:
    module = import_module(f"baselines.siamese.losses.{name.replace('-', '_')}")
    assert loss_needs(name) == module.NEEDS


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Writes the file of a loss into a package of its own, in which losses are then looked for."""
    package = f"losses_of_{tmp_path.name}"
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(PACKAGES, "losses", package)

    def to_file(name: str, source: str) -> None:
        (tmp_path / package / f"{name}.py").write_text(source, encoding="utf-8")

    return to_file


def test_needs_may_be_divisions_and_annotated(write: Callable[[str, str], None]) -> None:
    write("divided", "NEEDS: Needs = Needs(temperature=1 / 9, margin=2 / 4 / 5)")
    assert loss_needs("divided") == Needs(temperature=1 / 9, margin=0.1)


@pytest.mark.parametrize(
    ("case", "source", "expected"),
    [
        ("absent", "x = 1", r"it must state NEEDS = Needs\(name=literal, \.\.\.\)"),
        ("no_call", "NEEDS = 3", "it must state NEEDS"),
        ("by_position", "NEEDS = Needs(('pairs',))", "it must state NEEDS"),
        ("computed", "NEEDS = Needs(margin=abs(1.0))", "it must state NEEDS"),
        ("of_zero", "NEEDS = Needs(margin=1 / 0)", "it must state NEEDS"),
        ("of_text", "NEEDS = Needs(margin=1 / 'a')", "it must state NEEDS"),
        ("spread", "NEEDS = Needs(**{'margin': 1.0})", r"NEEDS has no '\*\*'; it may have"),
        ("misspelt", "NEEDS = Needs(margn=1.0)", "NEEDS has no 'margn'; it may have .*margin"),
        (
            "no_tuple",
            "NEEDS = Needs(batches=('pairs'))",
            r"batches to be tuple\[str, \.\.\.\], not",
        ),
        ("no_number", "NEEDS = Needs(margin='wide')", "margin to be float, not 'wide'"),
        ("unreadable", "\nNEEDS = Needs(", "line 2 is no Python"),
    ],
)
def test_a_malformed_part_names_its_file(
    case: str, source: str, expected: str, write: Callable[[str, str], None]
) -> None:
    write(case, source)
    with pytest.raises(OneshotError, match=rf"{case}\.py\) cannot be read: .*{expected}"):
        loss_needs(case.replace("_", "-"))


def test_a_distance_must_state_all_that_has_no_default(
    write: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    write("half", "TRAITS = Traits(bounded=True, symmetric=True, learned=False)")
    monkeypatch.setitem(PACKAGES, "distances", PACKAGES["losses"])
    with pytest.raises(OneshotError, match=r"half\.py.* must state non_negative, radius\."):
        distance_traits("half")


def test_constants_are_like_their_default(write: Callable[[str, str], None]) -> None:
    write("titled", "TITLE = 'T'\nPAPER = ('Me 2020', 'me2020')\nBAD = ('one',)\nWORSE = f()")
    assert constant("losses", "titled", "TITLE", "none") == "T"
    assert constant("losses", "titled", "PAPER", ("", "")) == ("Me 2020", "me2020")
    assert constant("losses", "titled", "OTHER", "none") == "none"
    for name in ("BAD", "WORSE", "TITLE"):
        expected = rf"titled\.py.*{name} must be a literal such as \('Me', 'me'\)"
        with pytest.raises(OneshotError, match=expected):
            constant("losses", "titled", name, ("Me", "me"))


def test_a_log_odds_cannot_be_squared() -> None:
    assert refusal("euclidean", "contrastive") is None
    reason = refusal("weighted-l1", "contrastive")
    assert reason is not None and "never negative" in reason


REFUSED = {  # the losses that each distance is refused for
    "bilinear": {"angular", "circle", "contrastive"},
    "cosine": set(),
    "dot-product": {"angular", "circle", "contrastive"},
    "euclidean": {"circle"},
    "hyperbolic": {"angular"},
    "mahalanobis": {"circle"},
    "manhattan": {"angular", "circle"},
    "signal-to-noise": {"angular", "circle"},
    "squared-euclidean": {"circle"},
    "weighted-l1": {"angular", "circle", "contrastive"},
}


@pytest.mark.parametrize("distance", REFUSED)
def test_what_is_refused(distance: str) -> None:
    reasons = {loss: refusal(distance, loss) for loss in part_names("losses")}
    assert {loss for loss, reason in reasons.items() if reason} == REFUSED[distance]


@pytest.mark.parametrize(
    ("distance", "loss", "words"),
    [
        ("dot-product", "contrastive", "never negative"),
        ("weighted-l1", "angular", "Euclid"),
        ("euclidean", "circle", "largest value"),
        ("bilinear", "circle", "never negative"),
        ("hyperbolic", "angular", "Euclid"),
        ("manhattan", "angular", "angle"),
    ],
)
def test_a_refusal_gives_its_reason(distance: str, loss: str, words: str) -> None:
    reason = refusal(distance, loss)
    assert reason is not None and words in reason and reason.endswith(".")
    assert loss_needs(loss).why in reason


def test_a_loss_may_need_a_symmetric_distance(monkeypatch: pytest.MonkeyPatch) -> None:
    needs = Needs(batches=("class-balanced",), symmetric=True, why="it reads one half of the table")
    monkeypatch.setattr(traits_module, "loss_needs", lambda name: needs)
    assert refusal("euclidean", "triplet") is None
    for name in ("signal-to-noise", "bilinear"):
        reason = refusal(name, "triplet")
        assert reason is not None and "order of its arguments: it reads one half" in reason


@pytest.mark.parametrize("name", part_names("losses"))
def test_what_is_needed_is_explained(name: str) -> None:
    needs = loss_needs(name)
    if needs.non_negative or needs.symmetric or needs.bounded or needs.euclidean:
        assert needs.why


def test_the_network_refuses_with_the_reason(track: TrackInfo) -> None:
    with pytest.raises(Refused, match="never negative"):
        Siamese(0, track, distance="weighted-l1", loss="contrastive")
    with pytest.raises(Refused, match="cannot learn from triplets"):
        Siamese(0, track, batches="triplets")
    with pytest.raises(Refused, match="below 2"):
        Siamese(0, track, distance="cosine", margin=2.0)


def test_unknown_parts_are_named(track: TrackInfo) -> None:
    with pytest.raises(UnknownName, match="euclidean"):
        Siamese(0, track, distance="euclidian")
    with pytest.raises(UnknownName, match="conv4"):
        Siamese(0, track, backbone="conv5")
    with pytest.raises(OneshotError, match="no loss named 'tripplet'"):
        Siamese(0, track, loss="tripplet")
