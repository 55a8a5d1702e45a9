"""The list of all checks, in the order in which they are made and shown."""

from __future__ import annotations

from benchmark.evaluation.conformance import state, train_mode, ways
from benchmark.evaluation.conformance.alone import (
    EMBED_ALONE,
    EPISODE_ALONE,
    PAIR_ALONE,
    PAIR_SYMMETRY,
    QUERY_ALONE,
)
from benchmark.evaluation.conformance.collapse import COLLAPSED, CONSTANT, INVERTED
from benchmark.evaluation.conformance.kind import Check
from benchmark.evaluation.conformance.order import CLASS_NAMES, QUERY_ORDER, SUPPORT_ORDER
from benchmark.evaluation.conformance.outputs import FINITE, SHAPES
from benchmark.evaluation.conformance.repeatable import RANDOM_STATE, REPEATABLE, SAME_SEED

CHECKS: tuple[Check, ...] = (
    train_mode.CHECK,
    SHAPES,
    FINITE,
    REPEATABLE,
    RANDOM_STATE,
    SAME_SEED,
    state.CHECK,
    EMBED_ALONE,
    QUERY_ALONE,
    PAIR_ALONE,
    PAIR_SYMMETRY,
    EPISODE_ALONE,
    CLASS_NAMES,
    QUERY_ORDER,
    SUPPORT_ORDER,
    ways.CHECK,
    CONSTANT,
    COLLAPSED,
    INVERTED,
)
