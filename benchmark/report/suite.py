"""The version of the suite that made a report."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

DISTRIBUTION = "oneshot-benchmark"
RELEASED = "2026-11-24"  # of this version, as CITATION.cff tells it


def suite_version() -> str:
    """The installed distribution's version, in a bare checkout that of the package."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        import benchmark

        return str(getattr(benchmark, "__version__", "unknown"))
