"""What a user may say about data of their own, and what reading them gives."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from benchmark.datasets.data_set import DataSet
from benchmark.datasets.own.reading import Reading
from benchmark.datasets.split import FRACTIONS
from benchmark.datasets.square import FITS, Fit
from benchmark.errors import OneshotError, UnknownName

OnBad = Literal["fail", "skip"]
Colour = Literal["auto", "rgb", "grey"]
ImageFamily = Literal["photograph", "character"]
Ink = Literal["auto", "dark", "light"]
PairsOf = Literal["auto", "images", "texts", "vectors"]
TEST_ONLY = (0.0, 0.0, 1.0)
UseParts = Literal["auto", "none"]
LARGEST_SIDE = 1024
MOST_TRIALS = 1_000_000
PARENT = "parent"


@dataclass(frozen=True)
class Options:
    """How data of one's own are read and split.

    Attributes:
        side: height and width in pixels at which images are stored.
        fit: how an image becomes square: padded by its edge, cropped, stretched, or cropped to its
            ink and padded with its paper.
        colour: "auto" stores three channels where any image has colour.
        family: what images show; recipes choose their augmentation by it.
        group: "parent", a regular expression on the path, or a column of a table; None for none.
        label: the column of the classes in a table, None for the usual names.
        on_bad: whether a bad item is left out ("skip") or ends the work ("fail").
        least: classes with fewer items are bad.
        fractions: of the classes for training, validation and test.
            A fraction of 0 leaves that split out; the test's is above 0.
        test_only: all classes are tested, none is learned from.
        parts: "auto" takes folders such as train, val and test for the split, "none" for classes.
        merge_parts: a class in several parts is one class; classes are split anew.
        split_by: a group none of whose values may be in two splits: the name of a group or a
            column, "parent", a regular expression on the path, or the number of a folder level.
        imitations: regular expression of the paths or classes that hold imitations (skilled
            forgeries) of another class; see `benchmark.datasets.own.imitations`.
        trials: of each kind of a verification at most; None for the usual number.
        split: CSV with the columns class,split.
        config: TOML file with splits and tasks.
        workers: threads that decode images; None for one a processor.
        ink: of characters, "dark" on light paper or "light" on dark; "auto" looks. They are stored
            with bright ink.
        of: what the cells of a table of pairs are; "auto" looks.
        items: table of the vectors that a table of pairs names.
        path: the column of the paths or texts in a table, None for the usual names.
        features: columns of a table of vectors, names or shell patterns separated by commas; None
            for all that look like features.
        value_range: values of images of floats or of more than 8 bits that become black and white;
            None for what the images as a whole use.
        root: the folder that the paths of a table are relative to, None for the table's own.
    """

    side: int = 84
    fit: Fit = "pad"
    colour: Colour = "auto"
    family: ImageFamily = "photograph"
    group: str | None = None
    label: str | None = None
    on_bad: OnBad = "fail"
    least: int = 2
    fractions: tuple[float, float, float] = FRACTIONS
    test_only: bool = False
    parts: UseParts = "auto"
    merge_parts: bool = False
    split_by: str | None = None
    imitations: str | None = None
    trials: int | None = None
    split: Path | None = None
    config: Path | None = None
    workers: int | None = None
    ink: Ink = "auto"
    of: PairsOf = "auto"
    items: Path | None = None
    path: str | None = None
    features: str | None = None
    root: Path | None = None
    value_range: tuple[float, float] | None = None

    def check(self) -> None:
        """Refuses values that make no sense.

        Raises:
            OneshotError: with the option and what it may be.
        """
        choices: dict[str, tuple[str, tuple[str, ...]]] = {
            "fit": (self.fit, FITS),
            "colour": (self.colour, get_args(Colour)),
            "family": (self.family, get_args(ImageFamily)),
            "on-bad": (self.on_bad, get_args(OnBad)),
            "ink": (self.ink, get_args(Ink)),
            "of": (self.of, get_args(PairsOf)),
            "parts": (self.parts, get_args(UseParts)),
        }
        for name, (value, known) in choices.items():
            if value not in known:
                hint = f"There are: {', '.join(known)}."
                raise UnknownName(f"choice for --{name}", value, list(known), hint)
        if self.ink != "auto" and self.family != "character":
            raise OneshotError(f"--ink {self.ink} is about characters.", "Add --family character")
        if self.fit == "ink" and self.family != "character":
            raise OneshotError("--fit ink is about characters.", "Add --family character")
        if not 8 <= self.side <= LARGEST_SIDE:
            raise OneshotError(f"--side {self.side} must lie between 8 and {LARGEST_SIDE} pixels.")
        if self.least < 2:
            raise OneshotError(
                f"--least {self.least} must be at least 2: one item to show, one to ask about."
            )
        if self.value_range is not None:
            low, high = self.value_range
            if not (math.isfinite(low) and math.isfinite(high) and low < high):
                raise OneshotError(
                    f"--range {low:g},{high:g} must be two numbers, the first below the second.",
                    "Type for example --range 0,4095",
                )
        if self.workers is not None and self.workers < 1:
            raise OneshotError(f"--workers {self.workers} must be at least 1.")
        self._check_split()
        if self.imitations is not None:
            regular(self.imitations, "imitations", "--imitations _forged")
        if self.trials is not None and not 1 <= self.trials <= MOST_TRIALS:
            raise OneshotError(
                f"--trials {self.trials} must lie between 1 and {MOST_TRIALS:,}.",
                "A TAR at FAR 0.01 needs 3,000, one at FAR 0.001 needs 30,000.",
            )

    def _check_split(self) -> None:
        if min(self.fractions) < 0 or abs(sum(self.fractions) - 1) > 1e-6:
            raise OneshotError(
                f"The fractions {', '.join(f'{f:g}' for f in self.fractions)} must not be negative "
                "and must sum to 1.",
                "Type for example --fractions 0.6,0.2,0.2",
            )
        if self.fractions[2] == 0:
            raise OneshotError(
                "The test's fraction is 0; there would be nothing to test.",
                "Type for example --fractions 0.8,0,0.2, or --test-only to test all classes.",
            )
        stated = {
            "--split": self.split,
            "--split-by": self.split_by,
            "--fractions": self.fractions not in (FRACTIONS, TEST_ONLY),
        }
        for name, other in stated.items():
            if self.test_only and other:
                raise OneshotError(f"--test-only tests all classes; {name} would split them.")
        if self.split and self.split_by:
            raise OneshotError(
                "--split already says which split each class is in.", "Leave out --split-by."
            )


def regular(pattern: str, option: str, example: str) -> re.Pattern[str]:
    """The compiled regular expression of an option.

    Raises:
        OneshotError: if it is not one.
    """
    try:
        return re.compile(pattern)
    except re.error as error:
        raise OneshotError(
            f"--{option} {pattern} is not a valid regular expression ({error}).",
            f"Type for example {example}",
        ) from error


@dataclass(frozen=True)
class Added:
    """What reading gave.

    Attributes:
        data_set: items, classes, groups; group "split" where the classes could be split.
        tasks: further task families by suffix, as the TOML file states them.
        notes: what the user should know, one line each; each bad item is named.
        reading: how the source was interpreted.
        facts: further keys of `benchmark.datasets.description.Own`.
    """

    data_set: DataSet
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    reading: Reading = field(default_factory=Reading)
    facts: dict[str, Any] = field(default_factory=dict)
