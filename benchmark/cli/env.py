"""`oneshot env`: what a bug report needs, without names of people, machines or folders."""

from __future__ import annotations

import typer

PACKAGES = (
    "torch", "torchvision", "numpy", "pandas", "matplotlib", "scikit-learn",
    "pytorch-metric-learning", "learn2learn", "pydantic", "typer",
)  # fmt: skip


def env() -> None:
    """Versions, devices and data sets at hand."""
    import os
    import platform
    from importlib.metadata import PackageNotFoundError, version

    from benchmark import __version__
    from benchmark.datasets.store import data_directory, present
    from benchmark.evaluation.provenance import code_digest, git_commit

    lines = {
        "oneshot-benchmark": __version__,
        "commit": git_commit() or "installed package",
        "code": code_digest("benchmark", "baselines")[:16],
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
    }
    for package in PACKAGES:
        try:
            lines[package] = version(package)
        except PackageNotFoundError:
            hint = " (type: make learn2learn)" if package == "learn2learn" else ""
            lines[package] = f"not installed{hint}"
    import torch

    lines["device"] = (
        torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu (no GPU found)"
    )
    lines["data sets"] = ", ".join(["glyphs (embedded)", *present(data_directory())])
    width = max(map(len, lines))
    for name, value in lines.items():
        typer.echo(f"{name:{width}}  {value}")
