"""What a model's queries find."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmark.evaluation.embedding_store import EmbeddingStore
from benchmark.evaluation.outcome import Answered
from benchmark.evaluation.retrieval import Found, retrieve
from benchmark.protocols.retrieval.outcome import Ranks
from benchmark.tasks.loading import LoadedTask


def answer_task(
    model: object,
    loaded: LoadedTask,
    *,
    device: str,
    report: Callable[[int, int], None] | None = None,
    bank: EmbeddingStore | None = None,
    **_: Any,
) -> Answered:
    """Ranks of the matches of every query; see `benchmark.evaluation.outcome.ask`."""
    search = retrieve(model, loaded, device=device, report=report, bank=bank)
    seconds = search.embedding_seconds, search.scoring_seconds
    return Answered(_ranks(search.found), search.asked, *seconds)


def _ranks(found: Found) -> Ranks:
    alike = len(np.unique(found.matches)) == 1
    return Ranks(
        first=found.first.tolist(),
        hits=found.hits.tolist(),
        precision=np.rint(1e6 * found.precision).astype(np.int64).tolist(),
        matches=int(found.matches[0]) if alike else found.matches.tolist(),
    )
