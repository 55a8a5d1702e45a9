"""Open-set identification: which of N classes is a query of, if of any?"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from benchmark.protocols.base import EpisodicProtocol, Metric

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from benchmark.datasets.data_set import DataSet, Family
    from benchmark.protocols.identification.outcome import Identified
    from benchmark.records.schema import Record
    from benchmark.report.compare_pairs import Answered
    from benchmark.report.figures.picture import Picture
    from benchmark.report.leaderboard import Section
    from benchmark.tasks.loading import LoadedTask, Questions
    from benchmark.tasks.spec import Task, Track


class IdentificationProtocol(EpisodicProtocol["Identified"]):
    """Few-shot episodes with queries of unknown classes."""

    name = "identification"
    title = "Open-set identification"
    outcome_kind = "identified"
    question = "episodes"
    metrics = (
        Metric("AUROC"),
        Metric("Accuracy (known)"),
        Metric("TPIR at FPIR 1 %"),
        Metric("TPIR at FPIR 10 %"),
    )
    pattern = re.compile(
        r"(?P<family>.+?)-(?P<way>[0-9]{1,6})w(?P<shot>[0-9]{1,6})s-open"
    )  # fmt: skip
    note = (
        "AUROC of queries of known against queries of unknown classes in percent, by the highest "
        "similarity unless the model rejects by itself. ± half of the 95 % interval over episodes "
        "and, with two or more seeds, training; intervals over new classes are in the details."
    )
    short_note = "AUROC of known against unknown queries; ± over episodes and training seeds."
    details_note = (
        "Identification: some queries belong to none of an episode's classes. Accuracy (known): "
        "best class of the others, accepted or not. TPIR at FPIR 1 % and 10 %: the share of known "
        "queries that are accepted with the right class, at the threshold that accepts at most "
        "that share of the unknown ones over all episodes (ISO/IEC 19795-1; Grother and Ngan 2014, "
        "NIST IR 8009); empty with fewer than 30 / FPIR unknown queries. New classes: 95 % "
        "interval with the group of classes or the class as the unit, their number in brackets."
    )
    page_titles = (
        "AUROC",
        "AUROC, new classes",
        "Accuracy (known)",
        "TPIR at FPIR 1 %",
        "TPIR at FPIR 10 %",
    )
    compare_key = (
        "Identification: AUROC of known against unknown queries, accuracy on the known, and rates "
        "of identification, each at its model's own threshold; images ± is over episodes, "
        "classes ± over groups of classes or classes, both with training seeds."
    )
    compare_heads = "A|B|A - B|images|classes|p|Holm|episodes|groups|detects"

    def draw(self, task: Task, track: Track, data: DataSet, classes: list[int]) -> Questions:
        from benchmark.protocols.identification.task import IdentificationTask, draw_open
        from benchmark.tasks.loading import copies, without_imitations

        assert isinstance(task, IdentificationTask)
        left_out = without_imitations(track, data, copies(track, data))
        return draw_open(task, data, classes, left_out)

    def selection_score(
        self, model: Any, chooser: LoadedTask, way: str, family: Family, seed: int, device: str
    ) -> float:
        from benchmark.protocols.identification.score import selection_score

        episodes = self.selection_questions(way, family)
        return selection_score(model, chooser, episodes, seed, device)

    def outcome_type(self) -> type[Identified]:
        from benchmark.protocols.identification.outcome import Identified

        return Identified

    def headline(self, task: str, outcome: Identified, fold: int | None = None) -> float | None:
        return sum(outcome.ordered) / (2 * outcome.known * outcome.unknown * outcome.answered)

    def decisions(
        self, task: str, outcome: Identified, fold: int | None = None
    ) -> tuple[NDArray[np.int64], int]:
        """Known queries whose best class is the right one."""
        import numpy as np

        return np.asarray(outcome.correct, dtype=np.int64), outcome.known

    def faults(self, task: Task, outcome: Identified) -> Sequence[str]:
        from benchmark.protocols.identification.task import IdentificationTask

        if not isinstance(task, IdentificationTask):
            return ()
        expected, found = (task.known, task.unknown), (outcome.known, outcome.unknown)
        if expected == found:
            return ()
        return (
            f"{task.name} has {expected[0]} known and {expected[1]} unknown queries an episode, "
            f"not {found[0]} and {found[1]}",
        )

    def compare(
        self,
        one: Sequence[Record],
        two: Sequence[Record],
        luck: tuple[bool, bool],
        same: bool,
        current: bool,
    ) -> Answered | None:
        from benchmark.protocols.identification.metrics import compare

        return compare(one, two, luck, same, current)

    def charts(
        self, whole: Section, section: Section, records: list[Record]
    ) -> list[Callable[[], Sequence[Picture | None]]]:
        from benchmark.protocols.identification.chart import draw

        return [lambda: [draw(section)]]

    def describe(self, task: Task) -> str:
        shots = "item" if task.n_shot == 1 else "items"
        return (
            f"{task.n_way} classes are shown by {task.n_shot} {shots} each; to which of them does "
            "each query belong, if to any?"
        )

    def chance(self, task: Task) -> str:
        return f"AUROC 50.0 %, accuracy on the known {100 / task.n_way:.1f} %"

    def facts(self, task: Task) -> list[tuple[str, str]]:
        from benchmark.protocols.identification.task import IdentificationTask

        assert isinstance(task, IdentificationTask)
        classes = f"{task.unknown_classes} classes, disjoint from the support classes"
        return [
            ("Known queries", f"{task.known} an episode, {task.n_query} of each class"),
            ("Unknown queries", f"{task.unknown} an episode, of {classes}"),
        ]
