"""The version of the suite that made a report."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

DISTRIBUTION = "oneshot-benchmark"


def suite_version() -> str:
    """The installed distribution's version, in a bare checkout that of the package."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        import benchmark

        return str(getattr(benchmark, "__version__", "unknown"))
