"""Retrieval: every item of a split queries all others; those of its own class should come first."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from benchmark.protocols.base import EvaluationProtocol, Metric

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from benchmark.datasets.data_set import DataSet
    from benchmark.protocols.retrieval.outcome import Ranks
    from benchmark.records.schema import Record
    from benchmark.report.compare_pairs import Answered
    from benchmark.report.figures.picture import Picture
    from benchmark.report.leaderboard import Section
    from benchmark.tasks.loading import Questions
    from benchmark.tasks.queries import Queries
    from benchmark.tasks.spec import Task, Track


class RetrievalProtocol(EvaluationProtocol["Ranks"]):
    """Mean average precision at R over queries."""

    name = "retrieval"
    title = "Retrieval"
    outcome_kind = "ranks"
    question = "queries"
    metrics = (Metric("mAP@R"), Metric("R-precision"), Metric("Recall@1"))
    pattern = re.compile(r"(?P<family>.+?)-retrieval")

    note = (
        "mAP@R in percent: every test item queries all others. ± half of the 95 % interval over "
        "classes of queries drawn anew, and with two or more seeds over training luck."
    )
    short_note = "mAP@R; ± for classes of queries drawn anew."
    details_note = (
        "Retrieval: every test item queries all others; a tie with an item of another class counts "
        "against the match. With R matches, mAP@R and R-precision look at the first R."
    )
    page_titles = ("mAP@R", "Recall@1", "R-precision")
    compare_key = (
        "Retrieval: images ± is over queries, classes ± over the classes of the queries in a "
        "gallery as it is, both with training seeds."
    )
    compare_heads = "A|B|A - B|images|classes|p|Holm|queries|groups|detects"

    def draw(self, task: Task, track: Track, data: DataSet, classes: list[int]) -> Questions:
        from benchmark.tasks.loading import copies, without_imitations
        from benchmark.tasks.queries import draw_queries

        left_out = without_imitations(track, data, copies(track, data))
        return draw_queries(task, data, classes, left_out)

    def sizes(self, questions: Queries) -> list[int] | None:
        sizes: list[int] = questions.sizes.tolist()
        return sizes

    def probed_pairs(
        self, questions: Queries, numbers: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        import numpy as np

        from benchmark.evaluation.order import permutation

        left = questions.gallery[questions.queries[numbers]]
        right = questions.gallery[permutation(len(questions.gallery), "probe")[: len(numbers)]]
        return left[: len(right)].astype(np.int64), right.astype(np.int64)

    def outcome_type(self) -> type[Ranks]:
        from benchmark.protocols.retrieval.outcome import Ranks

        return Ranks

    def headline(self, task: str, outcome: Ranks, fold: int | None = None) -> float | None:
        return sum(outcome.precision) / (1e6 * outcome.answered)

    def decisions(
        self, task: str, outcome: Ranks, fold: int | None = None
    ) -> tuple[NDArray[np.int64], int]:
        """A query is right where its first find is a match."""
        import numpy as np

        return (np.asarray(outcome.first) == 1).astype(np.int64), 1

    def faults(self, task: Task, outcome: Ranks) -> Sequence[str]:
        """Whether the queries have as many matches as the pinned classes give."""
        from benchmark.tasks.labels import query_matches

        pinned = query_matches(task.name, outcome.answered)
        found = outcome.matches
        matches = [found] * outcome.answered if isinstance(found, int) else list(found)
        if pinned is None or pinned.tolist() == matches:
            return ()
        return (f"its queries have other numbers of matches than the pinned ones of {task.name}",)

    def compare(
        self,
        one: Sequence[Record],
        two: Sequence[Record],
        luck: tuple[bool, bool],
        same: bool,
        current: bool,
    ) -> Answered | None:
        from benchmark.report.compare_pairs import retrieval

        return retrieval(one, two, luck, same, current)

    def charts(
        self, whole: Section, section: Section, records: list[Record]
    ) -> list[Callable[[], Sequence[Picture | None]]]:
        from benchmark.protocols.retrieval.chart import draw

        return [lambda: [draw(section)]]

    def describe(self, task: Task) -> str:
        return (
            "Every item of the test split is a query to all the others: those of its own class "
            "should come first."
            + " Where items are marked, queries look for gallery items."
            * task.distinct
        )
