"""The verification tasks: are two items of one class?

"TRACK-verification" is the task, "TRACK-verification@validation" its twin.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from benchmark.errors import Refused
from benchmark.tasks import own
from benchmark.tasks.spec import VALIDATION, Selection, Task, Track, TrialKind

VALIDATION_TRIALS = 2_000  # of each kind
SIGNATURES = ("cedar", "bhsig260-bengali", "bhsig260-hindi")  # that can be split by writer
BY_ALPHABET: tuple[Literal["within", "across"], ...] = ("within", "across")


@dataclass(frozen=True)
class VerificationFamily:
    """A verification task; see `Task` for the fields.

    `impostors` are the kinds of different pairs; there are `trials` of each and of genuine ones.
    The twin on the validation split has `VALIDATION_TRIALS` of each, and imitations where the
    track's own data have them. What is not `ranked` asks about data that copies differ in, so that
    nothing is pinned. With `listed`, the trials are that list of labelled pairs, of the twin too
    where it has them on the validation split.
    """

    name: str
    track: str
    trials: int
    impostors: tuple[Literal["within", "across", "random", "skilled"], ...]
    within: str | None = None
    apart: str | None = None
    imitations: str | None = None
    references: int = 1
    folds: int = 1
    version: int = 1
    ranked: bool = True
    imitated_twin: bool = False
    listed: str | None = None
    listed_twin: bool = False


VERIFICATION: tuple[VerificationFamily, ...] = (
    VerificationFamily(
        "glyphs-verification", "glyphs", 5_000, BY_ALPHABET, within="alphabet", apart="drawer"
    ),
    VerificationFamily(
        "omniglot-verification", "omniglot-background", 10_000, BY_ALPHABET, within="alphabet",
        apart="drawer",
    ),
    # Eight people a fold, ten pictures of each: 360 pairs of one person, 2,800 of two.
    VerificationFamily("orl-faces-verification", "orl-faces", 2_000, ("random",), folds=5),
    # 300 pairs of one owner's genuine signatures, 750 of one with an imitation.
    VerificationFamily(
        "nfi-signatures-verification", "omniglot-to-signatures", 1_000, ("random", "skilled"),
        imitations="kind",
    ),
    *(
        VerificationFamily(
            f"{name}-verification", name, 2_000, ("random", "skilled"), imitations="kind",
            imitated_twin=True, ranked=False,
        )
        for name in SIGNATURES
    ),
    # The authors' own pairs: ten folds of 300 and 300 in view 2, 500 and 500 to develop on.
    VerificationFamily(
        "lfw-verification", "lfw", 300, ("random",), folds=10, ranked=False, listed="pairs.txt",
        listed_twin=True,
    ),
    VerificationFamily(
        "lfw-view1-verification", "lfw-view1", 500, ("random",), ranked=False,
        listed="pairsDevTest.txt",
    ),
)  # fmt: skip

RANKED = tuple(family.name for family in VERIFICATION if family.ranked)


def parse(name: str) -> Task | None:
    """The verification task of this name, of the suite or of a user's own data; None without."""
    plain = name.removesuffix(VALIDATION)
    for family in VERIFICATION:
        if family.name == plain:
            return _verification(family, plain != name)
    return own.verification(name)


def validation_pairs(track: Track, of: Callable[[str], Track]) -> tuple[Task, Track]:
    """The trials that calibrate the models of a track, and the track that they are drawn on.

    The validation twin of the track's own verification, or of one on the same validation split.
    Where there is none, pairs of two items of one class and of two classes, drawn the same way by
    a key of the track's name; they are no task that can be run.

    Args:
        track: whose validation split is asked about.
        of: finds a track by its name.

    Raises:
        Refused: the track has no validation split.
    """
    if not track.validation.names and not track.validation.classes:
        raise Refused(f"The track '{track.name}' has no validation split to calibrate on.")
    if track.labelled:
        labelled = own.verification(f"{track.name}{own.ASKED}{VALIDATION}")
        if labelled is not None:
            return labelled, track
    for family in VERIFICATION:
        other = of(family.track)
        if _asked(other) == _asked(track):
            return _verification(family, twin=True), other
    genuine = TrialKind("genuine", VALIDATION_TRIALS)
    found = Task(
        name=f"{track.name}-pairs{VALIDATION}",
        version=1,
        track=track.name,
        split="validation",
        n_way=1,
        n_shot=1,
        n_query=1,
        episodes=2 * VALIDATION_TRIALS,
        protocol="verification",
        kinds=(genuine, TrialKind("random", VALIDATION_TRIALS)),
    )
    return found, track


def _asked(track: Track) -> tuple[str, Selection, bool]:
    return track.data, track.validation, track.turns


def _verification(family: VerificationFamily, twin: bool) -> Task:
    listed = family.listed if family.listed_twin or not twin else None
    each = VALIDATION_TRIALS if twin and listed is None else family.trials
    plain = twin and not family.imitated_twin
    impostors = [kind for kind in family.impostors if not (plain and kind == "skilled")]
    kinds = (TrialKind("genuine", each), *(TrialKind(kind, each) for kind in impostors))
    found = Task(
        name=family.name,
        version=family.version,
        track=family.track,
        split="test",
        n_way=1,
        n_shot=family.references,
        n_query=1,
        episodes=sum(kind.trials for kind in kinds),
        within=family.within,
        apart=family.apart,
        ranked=family.ranked,
        protocol="verification",
        kinds=kinds,
        imitations=None if plain else family.imitations,
        folds=family.folds,
        listed=listed,
    )
    return found.twin(found.episodes) if twin else found
