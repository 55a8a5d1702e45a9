"""Every track, as literals: who may learn from what, and what decides and tests.

The Omniglot alphabets are those of Lake et al. (2015); the Vinyals split is the list that Snell et
al. (2017) published, which is by alphabet but for four characters of Gurmukhi.
"""

from __future__ import annotations

from dataclasses import replace

from benchmark.datasets.data_set import DataSet
from benchmark.datasets.glyphs import SPLIT as GLYPHS_SPLIT
from benchmark.errors import OneshotError, UnknownName
from benchmark.protocols import SplitSize
from benchmark.protocols.verification.task import SIGNATURES
from benchmark.tasks import own
from benchmark.tasks.spec import Selection, Track

BACKGROUND = (
    "Alphabet_of_the_Magi", "Anglo-Saxon_Futhorc", "Arcadian", "Armenian",
    "Asomtavruli_(Georgian)", "Balinese", "Bengali", "Blackfoot_(Canadian_Aboriginal_Syllabics)",
    "Braille", "Burmese_(Myanmar)", "Cyrillic", "Early_Aramaic", "Futurama", "Grantha", "Greek",
    "Gujarati", "Hebrew", "Inuktitut_(Canadian_Aboriginal_Syllabics)", "Japanese_(hiragana)",
    "Japanese_(katakana)", "Korean", "Latin", "Malay_(Jawi_-_Arabic)", "Mkhedruli_(Georgian)",
    "N_Ko", "Ojibwe_(Canadian_Aboriginal_Syllabics)", "Sanskrit", "Syriac_(Estrangelo)", "Tagalog",
    "Tifinagh",
)  # fmt: skip
EVALUATION = (
    "Angelic", "Atemayar_Qelisayer", "Atlantean", "Aurek-Besh", "Avesta", "Ge_ez", "Glagolitic",
    "Gurmukhi", "Kannada", "Keble", "Malayalam", "Manipuri", "Mongolian",
    "Old_Church_Slavonic_(Cyrillic)", "Oriya", "Sylheti", "Syriac_(Serto)", "Tengwar", "Tibetan",
    "ULOG",
)  # fmt: skip
# Every sixth background alphabet from the fourth on: a rule rather than a choice. All have the 20
# characters that 20-way episodes inside an alphabet need.
BACKGROUND_VALIDATION = BACKGROUND[3::6]
MINIMAL = {
    1: ("Balinese", "Early_Aramaic", "Greek", "Korean", "Latin"),
    2: ("Greek", "Japanese_(katakana)", "Latin", "Sanskrit", "Tagalog"),
}
# One fold of leave-one-alphabet-out, the only alphabet that both sets share beside Greek.
MINIMAL_VALIDATION = ("Latin",)
VINYALS_VALIDATION = (
    "Hebrew", "Mkhedruli_(Georgian)", "Armenian", "Early_Aramaic", "Bengali",
)  # fmt: skip
VINYALS_TEST = (
    "Kannada", "Keble", "Malayalam", "Manipuri", "Mongolian", "Old_Church_Slavonic_(Cyrillic)",
    "Oriya", "Sylheti", "Syriac_(Serto)", "Tengwar", "Tibetan", "ULOG",
)  # fmt: skip
VINYALS_CUT = tuple(f"Gurmukhi/character{number}" for number in (42, 43, 44, 45))

# Whose signatures the Netherlands Forensic Institute's sample holds.
OWNERS = tuple(f"{number:03d}" for number in range(1, 31))
# What a whole copy of each set has to learn from: of three in five writers the genuine signatures
# and the forged ones, a class each. No records are published on these tracks: recipes follow it.
SIGNERS = {
    "cedar": SplitSize(classes=2 * 33, items=33 * 48, per_class=24),
    "bhsig260-bengali": SplitSize(classes=2 * 60, items=60 * 54, per_class=24),
    "bhsig260-hindi": SplitSize(classes=2 * 96, items=96 * 54, per_class=24),
}


def alphabets(names: tuple[str, ...], but: tuple[str, ...] = ()) -> Selection:
    """The classes of these alphabets, without those of `but`."""
    return Selection("alphabet", tuple(name for name in names if name not in but))


def part(name: str) -> Selection:
    """The classes that the data set itself puts into this split."""
    return Selection("split", (name,))


def folds(*names: str) -> Selection:
    """The classes that the data set puts into these folds."""
    return Selection("fold", names)


GLYPHS = Track(
    "glyphs", "glyphs", alphabets(GLYPHS_SPLIT["train"]), alphabets(GLYPHS_SPLIT["validation"]),
    alphabets(GLYPHS_SPLIT["test"]),
    "glyphs-20w1s", "character", 1, 105,
)  # fmt: skip

TRACKS: tuple[Track, ...] = (
    GLYPHS,
    Track(
        "omniglot-background", "omniglot",
        alphabets(BACKGROUND, but=BACKGROUND_VALIDATION), alphabets(BACKGROUND_VALIDATION),
        alphabets(EVALUATION), "omniglot-within-20w1s", "character", 1, 105,
    ),
    *(
        Track(
            f"omniglot-minimal{i}", "omniglot",
            alphabets(MINIMAL[i], but=MINIMAL_VALIDATION), alphabets(MINIMAL_VALIDATION),
            alphabets(EVALUATION), f"omniglot-minimal{i}-within-20w1s", "character", 1, 105,
        )
        for i in (1, 2)
    ),
    Track(
        "omniglot-vinyals", "omniglot",
        Selection(
            "alphabet",
            tuple(
                name
                for name in BACKGROUND + EVALUATION
                if name not in VINYALS_TEST + VINYALS_VALIDATION
            ),
            without=VINYALS_CUT,
        ),
        alphabets(VINYALS_VALIDATION),
        Selection("alphabet", VINYALS_TEST, classes=VINYALS_CUT),
        "omniglot-vinyals-20w1s", "character", 1, 105, turns=True,
    ),
    Track(
        "glyphs-to-omniglot", "glyphs", GLYPHS.train, GLYPHS.validation, alphabets(EVALUATION),
        "glyphs-to-omniglot-within-20w1s", "character", 1, 105, test_data="omniglot",
    ),
    *(
        Track(
            name, name, part("train"), part("validation"), part("test"),
            f"{name}-5w1s", "photograph", 3, 84,
        )
        for name in ("mini-imagenet", "mini-imagenet-pickles")
    ),
    # Fold 0 of five by person: the next fold validates, the others train.
    Track(
        "orl-faces", "orl-faces", folds("2", "3", "4"), folds("1"), folds("0"),
        "orl-faces-5w1s", "photograph", 1, 112, folds=5, aligned=True,
    ),
    # Labeled Faces in the Wild: view 2 is ten folds by person, view 1 is to develop on.
    Track(
        "lfw", "lfw", folds(*"23456789"), folds("1"), folds("0"),
        "lfw-verification", "photograph", 3, 125, folds=10, listed="pairs.txt",
    ),
    Track(
        "lfw-view1", "lfw", Selection("view1", ("train",)), Selection("view1", ("validation",)),
        Selection("view1", ("test",)), "lfw-view1-verification", "photograph", 3, 125,
        listed="pairsDevTrain.txt",
    ),
    # Signatures cannot be split by writer: networks that learned characters are asked about them.
    Track(
        "omniglot-to-signatures", "omniglot",
        alphabets(BACKGROUND, but=BACKGROUND_VALIDATION), alphabets(BACKGROUND_VALIDATION),
        Selection("kind", (), classes=OWNERS), "omniglot-within-20w1s", "character", 1, 105,
        test_data="nfi-signatures",
    ),
    *(
        Track(
            name, name, part("train"), part("validation"), part("test"), f"{name}-verification",
            "character", 1, 256, imitations="kind", size=SIGNERS[name],
        )
        for name in SIGNATURES
    ),
    Track(
        "languages", "languages", part("train"), part("validation"), part("test"),
        "languages-20w1s", "text", 1, 32,
    ),
    Track(
        "digits", "digits", part("train"), part("validation"), part("test"),
        "digits-5w1s", "vector", 64, 1,
    ),
)  # fmt: skip


def track(name: str) -> Track:
    """The track of this name: one of the suite's, or that of a data set of the user's own.

    Raises:
        UnknownName: if there is none.
    """
    for candidate in (*TRACKS, own.track(name)):
        if candidate is not None and candidate.name == name:
            return candidate
    raise UnknownName("track", name, [candidate.name for candidate in TRACKS])


def of_fold(track: Track, fold: int) -> Track:
    """The track with another of its folds as the test; the next one validates, the others train.

    Raises:
        OneshotError: the track has no such fold.
    """
    if not 0 <= fold < track.folds:
        raise OneshotError(
            f"Track {track.name} has no fold {fold}.", f"Choose 0 to {track.folds - 1}."
        )
    if track.folds == 1:
        return track
    names = [str((fold + step) % track.folds) for step in range(track.folds)]
    return replace(
        track, fold=fold, test=folds(names[0]), validation=folds(names[1]),
        train=folds(*sorted(names[2:])),
    )  # fmt: skip


def classes_of(data: DataSet, selection: Selection) -> list[int]:
    """Numbers of the selected classes, ascending.

    Raises:
        ValueError: if a named group value or class is not in the data set.
    """
    group = data.groups[selection.group]
    known = {name: code for code, name in enumerate(group.names)}
    number = {name: c for c, name in enumerate(data.class_names)}
    absent = [name for name in selection.names if name not in known]
    absent += [name for name in (*selection.classes, *selection.without) if name not in number]
    if absent:
        raise ValueError(f"data set {data.name} has no {', '.join(absent)}")
    wanted = {known[name] for name in selection.names}
    chosen = {c for c, code in enumerate(data.class_groups(selection.group)) if code in wanted}
    chosen |= {number[name] for name in selection.classes}
    chosen -= {number[name] for name in selection.without}
    return sorted(chosen)
