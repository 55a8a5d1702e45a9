"""`generated.txt`: what `oneshot leaderboard` wrote, so that it deletes nothing else.

One line a file, as `sha256sum` writes and checks them: "SHA-256  PATH".
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from pathlib import Path

from benchmark.errors import OneshotError
from benchmark.files import ANY_SIZE, digest_of, inside, read_regular

FILE = "generated.txt"
MOST_BYTES = 64 << 20  # of the manifest: more than 500,000 files
# A manifest may come from a stranger too: only what the command writes can be named in it.
OURS = re.compile(
    r"(figures/[\w.@+-]+\.(svg|png|csv)|(models|tasks)/[\w.@+-]+\.md|tables/[\w.@+-]+\.tex"
    r"|leaderboard(-[a-z]+)?\.(md|csv|html)|references\.bib)",
    re.ASCII,
)
LINE = re.compile(r"([0-9a-f]{64})  (.+)")
log = logging.getLogger(__name__)


def read(out: Path) -> dict[str, str] | None:
    """SHA-256 of each file of the last run by its path below `out`; None without a manifest."""
    path = inside(out, out / FILE)
    if not path.exists():
        return None
    try:
        content = read_regular(path, MOST_BYTES, substitutes=True)
    except OneshotError as error:
        log.warning("%s It was left out.", error)
        return None
    text = content.decode("utf-8", errors="replace")
    lines = (LINE.fullmatch(line) for line in text.splitlines())
    return {line[2]: line[1] for line in lines if line and OURS.fullmatch(line[2])}


def render(out: Path, paths: Iterable[Path], before: dict[str, str] | None) -> str:
    """The manifest of these files below `out`; those of `before` are kept."""
    found = dict(before or {})
    for path in paths:
        found[path.relative_to(out).as_posix()] = _digest(path)
    return "".join(f"{found[name]}  {name}\n" for name in sorted(found))


def remove_outdated(out: Path, before: dict[str, str] | None, kept: Iterable[Path]) -> None:
    """Deletes what the last run wrote and this one did not; a file that was changed stays."""
    names = {path.relative_to(out).as_posix() for path in kept}
    for name in sorted(set(before or {}) - names):
        path = out / name
        try:
            inside(out, path)
        except OneshotError:
            continue
        if path.is_file() and not path.is_symlink() and _digest(path) == (before or {})[name]:
            path.unlink()


def _digest(path: Path) -> str:
    return digest_of(path, ANY_SIZE)
