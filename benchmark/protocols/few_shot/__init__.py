"""Few-shot classification: N classes shown by K items each; to which does each query belong?"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from benchmark.models.model import resolved
from benchmark.protocols.base import EvaluationProtocol, Metric

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from benchmark.datasets.data_set import DataSet, Family
    from benchmark.protocols.few_shot.outcome import Counts
    from benchmark.records.schema import Record
    from benchmark.report.aggregate import GroupsOf, Result, TaskColumn
    from benchmark.report.columns import Column
    from benchmark.report.compare_pairs import Answered
    from benchmark.report.figures.picture import Picture
    from benchmark.report.leaderboard import Section
    from benchmark.tasks.loading import LoadedTask, Questions
    from benchmark.tasks.spec import Task, Track


class FewShot(EvaluationProtocol["Counts"]):
    """Accuracy over episodes."""

    name = "episodes"
    title = "One-shot learning"
    outcome_kind = "counts"
    question = "episodes"
    episodic = True
    calibrates = True
    metrics = (Metric("accuracy"),)
    pattern = re.compile(
        r"(?P<family>.+?)-(?P<way>[0-9]{1,6})w(?P<shot>[0-9]{1,6})s(?P<uneven>-dirichlet)?"
    )

    page_titles = ("These images", "New classes", "Validation", "Seeds")
    compare_key = (
        "Percent and percentage points; ± is half of a 95 % interval of A - B, in pairs: images, "
        "over episodes and training seeds; classes, over groups of classes (alphabets) and seeds. "
        "p: of no difference on new classes; Holm: adjusted for all tests shown. W/T/L: A wins, "
        "ties, loses. "
        "Detects: the true difference found 4 times in 5."
    )
    compare_heads = "A|B|A - B|images|classes|p|Holm|episodes|groups|detects"

    def ranked(self) -> tuple[str, ...]:
        from benchmark.protocols.few_shot.task import RANKED

        return RANKED

    def parse(self, name: str) -> Task | None:
        from benchmark.protocols.few_shot.task import parse

        return parse(name)

    def is_of_suite(self, name: str) -> bool:
        from benchmark.protocols.few_shot.task import FAMILIES, SHAPE

        match = SHAPE.fullmatch(name)
        return match is not None and any(family.name == match["family"] for family in FAMILIES)

    def draw(self, task: Task, track: Track, data: DataSet, classes: list[int]) -> Questions:
        from benchmark.tasks.loading import copies, without_imitations

        if task.runs == "lake":
            from benchmark.tasks.lake import lake_episodes

            return lake_episodes(data)
        from benchmark.tasks.episodes import draw

        return draw(task, data, classes, without_imitations(track, data, copies(track, data)))

    def least_items(self, task: Task) -> int:
        return task.per_class

    def refusal(self, model: object, task: Task) -> str | None:
        fixed = resolved(model).trained_for
        if fixed is None or tuple(fixed) == (task.n_way, task.n_shot):
            return None
        return f"its head is trained for {fixed[0]}-way {fixed[1]}-shot only"

    def least_answers(self, model: object, task: Task, episodes: int | None) -> int:
        from benchmark.evaluation.episodes import asked_of

        return asked_of(model, task.episodes, episodes)

    def validation_episodes(self, model: object) -> int | None:
        from benchmark.protocols.few_shot.score import validation_episodes

        return validation_episodes(model)

    def answer(self, model: object, loaded: LoadedTask, **options: Any) -> Any:
        from benchmark.protocols.few_shot.score import answer_task

        return answer_task(model, loaded, **options)

    def selection_score(
        self, model: object, chooser: LoadedTask, way: str, family: Family, seed: int, device: str
    ) -> float:
        from benchmark.protocols.few_shot.score import selection_score

        return selection_score(model, chooser, way, family, seed, device)

    def selection_questions(self, way: str, family: Family) -> int:
        from benchmark.evaluation.model_selection import choosing_episodes

        return choosing_episodes(way, family)

    def outcome_type(self) -> type[Counts]:
        from benchmark.protocols.few_shot.outcome import Counts

        return Counts

    def headline(self, task: str, outcome: Counts, fold: int | None = None) -> float | None:
        return sum(outcome.correct) / (outcome.of * len(outcome.correct))

    def decisions(
        self, task: str, outcome: Counts, fold: int | None = None
    ) -> tuple[NDArray[np.int64], int]:
        import numpy as np

        return np.asarray(outcome.correct, dtype=np.int64), outcome.of

    def faults(self, task: Task, outcome: Counts) -> Sequence[str]:
        if outcome.of == task.queries:
            return ()
        return (f"{task.name} asks {task.queries} queries an episode, not {outcome.of}",)

    def summarise(
        self, column: TaskColumn, good: list[Record], groups_of: GroupsOf
    ) -> Result | None:
        from benchmark.protocols.few_shot.metrics import summarise

        return summarise(column, good, groups_of)

    def compare(
        self,
        one: Sequence[Record],
        two: Sequence[Record],
        luck: tuple[bool, bool],
        same: bool,
        current: bool,
    ) -> Answered | None:
        raise NotImplementedError("episodes are compared by benchmark.report.compare")

    def columns(self) -> tuple[Column, ...]:
        from benchmark.protocols.few_shot.columns import COLUMNS

        return COLUMNS

    def sheet(self) -> tuple[Column, ...]:
        from benchmark.protocols.few_shot.columns import SHEET

        return SHEET

    def charts(
        self, whole: Section, section: Section, records: list[Record]
    ) -> list[Callable[[], Sequence[Picture | None]]]:
        from benchmark.protocols.few_shot.chart import draw

        return [lambda: [draw(section)]]

    def describe(self, task: Task) -> str:
        if task.runs == "lake":
            return (
                "The 20 official runs of Lake et al. (2015): 20 characters of one alphabet drawn "
                "by one person, and 20 more by another; which is which?"
            )
        shots = "item" if task.n_shot == 1 else "items"
        uneven = task.dirichlet is not None
        queries = f"{task.queries} queries, unevenly many of each class" if uneven else (
            f"{task.n_query} queries of each"
        )  # fmt: skip
        return (
            f"{task.n_way} classes are shown by {task.n_shot} {shots} each; to which of them "
            f"belong {queries}?"
        )

    def chance(self, task: Task) -> str:
        return f"{100 / task.n_way:.1f} %"

    def facts(self, task: Task) -> list[tuple[str, str]]:
        concentration = f"{task.dirichlet} (Dirichlet)" if task.dirichlet else ""
        return [("Concentration", concentration)]
