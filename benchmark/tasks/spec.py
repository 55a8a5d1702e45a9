"""What a task is: a frozen statement of the split, the protocol and the version."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from benchmark.datasets.data_set import Family
from benchmark.protocols import SplitSize

Split = Literal["train", "validation", "test"]
VALIDATION = "@validation"


@dataclass(frozen=True)
class Selection:
    """Some classes of a data set.

    Attributes:
        group: the group whose `names` are chosen, such as "alphabet"; a class belongs to it when
            all its items do.
        names: the chosen values of the group.
        classes: further class names, chosen whatever their group.
        without: class names left out whatever their group.
    """

    group: str
    names: tuple[str, ...]
    classes: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class Track:
    """What a model may learn from, how it is chosen, and on what it is tested.

    Attributes:
        name: the track's name.
        data: data set of the training and validation splits.
        train, validation, test: the classes of each split; no class is in two of them.
        chooses: the task whose validation twin decides early stopping and recipes.
        family, channels, side: what the data set's items are, known before it is read; a vector
            counts as an image of one pixel with as many channels as it has numbers.
        turns: whether each class counts once per quarter turn (Vinyals et al. 2016).
        test_data: data set of the test split where it is another one.
        folds: how many ways of splitting it there are; see `benchmark.tasks.tracks.of_fold`.
        fold: which of them this is.
        labelled: whether all that is known of its classes are pairs that somebody labelled: items
            of two classes may then be the same all the same.
        imitations: the group whose value "forged" marks imitations of a class by others; to
            learn from, those are a class of their own.
        listed: the list of labelled pairs that may be learned from, None for all there are.
        aligned: whether there are few images, in all of which the things shown stand at one place
            and in one size, as cropped faces do; recipes then crop hardly anything away.
        size: of the training split, where default recipes follow what is stored; None where they
            are pinned, as on every track with published records.
    """

    name: str
    data: str
    train: Selection
    validation: Selection
    test: Selection
    chooses: str
    family: Family
    channels: int
    side: int
    turns: bool = False
    test_data: str | None = None
    folds: int = 1
    fold: int = 0
    labelled: bool = False
    imitations: str | None = None
    listed: str | None = None
    aligned: bool = False
    size: SplitSize | None = None

    @property
    def data_sets(self) -> tuple[str, ...]:
        """Names of the data sets that it needs."""
        names = (self.data, self.test_data)
        return tuple(dict.fromkeys(name for name in names if name is not None))


@dataclass(frozen=True)
class TrialKind:
    """Verification trials of one kind; a task lays its kinds out one after the other.

    Attributes:
        name: "genuine" (both sides of one class), or what makes the sides differ: "within" (two
            classes of one group), "across" (classes of two groups), "random" (two classes of the
            split, whatever their groups), "skilled" (an imitation of the class's own items),
            "labelled" (somebody said that they differ).
        trials: how many there are.
    """

    name: Literal["genuine", "within", "across", "random", "skilled", "labelled"]
    trials: int

    @property
    def same(self) -> bool:
        """Whether the right answer is "same"."""
        return self.name == "genuine"


@dataclass(frozen=True)
class Task:
    """What is asked on one split of one track: episodes, verification trials or queries.

    An *episode* in the names below is one question: an N-way K-shot episode, one verification
    trial, or one query of a retrieval.

    Attributes:
        name: such as "omniglot-within-20w1s"; the validation twin ends in "@validation".
        version: raised with any change of data, split or draw; versions never share a table.
        track: name of the track.
        split: "test" or "validation".
        n_way, n_shot: classes and support items a class of each episode.
        n_query: queries a class; their mean where `dirichlet` makes the classes uneven.
        episodes: number of pinned episodes.
        within: the group each episode stays inside, such as "alphabet", or None.
        apart: the group no value of which has both support and queries in an episode, such as
            "drawer", or None.
        runs: "lake" for the 20 official runs of Lake et al. (2015), else None for drawn episodes.
        ranked: whether the task has a place in the tables; any NwKs can be run.
        draws: the task whose draw this one repeats, so that models of several tracks answer the
            same questions; None for a draw of its own.
        dirichlet: the concentration of the Dirichlet distribution that an episode's proportions
            of queries come from (Veilleux et al. 2021); None for as many of each class.
        most: queries that one class can have at most where they are uneven.
        protocol: what kind of question it asks.
        kinds: the kinds of its trials, for a verification.
        imitations: the group whose value "forged" marks imitations of a class by others, or None.
        folds: on how many folds of its track it is asked, a training and a record each.
        fold: which of them this is; None for a task that is asked once.
        listed: the list of labelled pairs that its trials are, all that lie inside the split; None
            for drawn ones.
        of_folds: how many trials of each kind each fold has, where these differ.
        distinct: whether no pair of items is drawn twice, as for a user's own data.
    """

    name: str
    version: int
    track: str
    split: Split
    n_way: int
    n_shot: int
    n_query: int
    episodes: int
    within: str | None = None
    apart: str | None = None
    runs: Literal["lake"] | None = None
    ranked: bool = False
    draws: str | None = None
    dirichlet: int | None = None
    most: int = 0
    protocol: str = "episodes"
    kinds: tuple[TrialKind, ...] = ()
    imitations: str | None = None
    folds: int = 1
    fold: int | None = None
    listed: str | None = None
    distinct: bool = False
    of_folds: tuple[tuple[int, ...], ...] = ()

    @property
    def per_class(self) -> int:
        """Items of each class that an episode draws, used or not."""
        return self.n_shot + (self.n_query if self.dirichlet is None else self.most)

    @property
    def queries(self) -> int:
        """Queries in one episode."""
        return self.n_way * self.n_query

    @property
    def width(self) -> int:
        """Random words that one drawn episode takes; `episodes.draw` says for what."""
        items = self.per_class if self.apart else self.per_class * self.n_way
        proportions = 0 if self.dirichlet is None else self.queries
        return 1 + 2 * self.n_way + 2 * items + proportions + self.queries

    @property
    def drawn(self) -> Task:
        """The task that its questions are drawn as: itself, where they are all of its draw."""
        return self

    @property
    def key(self) -> str:
        """What the random draw is keyed by."""
        return f"oneshot-benchmark/{self.draws or self.name}/v{self.version}{self._of_fold}"

    @property
    def pin(self) -> str:
        """The name under which its digests are kept."""
        return self.name + self._of_fold

    @property
    def _of_fold(self) -> str:
        return "" if self.fold is None else f"/fold-{self.fold}"

    def on(self, track: Track) -> Task:
        """The task as this fold of its track asks it."""
        if self.folds == 1 and track.fold == 0:
            return self
        if not self.of_folds:
            return replace(self, fold=track.fold)
        ahead = int(self.split == "validation")  # the next fold validates
        trials = self.of_folds[(track.fold + ahead) % track.folds]
        kinds = tuple(replace(k, trials=n) for k, n in zip(self.kinds, trials, strict=True))
        return replace(self, fold=track.fold, kinds=kinds, episodes=sum(trials))

    def twin(self, episodes: int, classes: int | None = None) -> Task:
        """The same protocol on the validation split, drawn even where the test is a fixed list.

        A validation split of fewer `classes` than `n_way` is asked as wide as it is.
        """
        return replace(
            self,
            n_way=min(self.n_way, classes or self.n_way),
            name=self.name + VALIDATION,
            split="validation",
            episodes=episodes,
            runs=None,
            draws=None,
        )
