"""The text files of Labeled Faces in the Wild: pairs of views 1 and 2, and the people in each.

pairs.txt begins with "10<tab>300": ten folds of 300 pairs of one person ("NAME<tab>1<tab>2"), then
300 of two ("NAME<tab>1<tab>OTHER<tab>3"). pairsDevTrain.txt and pairsDevTest.txt have one fold and
begin with its number of pairs. people.txt begins with its number of folds, each of which begins
with its number of people ("NAME<tab>images"); peopleDevTrain.txt and peopleDevTest.txt are one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmark.errors import OneshotError

FOLDS = tuple(str(fold) for fold in range(10))
PAIRS = ("pairs.txt", "pairsDevTrain.txt", "pairsDevTest.txt")
VIEW1 = {"DevTrain": "train", "DevTest": "test"}


@dataclass(frozen=True)
class Pair:
    """Two images, each a person and a number from 1, of a fold of its file."""

    first: tuple[str, int]
    second: tuple[str, int]
    fold: int


@dataclass(frozen=True)
class Lists:
    """What the files say.

    Attributes:
        pairs: by file.
        fold: of each person in view 2, "0" to "9".
        view1: of each person in view 1, "train" or "test".
    """

    pairs: dict[str, list[Pair]]
    fold: dict[str, str]
    view1: dict[str, str]

    @property
    def files(self) -> tuple[str, ...]:
        """The files of pairs that are there."""
        return tuple(name for name in PAIRS if name in self.pairs)

    def people(self) -> set[str]:
        """Everyone whom some file places."""
        return {*self.fold, *self.view1}

    def shown(self) -> Iterator[tuple[str, int]]:
        """Every image that some pair shows, again and again."""
        for pairs in self.pairs.values():
            for pair in pairs:
                yield pair.first
                yield pair.second


def read_lists(files: dict[str, bytes], hint: str) -> Lists:
    """The lists by the names of their files; those of people may lack.

    Raises:
        OneshotError: naming the line that is wrong or the person who is in two folds; if there is
            neither view, or half of view 1.
    """
    pairs = {name: list(_pairs(name, files[name], hint)) for name in PAIRS if name in files}
    dev = [name for name in PAIRS[1:] if name in pairs]
    if not pairs or len(dev) == 1:
        lacking = "pairs.txt" if not pairs else next(n for n in PAIRS[1:] if n not in pairs)
        raise OneshotError(f"There is no {lacking}.", hint)
    fold: dict[str, str] = {}
    view1: dict[str, str] = {}
    if "pairs.txt" in pairs:
        for number, people in enumerate(_people(files, "people.txt", hint)):
            _place(fold, people, str(number), "people.txt")
        for pair in pairs["pairs.txt"]:
            _place(fold, [pair.first[0], pair.second[0]], str(pair.fold), "pairs.txt")
    for ending, part in VIEW1.items() if dev else ():
        for people in _people(files, f"people{ending}.txt", hint):
            _place(view1, people, part, f"people{ending}.txt")
        for pair in pairs[f"pairs{ending}.txt"]:
            _place(view1, [pair.first[0], pair.second[0]], part, f"pairs{ending}.txt")
    return Lists(pairs, fold, view1)


def _place(where: dict[str, str], people: list[str], part: str, file: str) -> None:
    for person in people:
        before = where.setdefault(person, part)
        if before != part:
            raise OneshotError(
                f"{file} puts {person} into '{part}', who is in '{before}' already: people of the "
                "folds must be disjoint."
            )


def _pairs(name: str, content: bytes, hint: str) -> Iterator[Pair]:
    lines = _lines(name, content)
    head = [int(part) for part in lines[0] if part.isdecimal()]
    if len(head) != len(lines[0]) or len(head) != (2 if name == "pairs.txt" else 1):
        raise _wrong(name, 1, hint)
    folds, each = (head[0], head[1]) if len(head) == 2 else (1, head[0])
    if len(lines) != 1 + 2 * folds * each or not 0 < folds <= len(FOLDS):
        raise OneshotError(
            f"{name} has {len(lines) - 1:,} pairs, its first line says {2 * folds * each:,}.", hint
        )
    for number, parts in enumerate(lines[1:], 2):
        fold, place = divmod(number - 2, 2 * each)
        same = place < each
        if len(parts) != (3 if same else 4) or not (parts[1] + parts[-1]).isdecimal():
            raise _wrong(name, number, hint)
        pair = Pair((parts[0], int(parts[1])), (parts[0 if same else 2], int(parts[-1])), fold)
        if pair.first == pair.second or (not same and parts[0] == parts[2]):
            raise _wrong(name, number, hint)
        yield pair


def _people(files: dict[str, bytes], name: str, hint: str) -> Iterator[list[str]]:
    """The people of each fold of a file that may lack."""
    if name not in files:
        return
    lines = _lines(name, files[name])
    at, folds = 0, 1
    if name == "people.txt":
        at, folds = 1, int(lines[0][0]) if lines[0][0].isdecimal() else 0
    for _ in range(folds):
        if at >= len(lines) or len(lines[at]) != 1 or not lines[at][0].isdecimal():
            raise _wrong(name, at + 1, hint)
        count = int(lines[at][0])
        if at + count >= len(lines):
            raise _wrong(name, len(lines), hint)
        yield [parts[0] for parts in lines[at + 1 : at + count + 1]]
        at += count + 1


def _lines(name: str, content: bytes) -> list[list[str]]:
    """The words of each line that has any; names hold no blanks."""
    try:
        lines = [line.split() for line in content.decode("utf-8").splitlines()]
    except UnicodeDecodeError as error:
        raise OneshotError(f"{name} is no text ({error}).") from error
    kept = [line for line in lines if line]
    if not kept:
        raise OneshotError(f"{name} is empty.")
    return kept


def _wrong(name: str, line: int, hint: str) -> OneshotError:
    return OneshotError(f"{name}, line {line}: this is not how LFW writes it.", hint)
