"""Errors meant for the person at the keyboard.

Whoever raises one says what happened and what was expected; `hint` is what to type next.
"""

from typing import Any


class OneshotError(Exception):
    """Something the user can fix. The command line prints it on one line and exits with code 2.

    Attributes:
        message: what happened and what was expected.
        hint: what to type next.
        setting: the setting that the model does not have or that has no effect on it, "" for any
            other error. With several models it is applied to those that have it.
    """

    code = 2  # what the command exits with

    def __init__(self, message: str, hint: str = "", setting: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.setting = setting

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def __reduce__(self) -> tuple[type["OneshotError"], tuple[str, str, str]]:
        # Without this an error raised in a worker process would lose its hint on the way back.
        return (type(self), (self.message, self.hint, self.setting))


def first_mistake(error: Any) -> str:
    """The first thing that a pydantic ValidationError complains of: "place: message"."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else str(first["msg"])


class UnknownName(OneshotError):
    """A name that is in no catalogue; the message offers the nearest ones."""

    def __init__(
        self, kind: str, name: str, known: list[str], hint: str = "", setting: str = ""
    ) -> None:
        from difflib import get_close_matches

        near = get_close_matches(name, known, n=3, cutoff=0.5)
        guess = f" Did you mean {' or '.join(near)}?" if near else ""
        super().__init__(f"There is no {kind} named '{name}'.{guess}", hint, setting)

    def __reduce__(self) -> tuple[type[OneshotError], tuple[str, str, str]]:
        return (OneshotError, (self.message, self.hint, self.setting))


class NotEnoughMemory(OneshotError):
    """A file that is larger than the memory that is free now; there is nothing wrong with it."""


class DataMissing(OneshotError):
    """A data set that is not in the data directory."""


class Refused(OneshotError):
    """A combination that makes no sense, with the reason."""


class ModelBroken(OneshotError):
    """A user's model cannot be loaded or built."""


class Interrupted(OneshotError):
    """The user stopped the command, as with Ctrl-C."""

    code = 130  # as shells do


class Busy(OneshotError):
    """Another live process is at the same job or training; it can be done or skipped later."""


class ModelFailed(OneshotError):
    """A model gave no usable answer (NaN, a wrong shape, diverged); recorded as a failure."""
