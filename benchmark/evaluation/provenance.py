"""With what a record was measured: versions, sources, device. Never a host, a user or a path."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path, PurePath
from typing import Any

from benchmark import __version__, sources
from benchmark.models.model import resolved
from benchmark.records.canonical import digest
from benchmark.records.schema import Provenance
from benchmark.registry import ModelSpec, part_modules
from benchmark.tasks import own
from benchmark.tasks.spec import Task

FILES = (".py", ".pt", ".pth", ".ckpt", ".bin", ".safetensors")  # endings of files in settings
# Fields of a task that decide its questions; new fields of `Task` do not outdate records.
STATED = (
    "split", "n_way", "n_shot", "n_query", "within", "apart", "dirichlet", "protocol", "imitations",
    "listed",
)  # fmt: skip
ROOT = Path(__file__).resolve().parents[2]


@cache
def code_digest(*packages: str) -> str:
    """SHA-256 (hex) over the Python sources of these packages, as they lie on disk."""
    hasher = hashlib.sha256()
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            hasher.update(path.relative_to(ROOT).as_posix().encode())
            hasher.update(hashlib.sha256(path.read_bytes()).digest())
    return hasher.hexdigest()


@cache
def git_commit() -> str | None:
    """The commit of the checkout that the suite runs from, "+" if changed; None when installed."""
    if not (ROOT / ".git").exists():
        return None
    try:
        commit = _git("rev-parse", "HEAD")
        return commit + ("+" if _git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(*arguments: str) -> str:
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}  # many jobs look at one checkout
    done = subprocess.run(  # noqa: S603
        ["git", "-C", str(ROOT), *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=10,
        env=environment,
    )
    return done.stdout.strip()


def hide_folder(setting: str) -> str:
    """A setting with the folder of a file left out: "backbone=nets/a.py:B" -> "backbone=a.py:B"."""
    key, _, value = setting.partition("=")
    if not any(ending in value for ending in FILES):
        return setting
    return f"{key}={PurePath(value.replace(chr(92), '/')).name}"


def device_name(device: str) -> str:
    """A device as records tell it: "cpu", or a GPU with its model."""
    import torch

    if device.startswith("cuda"):
        return f"cuda: {torch.cuda.get_device_name(device)}"
    return device


@cache
def processor_name() -> str:
    """The processor's model and the vector instructions that PyTorch uses on it.

    Two processors of one platform can round sums in another order.
    """
    import torch

    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        model = next(line.partition(":")[2].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        pass
    return f"{model[:80]}, {torch.backends.cpu.get_cpu_capability()}"


def training_code(model: object, recipe: Mapping[str, Any], spec: ModelSpec) -> str:
    """Digest of the code that a training of the model runs: its classes, its parts, its files.

    The modules of the suite that they import count too, without comments and docstrings. Files of
    the suite that none of them imports do not.
    """
    modules = {
        each.__module__
        for each in (*_trained_classes(model), *(c for m in _parts(model) for c in type(m).__mro__))
        if each.__module__.startswith(tuple(f"{name}." for name in sources.TRAINED))
    }
    answering = resolved(model).answering
    named = part_modules({name: recipe[name] for name in recipe if name not in answering})
    files = spec.files
    used = {
        each.name
        for home in spec.homes.values()
        for path in sources.sources(home)
        for each in sources.parsed(path).imports
        if each.name.startswith(tuple(f"{name}." for name in sources.TRAINED))
    }
    return digest([sources.run_digest({*modules, *named, *used}), files])


def _trained_classes(model: object) -> tuple[type, ...]:
    """The model's class and its ancestors; without heads on them that only answer.

    Of a model that declares `answering`, the class that defines `fit` is the first that trains.
    """
    lineage = type(model).__mro__
    if not resolved(model).answering:
        return lineage
    first = next((n for n, each in enumerate(lineage) if "fit" in vars(each)), 0)
    return lineage[first:]


def _parts(model: object) -> list[Any]:
    """The modules inside a network."""
    modules = getattr(model, "modules", None)
    return [each for each in modules() if each is not model] if callable(modules) else []


def stated(task: Task) -> str | None:
    """Digest of what a task on a user's own data asks; None for tasks of the suite.

    The version of the suite's own tasks, and their pins, say as much.
    """
    if task.track not in own.names():
        return None
    kinds = [[kind.name, kind.trials] for kind in task.kinds]
    return digest([kinds, *(getattr(task, name) for name in STATED)])[: sources.DIGITS]


def provenance(
    device: str,
    weights: str | None,
    settings: tuple[str, ...] = (),
    files: Mapping[str, str] | None = None,
    task: str | None = None,
) -> Provenance:
    """The provenance of a record made now.

    Args:
        device: where the model computed.
        weights: SHA-256 of its trained weights.
        settings: see `hide_folder`.
        files: digests of the files outside the suite that decided the answers.
        task: see `stated`.
    """
    import torch

    return Provenance(
        suite=__version__,
        git=git_commit(),
        code=code_digest("benchmark", "baselines"),
        weights=weights,
        python=platform.python_version(),
        torch=torch.__version__,
        device=device_name(device),
        settings=[hide_folder(setting) for setting in settings],
        platform=f"{platform.system()}-{platform.machine()}",
        processor=processor_name(),
        files=dict(files or {}),
        task=task,
    )
