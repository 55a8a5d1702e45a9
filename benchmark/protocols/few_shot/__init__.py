"""Few-shot classification: N classes shown by K items each; to which does each query belong?"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from benchmark.protocols.base import EpisodicProtocol, Metric

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from benchmark.datasets.data_set import DataSet, Family
    from benchmark.protocols.few_shot.outcome import Counts
    from benchmark.records.schema import Record
    from benchmark.report.figures.picture import Picture
    from benchmark.report.leaderboard import Section
    from benchmark.tasks.loading import LoadedTask, Questions
    from benchmark.tasks.spec import Task, Track


class FewShot(EpisodicProtocol["Counts"]):
    """Accuracy over episodes."""

    name = "episodes"
    title = "One-shot learning"
    outcome_kind = "counts"
    question = "episodes"
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

    def draw(self, task: Task, track: Track, data: DataSet, classes: list[int]) -> Questions:
        from benchmark.tasks.loading import copies, without_imitations

        if task.runs == "lake":
            from benchmark.tasks.lake import lake_episodes

            return lake_episodes(data)
        from benchmark.tasks.episodes import draw

        return draw(task, data, classes, without_imitations(track, data, copies(track, data)))

    def selection_score(
        self, model: object, chooser: LoadedTask, way: str, family: Family, seed: int, device: str
    ) -> float:
        from benchmark.protocols.few_shot.score import selection_score

        return selection_score(model, chooser, way, family, seed, device)

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
