"""The 20 official one-shot runs of Omniglot (Lake et al. 2015), as literals.

Upstream publishes them as images; every image is one drawing of the evaluation set, so names do.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LakeRun:
    """One run: 20 characters of one alphabet, each drawn once for training and once for the test.

    Attributes:
        number: 1..20, as in upstream's `run01` to `run20`.
        alphabet: name of the evaluation alphabet.
        training_drawer: who drew all training images, 1..20.
        test_drawer: who drew all test images, 1..20; another person.
        characters: character numbers (as in "characterNN") of `class01` to `class20`.
        answers: for `item01` to `item20` the position in `characters`, 0..19, of its class, as
            `class_labels.txt` states it. Every class is the answer once.
    """

    number: int
    alphabet: str
    training_drawer: int
    test_drawer: int
    characters: tuple[int, ...]
    answers: tuple[int, ...]


LAKE_RUNS: tuple[LakeRun, ...] = (
    LakeRun(
        number=1,
        alphabet="Atlantean",
        training_drawer=5,
        test_drawer=8,
        characters=(1, 2, 3, 4, 5, 7, 8, 9, 10, 13, 14, 16, 19, 20, 21, 22, 23, 24, 25, 26),
        answers=(7, 8, 1, 18, 9, 17, 12, 0, 3, 10, 16, 2, 19, 6, 11, 4, 5, 14, 13, 15),
    ),
    LakeRun(
        number=2,
        alphabet="Atlantean",
        training_drawer=3,
        test_drawer=2,
        characters=(1, 2, 3, 4, 5, 7, 8, 9, 10, 13, 14, 16, 19, 20, 21, 22, 23, 24, 25, 26),
        answers=(19, 2, 4, 14, 3, 5, 16, 1, 6, 8, 10, 7, 12, 17, 15, 18, 0, 9, 11, 13),
    ),
    LakeRun(
        number=3,
        alphabet="Ge_ez",
        training_drawer=3,
        test_drawer=7,
        characters=(1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 14, 15, 16, 17, 18, 20, 21, 23, 24, 25),
        answers=(11, 7, 19, 1, 0, 16, 4, 9, 13, 14, 12, 18, 8, 2, 6, 15, 5, 17, 3, 10),
    ),
    LakeRun(
        number=4,
        alphabet="Ge_ez",
        training_drawer=4,
        test_drawer=2,
        characters=(1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 14, 15, 16, 17, 18, 20, 21, 23, 24, 25),
        answers=(14, 3, 0, 12, 6, 8, 10, 13, 4, 18, 2, 17, 15, 5, 19, 16, 1, 7, 11, 9),
    ),
    LakeRun(
        number=5,
        alphabet="Glagolitic",
        training_drawer=6,
        test_drawer=4,
        characters=(1, 2, 3, 5, 6, 7, 14, 17, 18, 19, 20, 21, 26, 28, 31, 34, 36, 37, 40, 43),
        answers=(7, 4, 6, 18, 13, 15, 9, 10, 8, 19, 2, 0, 11, 14, 1, 5, 12, 17, 16, 3),
    ),
    LakeRun(
        number=6,
        alphabet="Glagolitic",
        training_drawer=3,
        test_drawer=2,
        characters=(1, 2, 3, 5, 6, 7, 14, 17, 18, 19, 20, 21, 26, 28, 31, 34, 36, 37, 40, 43),
        answers=(19, 17, 18, 5, 16, 3, 4, 8, 14, 1, 12, 10, 0, 9, 7, 11, 13, 2, 6, 15),
    ),
    LakeRun(
        number=7,
        alphabet="Gurmukhi",
        training_drawer=5,
        test_drawer=2,
        characters=(3, 6, 7, 8, 9, 13, 14, 15, 16, 17, 31, 22, 25, 26, 29, 32, 33, 38, 43, 44),
        answers=(11, 9, 8, 2, 16, 0, 1, 15, 19, 12, 13, 4, 17, 10, 18, 3, 5, 14, 6, 7),
    ),
    LakeRun(
        number=8,
        alphabet="Gurmukhi",
        training_drawer=8,
        test_drawer=3,
        characters=(3, 6, 7, 8, 9, 13, 14, 15, 16, 17, 31, 22, 25, 26, 29, 32, 33, 38, 43, 44),
        answers=(15, 4, 1, 19, 6, 3, 18, 16, 0, 9, 11, 17, 14, 7, 2, 12, 8, 13, 10, 5),
    ),
    LakeRun(
        number=9,
        alphabet="Kannada",
        training_drawer=2,
        test_drawer=1,
        characters=(1, 3, 5, 8, 11, 12, 13, 14, 19, 20, 21, 23, 25, 26, 27, 28, 33, 35, 40, 41),
        answers=(17, 9, 12, 8, 3, 5, 1, 14, 13, 7, 16, 4, 10, 6, 0, 15, 18, 2, 11, 19),
    ),
    LakeRun(
        number=10,
        alphabet="Kannada",
        training_drawer=8,
        test_drawer=3,
        characters=(1, 3, 5, 8, 11, 12, 13, 14, 19, 20, 21, 23, 25, 26, 27, 28, 33, 35, 40, 41),
        answers=(19, 11, 12, 13, 18, 3, 16, 4, 9, 5, 17, 15, 0, 10, 2, 14, 6, 8, 7, 1),
    ),
    LakeRun(
        number=11,
        alphabet="Malayalam",
        training_drawer=3,
        test_drawer=7,
        characters=(2, 4, 5, 9, 13, 14, 15, 16, 17, 19, 20, 21, 22, 25, 27, 29, 30, 37, 43, 46),
        answers=(8, 15, 13, 16, 12, 1, 18, 4, 10, 3, 14, 5, 19, 0, 9, 6, 17, 2, 7, 11),
    ),
    LakeRun(
        number=12,
        alphabet="Malayalam",
        training_drawer=4,
        test_drawer=2,
        characters=(2, 4, 5, 9, 13, 14, 15, 16, 17, 19, 20, 21, 22, 25, 27, 29, 30, 37, 43, 46),
        answers=(14, 4, 15, 19, 2, 17, 13, 11, 1, 5, 6, 3, 7, 0, 10, 18, 16, 8, 12, 9),
    ),
    LakeRun(
        number=13,
        alphabet="Manipuri",
        training_drawer=8,
        test_drawer=4,
        characters=(3, 4, 6, 8, 9, 11, 12, 13, 15, 17, 19, 21, 22, 25, 29, 33, 35, 36, 37, 39),
        answers=(2, 12, 5, 8, 10, 11, 7, 9, 14, 4, 19, 6, 17, 18, 15, 0, 3, 1, 13, 16),
    ),
    LakeRun(
        number=14,
        alphabet="Manipuri",
        training_drawer=7,
        test_drawer=3,
        characters=(3, 4, 6, 8, 9, 11, 12, 13, 15, 17, 19, 21, 22, 25, 29, 33, 35, 36, 37, 39),
        answers=(17, 11, 12, 0, 13, 14, 9, 5, 4, 8, 1, 6, 16, 15, 7, 19, 2, 3, 18, 10),
    ),
    LakeRun(
        number=15,
        alphabet="Old_Church_Slavonic_(Cyrillic)",
        training_drawer=4,
        test_drawer=8,
        characters=(2, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 23, 24, 25, 30, 33, 41, 44, 45),
        answers=(18, 11, 1, 10, 8, 14, 13, 15, 9, 16, 7, 17, 0, 6, 19, 5, 2, 3, 12, 4),
    ),
    LakeRun(
        number=16,
        alphabet="Old_Church_Slavonic_(Cyrillic)",
        training_drawer=1,
        test_drawer=2,
        characters=(2, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 23, 24, 25, 30, 33, 41, 44, 45),
        answers=(4, 19, 9, 5, 14, 7, 2, 15, 3, 16, 11, 0, 6, 12, 17, 18, 1, 8, 10, 13),
    ),
    LakeRun(
        number=17,
        alphabet="Tengwar",
        training_drawer=1,
        test_drawer=4,
        characters=(1, 2, 4, 5, 7, 8, 9, 10, 11, 12, 13, 16, 18, 19, 20, 21, 22, 23, 24, 25),
        answers=(2, 11, 18, 5, 0, 15, 6, 19, 17, 4, 1, 9, 3, 14, 16, 8, 13, 12, 7, 10),
    ),
    LakeRun(
        number=18,
        alphabet="Tengwar",
        training_drawer=8,
        test_drawer=7,
        characters=(1, 2, 4, 5, 7, 8, 9, 10, 11, 12, 13, 16, 18, 19, 20, 21, 22, 23, 24, 25),
        answers=(5, 17, 3, 15, 1, 8, 11, 7, 2, 14, 16, 9, 13, 4, 10, 18, 19, 0, 6, 12),
    ),
    LakeRun(
        number=19,
        alphabet="Tibetan",
        training_drawer=1,
        test_drawer=3,
        characters=(1, 2, 3, 5, 6, 7, 8, 9, 11, 13, 14, 15, 21, 22, 24, 33, 35, 36, 38, 41),
        answers=(11, 12, 2, 1, 6, 19, 9, 8, 15, 5, 14, 0, 13, 17, 16, 10, 3, 18, 7, 4),
    ),
    LakeRun(
        number=20,
        alphabet="Tibetan",
        training_drawer=8,
        test_drawer=5,
        characters=(1, 2, 3, 5, 6, 7, 8, 9, 11, 13, 14, 15, 21, 22, 24, 33, 35, 36, 38, 41),
        answers=(15, 3, 16, 17, 8, 9, 5, 2, 11, 10, 1, 6, 0, 14, 7, 4, 18, 13, 12, 19),
    ),
)
