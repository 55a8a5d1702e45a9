"""Verification: are two items of one class?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from benchmark.protocols.base import EvaluationProtocol, Metric

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from benchmark.datasets.data_set import DataSet, Family
    from benchmark.protocols.verification.outcome import LogOdds
    from benchmark.tasks.loading import LoadedTask, Questions
    from benchmark.tasks.spec import Task, Track
    from benchmark.tasks.trials import Trials


class VerificationProtocol(EvaluationProtocol["LogOdds"]):
    """Equal error rate over trials."""

    name = "verification"
    title = "Verification"
    outcome_kind = "log-odds"
    question = "trials"
    metrics = (
        Metric("EER", lower_is_better=True),
        Metric("ROC-AUC"),
        Metric("TAR at FAR"),
        Metric("AP"),
        Metric("minDCF", unit="", lower_is_better=True),
        Metric("accuracy"),
        Metric("ECE", lower_is_better=True),
        Metric("log-loss", unit="", lower_is_better=True),
    )
    pattern = re.compile(r"(?P<family>.+?)-verification")

    def ranked(self) -> tuple[str, ...]:
        from benchmark.protocols.verification.task import RANKED

        return RANKED

    def parse(self, name: str) -> Task | None:
        from benchmark.protocols.verification.task import parse

        return parse(name)

    def draw(self, task: Task, track: Track, data: DataSet, classes: list[int]) -> Questions:
        from benchmark.tasks.distinct_trials import draw_distinct
        from benchmark.tasks.loading import copies
        from benchmark.tasks.trials import draw_trials, listed_trials

        if task.listed is not None:
            return listed_trials(task, data, classes)
        draw = draw_distinct if task.distinct else draw_trials
        return draw(task, data, classes, copies(track, data))

    def least_items(self, task: Task) -> int:
        return task.n_shot + 1

    def sizes(self, questions: Trials) -> list[int] | None:
        return list(questions.sizes)

    def answer(self, model: Any, loaded: LoadedTask, **options: Any) -> Any:
        from benchmark.protocols.verification.score import answer_task

        return answer_task(model, loaded, **options)

    def selection_score(
        self, model: Any, chooser: LoadedTask, way: str, family: Family, seed: int, device: str
    ) -> float:
        from benchmark.protocols.verification.score import selection_score

        return selection_score(model, chooser, device)

    def selection_questions(self, way: str, family: Family) -> int:
        from benchmark.evaluation.model_selection import CHOOSING_TRIALS

        return CHOOSING_TRIALS

    def probed_pairs(
        self, questions: Trials, numbers: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        import numpy as np

        left, right = questions.references[numbers, 0], questions.probes[numbers]
        return left.astype(np.int64), right.astype(np.int64)

    def outcome_type(self) -> type[LogOdds]:
        from benchmark.protocols.verification.outcome import LogOdds

        return LogOdds

    def headline(self, task: str, outcome: LogOdds, fold: int | None = None) -> float | None:
        from benchmark.report.outcomes import network
        from benchmark.statistics.verification import measure

        found = network(task, outcome, fold=fold)
        return None if found is None or not found.has_both else measure(found).eer

    def decisions(
        self, task: str, outcome: LogOdds, fold: int | None = None
    ) -> tuple[NDArray[np.int64], int]:
        """A trial is right where its log-odds lie on the right side of 0.

        Without labels a trial that is taken for the same stands for a right one.
        """
        import numpy as np

        from benchmark.report.outcomes import labels_of

        accepted = np.asarray(outcome.thousandths) > 0
        labels = labels_of(task, outcome, fold)
        return (accepted if labels is None else accepted == labels.same).astype(np.int64), 1
