"""Every ranked task, and any other task by its name.

"...@validation" is a task's twin on the validation split. Tables rank only the tasks listed here.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from benchmark.errors import UnknownName
from benchmark.protocols.catalogue import PROTOCOLS
from benchmark.tasks.spec import VALIDATION, Task

if TYPE_CHECKING:
    RANKED: tuple[str, ...]


@cache
def ranked() -> tuple[str, ...]:
    """Names of all ranked tasks, in the order of the tables."""
    return tuple(name for protocol in PROTOCOLS for name in protocol.ranked())


def __getattr__(name: str) -> Any:
    # On first use: the folders of the protocols import modules of this package.
    if name == "RANKED":
        return ranked()
    raise AttributeError(f"module 'benchmark.tasks.catalogue' has no attribute '{name}'")


def is_own(name: str) -> bool:
    """Whether a task of this name asks about a data set of the user's own, if there is any."""
    plain = name.removesuffix(VALIDATION)
    return not any(protocol.is_of_suite(plain) for protocol in PROTOCOLS)


def task_if_known(name: str) -> Task | None:
    """The task of this name, or None where no family has it.

    Raises:
        OneshotError: for ways or shots that the family cannot give.
    """
    try:
        return task(name)
    except UnknownName:
        return None


def task(name: str) -> Task:
    """The task of this name: a ranked one, any other that a protocol can read, or either's twin.

    Its data are the suite's, or a data set of the user's own (`benchmark.tasks.own`).

    Raises:
        UnknownName: if no protocol knows the name.
        OneshotError: for ways or shots that the data cannot give.
    """
    for protocol in PROTOCOLS:
        found = protocol.parse(name)
        if found is not None:
            return found
    raise UnknownName("task", name, list(ranked()), "Type: oneshot list tasks")
