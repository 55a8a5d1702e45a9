"""Whether the seed of a run can change the model.

It can where the model was trained, or draws its parameters. It cannot where nothing was trained and
there are no parameters (pixels, n-grams), or where the parameters come from elsewhere (the pool
"pretrained"). Such a fixed model is compared with a p value after one run: another seed would give
the same answers.
"""

from __future__ import annotations

from collections.abc import Iterable

from benchmark.records.schema import Record


def has_seed_variance(records: Iterable[Record]) -> bool:
    """Whether other seeds of the recipe behind the records could answer differently."""
    return any(
        record.cost.training_items or (record.cost.parameters and record.model.pool != "pretrained")
        for record in records
    )
