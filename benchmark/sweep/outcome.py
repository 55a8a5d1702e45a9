"""How jobs end: done, busy elsewhere, failed with a reason, or broken by an unforeseen error."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

from benchmark.errors import Busy, OneshotError
from benchmark.user_code import same_folder


def ended_as(job: Callable[[], object]) -> tuple[Any, ...]:
    """Runs a job and says how it ended, unless its model ends the process.

    Returns:
        ("done",), ("busy", reason) where another process is at it, ("failed", reason), or
        ("broken", reason, traceback) after an unforeseen error.

    Raises:
        KeyboardInterrupt: the user wants all jobs to end.
    """
    try:
        with same_folder():
            job()
    except Busy as busy:
        return "busy", str(busy)
    except OneshotError as error:
        return "failed", str(error)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # sys.exit too: a model does not end a sweep
        return "broken", reason_of(error), traceback.format_exc()
    return ("done",)


def reason_of(error: BaseException) -> str:
    """An error of somebody's code in one line."""
    if type(error).__name__ == "SystemExit":  # of this process, or of the model's own
        code = repr(error.code) if isinstance(error, SystemExit) else str(error)
        return f"the model called sys.exit({code})"
    try:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    except Exception:  # its own __str__ fails
        lines = []
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
