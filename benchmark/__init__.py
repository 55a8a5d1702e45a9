"""The harness of oneshot-benchmark: everything that judges. Public names load when first used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["__version__", "check", "evaluate", "load_records", "load_task", "load_twin"]

if TYPE_CHECKING:
    from benchmark.evaluation.api import evaluate
    from benchmark.evaluation.conformance.judge import check
    from benchmark.report.frame import load_records
    from benchmark.tasks.loading import load_task
    from benchmark.twin.twin import load_twin

_HOMES = {
    "check": "benchmark.evaluation.conformance.judge",
    "evaluate": "benchmark.evaluation.api",
    "load_records": "benchmark.report.frame",
    "load_task": "benchmark.tasks.loading",
    "load_twin": "benchmark.twin.twin",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'benchmark' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
