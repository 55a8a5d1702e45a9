"""Verification: are two items of one class?"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from benchmark.protocols.base import EvaluationProtocol, Metric

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from benchmark.datasets.data_set import DataSet, Family
    from benchmark.protocols.verification.outcome import LogOdds
    from benchmark.records.schema import Record
    from benchmark.report.compare_pairs import Answered
    from benchmark.report.figures.picture import Picture
    from benchmark.report.leaderboard import Section
    from benchmark.tasks.loading import LoadedTask, Questions
    from benchmark.tasks.spec import Task, Track
    from benchmark.tasks.trials import Trials

KINDS = {
    "genuine": "both of one class",
    "within": "two classes of one group",
    "across": "classes of two groups",
    "random": "two classes, whatever their groups",
    "skilled": "an imitation of the class's own items",
    "labelled": "labelled as different",
}


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

    note = (
        "Equal error rate in percent, all impostors together; lower is better. ± half of the 95 % "
        "interval "
        "over subjects (classes) drawn anew, a pair weighed by both of its own, and with two or "
        "more seeds over training luck. Each network has its own ROC; means are over networks."
    )
    short_note = "Equal error rate, lower is better; ± for subjects drawn anew."
    details_note = (
        "Verification: EER within, across, random, skilled: genuine pairs against impostors of one "
        "kind (of the same group, of another, of any class, imitations). AP depends on the share "
        "of genuine pairs. TAR at a FAR is empty with fewer than 30 / FAR impostors. minDCF: least "
        "detection cost with a prior of 0.01 for same and equal costs (NIST 2016 Speaker "
        "Recognition Evaluation Plan, first operating point), 1 for the better blind answer. "
        "Accuracy at the validation threshold, ECE and log-loss (nats) are those of log-odds "
        "fitted on validation (Platt scaling), same and different weighing the same."
    )
    page_titles = ("EER", "EER within", "EER across", "EER random", "EER skilled", "ROC-AUC")
    compare_key = (
        "Verification: of an EER less is better, so a negative A - B speaks for A. classes ± is "
        "over subjects (people, writers, classes; their number under groups) and training seeds, "
        "by a paired bootstrap of the same trials, fold by fold; p is the level at which that "
        "interval touches zero."
    )
    compare_heads = "A|B|A - B|classes|p|Holm|trials|groups|detects"

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

    def selection_score(
        self, model: object, chooser: LoadedTask, way: str, family: Family, seed: int, device: str
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

    def compare(
        self,
        one: Sequence[Record],
        two: Sequence[Record],
        luck: tuple[bool, bool],
        same: bool,
        current: bool,
    ) -> Answered | None:
        from benchmark.report.compare_pairs import verification

        return verification(one, two, luck, same, current)

    def charts(
        self, whole: Section, section: Section, records: list[Record]
    ) -> list[Callable[[], Sequence[Picture | None]]]:
        from benchmark.protocols.verification.chart import jobs

        return jobs(whole, records)

    def describe(self, task: Task) -> str:
        return "Two items are shown: are they of one class?"

    def facts(self, task: Task) -> list[tuple[str, str]]:
        trials = "; ".join(f"{k.trials:,} {k.name} ({KINDS[k.name]})" for k in task.kinds)
        return [("Trials", trials)]
