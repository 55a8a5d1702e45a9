"""Files that survive accidents: names made durable, and what is not trusted set aside."""

from __future__ import annotations

import errno
import logging
import os
from pathlib import Path

from benchmark.errors import OneshotError

ASIDE = ".broken"  # in the names of files that were set aside; they are nobody's to delete
log = logging.getLogger(__name__)


def set_aside(path: Path, reason: str) -> Path:
    """Renames a file that cannot be trusted and says so; it may be somebody's only copy.

    Returns:
        Its new name: "NAME.broken", or "NAME.broken-2" where there is one already.

    Raises:
        OneshotError: it cannot be renamed.
    """
    number = 1
    aside = path.with_name(f"{path.name}{ASIDE}")
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}{ASIDE}-{number}")
    try:
        path.replace(aside)
    except OSError as error:
        raise OneshotError(
            f"{path} cannot be trusted ({reason}), nor set aside: {error.strerror}.",
            "Move it away and run it again.",
        ) from error
    log.warning("%s cannot be trusted (%s); set aside as %s.", path, reason, aside.name)
    return aside


def flush_folder(folder: Path) -> None:
    """Makes the names in a folder durable, where the system has a way to."""
    if os.name == "nt":  # Windows cannot open a folder, nor does it need to
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # not of this file system
            raise
    finally:
        os.close(handle)
