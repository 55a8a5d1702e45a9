"""With what a record was measured: versions, sources, device. Never a host, a user or a path."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from functools import cache
from pathlib import Path, PurePath

from benchmark import __version__
from benchmark.records.schema import Provenance

FILES = (".py", ".pt", ".pth", ".ckpt", ".bin", ".safetensors")  # endings of files in settings
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
    done = subprocess.run(
        ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True, timeout=10
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


def provenance(device: str, weights: str | None, settings: tuple[str, ...] = ()) -> Provenance:
    """The provenance of a record made now on `device` with weights of this SHA-256."""
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
    )
