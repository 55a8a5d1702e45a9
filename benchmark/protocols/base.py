"""What an evaluation protocol is: everything that depends on the kind of question a task asks.

The folder of a protocol holds the same files as the others: `task` (names, families, draw), `score`
(a model's answers), `outcome` (the answers as a record holds them), `metrics` (numbers with
intervals, alone and compared), `columns` (tables) and `chart` (figures). They are imported on use:
none of them is needed to read a task's name.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from benchmark.models.model import resolved

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from benchmark.datasets.data_set import DataSet, Family
    from benchmark.records.part import OutcomeBase
    from benchmark.records.schema import Record
    from benchmark.report.aggregate import GroupsOf, Result, TaskColumn
    from benchmark.report.columns import Column
    from benchmark.report.compare_pairs import Answered
    from benchmark.report.figures.picture import Picture
    from benchmark.report.leaderboard import Section
    from benchmark.tasks.loading import LoadedTask, Questions
    from benchmark.tasks.spec import Task, Track

AnyOutcome = TypeVar("AnyOutcome", bound="OutcomeBase")


@dataclass(frozen=True)
class Metric:
    """A number that a protocol measures.

    Attributes:
        name: as tables show it.
        unit: "%" for shares of 1, "" for other numbers.
        lower_is_better: whether it counts errors.
    """

    name: str
    unit: str = "%"
    lower_is_better: bool = False


class EvaluationProtocol(ABC, Generic[AnyOutcome]):
    """One kind of question.

    Attributes:
        name: of the protocol, as sections of tables are called.
        title: the same as a heading.
        outcome_kind: `kind` of its outcomes in a record.
        question: what one question is called, in the plural.
        episodic: whether its questions are N-way K-shot episodes.
        calibrates: whether confidences are counted at a temperature fitted on validation.
        metrics: what it measures; the first one ranks.
        note: what the number in a table is, "" where the page says it for all tables.
        short_note: the same for a terminal.
        details_note: what the other columns are.
        page_titles: the columns that pages of models and tasks show.
        compare_key: what the numbers of a comparison are.
        compare_heads: its columns behind those of the task, separated by "|".
        pattern: names of its tasks without "@validation", with the group "family".
    """

    name: ClassVar[str]
    title: ClassVar[str]
    outcome_kind: ClassVar[str]
    question: ClassVar[str]
    episodic: ClassVar[bool] = False
    calibrates: ClassVar[bool] = False
    metrics: ClassVar[tuple[Metric, ...]]
    pattern: ClassVar[re.Pattern[str]]
    note: ClassVar[str] = ""
    short_note: ClassVar[str] = ""
    details_note: ClassVar[str] = ""
    page_titles: ClassVar[tuple[str, ...]]
    compare_key: ClassVar[str]
    compare_heads: ClassVar[str]

    @property
    def measure(self) -> str:
        """Name of the metric that ranks."""
        return self.metrics[0].name

    @property
    def lower_is_better(self) -> bool:
        """Whether the metric that ranks counts errors."""
        return self.metrics[0].lower_is_better

    def _file(self, name: str) -> Any:
        """The module of this name in the protocol's folder."""
        return import_module(f"{type(self).__module__}.{name}")

    # Tasks

    def ranked(self) -> tuple[str, ...]:
        """Names of the ranked tasks, in the order of the tables: `RANKED` of its `task`."""
        return tuple(self._file("task").RANKED)

    def parse(self, name: str) -> Task | None:
        """The task of this name, of the suite or of a user's own data; None without.

        Raises:
            OneshotError: the data cannot give such a task.
        """
        found: Task | None = self._file("task").parse(name)
        return found

    def is_of_suite(self, name: str) -> bool:
        """Whether the name, without "@validation", is that of a task on the suite's own data."""
        return name in self.ranked()

    @abstractmethod
    def draw(self, task: Task, track: Track, data: DataSet, classes: list[int]) -> Questions:
        """The task's questions among `classes` of `data`.

        Raises:
            ValueError: the data cannot give them.
        """

    def least_items(self, task: Task) -> int:
        """How many items each class of the task needs; 0 for any number."""
        return 0

    def sizes(self, questions: Any) -> list[int] | None:
        """Sizes of groups or classes that a pin keeps, so that labels need no data."""
        return None

    # Answers

    def refusal(self, model: object, task: Task) -> str | None:
        """Why the model cannot answer the task, or None; most protocols ask for a similarity."""
        from benchmark.evaluation.pairs import refusal

        return refusal(model)

    def least_answers(self, model: object, task: Task, episodes: int | None) -> int:
        """How many answers make a record of the task whole, where `episodes` are requested."""
        return 0

    def validation_episodes(self, model: object) -> int | None:
        """How many questions of a validation twin the model answers; None for all."""
        return None

    def answer(self, model: object, loaded: LoadedTask, **options: Any) -> Any:
        """The model's answers to the task's questions; see `benchmark.evaluation.outcome.ask`."""
        return self._file("score").answer_task(model, loaded, **options)

    def selection_score(
        self, model: object, chooser: LoadedTask, way: str, family: Family, seed: int, device: str
    ) -> float:
        """How good a model is on a validation twin, in [0, 1], higher is better."""
        raise NotImplementedError(f"no training is selected by {self.name}")

    def selection_questions(self, way: str, family: Family) -> int:
        """How many questions (of each kind) of a validation twin `selection_score` asks.

        Args:
            way: in which the model answers episodes, see `way_of`.
            family: of the items.
        """
        raise NotImplementedError(f"no training is selected by {self.name}")

    def probed_pairs(
        self, questions: Any, numbers: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Both sides of the pairs of items that questions compare, where they are no episodes."""
        raise NotImplementedError

    # Records

    @abstractmethod
    def outcome_type(self) -> type[AnyOutcome]:
        """The class of its outcomes."""

    @abstractmethod
    def headline(self, task: str, outcome: AnyOutcome, fold: int | None = None) -> float | None:
        """The number that ranks, in [0, 1]; None where nothing tells the right answers."""

    @abstractmethod
    def decisions(
        self, task: str, outcome: AnyOutcome, fold: int | None = None
    ) -> tuple[NDArray[np.int64], int]:
        """Right answers per question, and out of how many."""

    def faults(self, task: Task, outcome: AnyOutcome) -> Sequence[str]:
        """What an outcome says that no answer to the task can."""
        return ()

    # Tables and figures

    def summarise(
        self, column: TaskColumn, good: list[Record], groups_of: GroupsOf
    ) -> Result | None:
        """The numbers of one recipe's records on a task that ended well; None without any."""
        found: Result | None = self._file("metrics").summarise(column, good, groups_of)
        return found

    def compare(
        self,
        one: Sequence[Record],
        two: Sequence[Record],
        luck: tuple[bool, bool],
        same: bool,
        current: bool,
    ) -> Answered | None:
        """Paired differences of two models; see `benchmark.report.compare_pairs`.

        Raises:
            NotImplementedError: episodes, which `benchmark.report.compare` compares.
        """
        raise NotImplementedError(f"{self.name} are not compared here")

    def columns(self) -> tuple[Column, ...]:
        """The columns of its tables in detail."""
        return tuple(self._file("columns").COLUMNS)

    def sheet(self) -> tuple[Column, ...]:
        """The columns of its CSV file."""
        return tuple(self._file("columns").SHEET)

    @abstractmethod
    def charts(
        self, whole: Section, section: Section, records: list[Record]
    ) -> list[Callable[[], Sequence[Picture | None]]]:
        """Jobs that draw a section; `whole` has all its rows, `section` those that are shown."""

    @abstractmethod
    def describe(self, task: Task) -> str:
        """What one question of the task is, in words."""

    def chance(self, task: Task) -> str:
        """What guessing reaches, in words; "" where that does not follow from the task."""
        return ""

    def facts(self, task: Task) -> list[tuple[str, str]]:
        """Titles and texts of what is particular about the task."""
        return []


class EpisodicProtocol(EvaluationProtocol[AnyOutcome]):
    """A kind of question whose questions are N-way K-shot episodes."""

    episodic = True

    def is_of_suite(self, name: str) -> bool:
        """Whether the family in the name is one of the suite, ranked or not."""
        from benchmark.protocols.few_shot.task import FAMILIES

        match = self._file("task").SHAPE.fullmatch(name)
        return match is not None and any(family.name == match["family"] for family in FAMILIES)

    def least_items(self, task: Task) -> int:
        """Supports and queries of one class."""
        return task.per_class

    def refusal(self, model: object, task: Task) -> str | None:
        """A head that is trained for one shape of episode answers no other."""
        fixed = resolved(model).trained_for
        if fixed is None or tuple(fixed) == (task.n_way, task.n_shot):
            return None
        return f"its head is trained for {fixed[0]}-way {fixed[1]}-shot only"

    def least_answers(self, model: object, task: Task, episodes: int | None) -> int:
        """The episodes that the model is to answer."""
        from benchmark.evaluation.episodes import asked_of

        return asked_of(model, task.episodes, episodes)

    def validation_episodes(self, model: object) -> int | None:
        """As many as the way in which the model answers allows."""
        found: int | None = self._file("score").validation_episodes(model)
        return found

    def selection_questions(self, way: str, family: Family) -> int:
        """Episodes, fewer where each costs a pass through the network."""
        from benchmark.evaluation.model_selection import choosing_episodes

        return choosing_episodes(way, family)
