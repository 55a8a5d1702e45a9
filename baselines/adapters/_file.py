"""What all models that are read from a file share: settings, the file's hash, what they declare.

A file that `oneshot export` wrote says itself how it is asked: its note (JSON) gives the settings
that the user leaves open.
"""

from __future__ import annotations

import dataclasses
import hashlib
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from baselines.backbones._pretrained import IMAGENET_MEAN, IMAGENET_SPREAD
from baselines.distance import with_distance
from baselines.settings import derived
from benchmark.errors import ModelFailed, OneshotError
from benchmark.files import NOT_AS_WRITTEN, in_words, parse_json, read_regular
from benchmark.protocols import Seen, TrackInfo

log = logging.getLogger(__name__)
NOTE = "oneshot"  # under this name a file keeps what is said of it
FORMAT = 1
MOST_BYTES = 16 << 30  # of a file
SPARE_BYTES = 64 << 20  # that a small file may take more when it is unpacked
COLOUR = r"(\x1b|\\x1b)\[[0-9;]*m"  # of terminals, as a code or as it is printed
AGAIN = "Export it again: oneshot export --model RUN --format onnx"
MeanSpread = tuple[tuple[float, ...], tuple[float, ...]]


@dataclass(frozen=True, kw_only=True)
class FileRecipe:
    """How a file is asked; `sha256` says which file."""

    sha256: str = derived("")
    distance: str = "euclidean"
    distance_code: str = derived("", optional=True)  # hash of a user's file
    input_size: int = 0  # side in pixels; 0 for the track's
    channels: int = 0  # 1 or 3; 0 for the track's
    normalise: str = ""  # "imagenet", or MEAN/SPREAD with a number for each channel, "0.5/0.25"
    seen: str = ""  # what it was trained on, "imagenet-1k,glyphs/train"; "" leaves it undeclared


class FileModel:
    """A model that is read from a file.

    Attributes:
        recipe: everything the answers depend on.
        seen: only where it was declared; tables mark models that do not say.
        pool: "pretrained" where what it has seen goes beyond the track's training split.
    """

    recipe: Any

    def declare(self, recipe: Any, track: TrackInfo, noted: tuple[Seen, ...] = ()) -> None:
        """Sets what the harness reads, and the recipe with the track's numbers filled in.

        Args:
            recipe: with the user's settings.
            track: fills in what these leave open.
            noted: what the file itself says it has seen.

        Raises:
            OneshotError: a setting that makes no sense.
        """
        side, channels = recipe.input_size or track.side, recipe.channels or track.channels
        self.recipe = dataclasses.replace(
            with_distance(self, recipe), input_size=side, channels=channels
        )
        if side < 1 or (channels not in (1, 3) and track.family != "vector"):
            raise OneshotError("input_size must be at least 1 and channels 1 or 3.")
        self.input_size, self.channels = side, channels
        if recipe.normalise:
            self.normalise = mean_spread(recipe.normalise, channels)
        typed = tuple(name.strip() for name in recipe.seen.split(",") if name.strip())
        if typed or noted:
            self.seen: tuple[str | Seen, ...] = (*noted, *typed)
            names = {each.name for each in noted} | set(typed)
            if names - {f"{track.name}/train", f"{track.name}/validation"}:
                self.pool = "pretrained"


def failure(items: Tensor, error: Exception, declared: Sequence[Any] | None = None) -> Exception:
    """The error for a network that fails, with the line of its message that says why.

    Args:
        items: what it was given.
        error: what it raised; memory that ran out stays as it is, the harness knows what to do.
        declared: its inputs, as the file declares them; None where it takes no `batch_size`.
    """
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or "allocate" in str(error):
        return error
    reason = telling_line(error, r"\bgot\b.*\bexpected\b|\bexpected\b.*\bgot\b")
    ports = "; ".join(str(port) for port in declared or () if port.shape)
    axis = re.search(r"index: (\d+) Got: \d+ Expected: (\d+)", reason)
    hint = "Does it take another --set input_size=N or --set channels=N?"
    if declared is not None:
        hint = "Does it take another --set input_size=N, --set channels=N or --set batch_size=N?"
    if axis and axis[1] == "0":
        hint = f"It takes batches of one size alone: --set batch_size={axis[2]}"
    return ModelFailed(
        f"The network failed on items of shape {list(items.shape)}: {reason.rstrip('.')}."
        + (f" It declares {ports}." if ports else ""),
        hint,
    )


def telling_line(error: Exception, telling: str = "") -> str:
    """The first line of a message that matches `telling`, else its last; no terminal colours."""
    text = re.sub(COLOUR, "", str(error))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    matching = [line for line in lines if telling and re.search(telling, line, re.IGNORECASE)]
    return (matching or lines[-1:] or [type(error).__name__])[0]


def read(path: str, most_bytes: int = MOST_BYTES) -> tuple[bytes, str]:
    """A file's bytes and their SHA-256 (hex).

    Raises:
        OneshotError: it cannot be read, or is a web page or a pointer in place of the file.
    """
    data = read_regular(Path(path).expanduser(), most_bytes)
    return data, hashlib.sha256(data).hexdigest()


def note_of(path: str, text: str) -> dict[str, Any] | None:
    """A file's note from its JSON; None where there is none.

    Raises:
        OneshotError: it is damaged, or of a later version of the suite.
    """
    if not text:
        return None
    try:
        note = parse_json(text)
        known = note["format"] == FORMAT
        if known:
            _check(note)
            noted(note)
    except NOT_AS_WRITTEN as error:
        raise OneshotError(f"The note '{NOTE}' inside {path} is damaged.", AGAIN) from error
    if not known:
        raise OneshotError(f"{path} was exported by another version of the suite.", AGAIN)
    return dict(note)


def _check(note: Mapping[str, Any]) -> None:
    """Raises a ValueError or KeyError for a note that no export wrote."""
    sizes = (note["input_size"], note["channels"])
    normalise = note["normalise"] or []
    numbers = [number for part in normalise for number in part]
    if not all(type(size) is int and 0 <= size < 1 << 16 for size in sizes):
        raise ValueError("sizes")
    if note["distance"] is not None and not isinstance(note["distance"], str):
        raise ValueError("distance")
    if not all(type(number) in (int, float) for number in numbers):
        raise ValueError("normalise")


def seen_of(told: Any) -> tuple[Seen, ...]:
    """What a file tells of the classes that its weights have seen.

    Raises:
        ValueError, KeyError, TypeError: it tells something else.
    """
    found = tuple(
        Seen(each["name"], each["data"], each["digest"], tuple(each["classes"])) for each in told
    )
    texts = [text for each in found for text in (each.name, each.data, each.digest, *each.classes)]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("what was seen is told by texts")
    return found


def noted(note: Mapping[str, Any] | None) -> tuple[dict[str, Any], tuple[Seen, ...]]:
    """The settings that a note gives, as a user would type them, and the classes seen."""
    if note is None:
        return {}, ()
    settings = {name: note[name] for name in ("input_size", "channels")}
    if note["distance"] is not None:
        settings["distance"] = note["distance"]
    if note["normalise"] is not None:
        settings["normalise"] = "/".join(",".join(map(repr, part)) for part in note["normalise"])
    seen = seen_of(each for each in note["seen"] if not isinstance(each, str))
    names = [each for each in note["seen"] if isinstance(each, str)]
    if names:
        settings["seen"] = ",".join(names)
    return settings, seen


def mean_spread(text: str, channels: int) -> MeanSpread:
    """(mean, spread) of each channel from "imagenet" or "0.5,0.5,0.5/0.2,0.2,0.2".

    Raises:
        OneshotError: it cannot be read, or does not fit the channels.
    """
    if text == "imagenet":
        mean, spread = IMAGENET_MEAN, IMAGENET_SPREAD
    else:
        try:
            parts = [tuple(float(n) for n in part.split(",")) for part in text.split("/")]
            mean, spread = parts  # type: ignore[assignment]
        except ValueError:
            mean, spread = (), ()  # type: ignore[assignment]
    if not len(mean) == len(spread) == channels or not all(s > 0 for s in spread):
        raise OneshotError(
            f"The setting normalise={text} does not fit {channels} channels.",
            "Type MEAN/SPREAD with a number for each channel, such as 0.5/0.25, or imagenet.",
        )
    return mean, spread


def refuse(path: str, kind: str, error: Exception, hint: str = "") -> OneshotError:
    """The error for a file that is not of its kind."""
    text = re.sub(COLOUR, "", str(error)).strip().splitlines()
    reason = text[0][:160] if text else type(error).__name__
    return OneshotError(f"{path} cannot be read as {kind}: {reason}", hint)


def on_cpu(data: bytes, load: Any, **options: Any) -> Any:
    """What `load` makes of a file's bytes, on the processor.

    Raises:
        ValueError: the file is a ZIP archive whose parts take far more memory than the file.
    """
    import io

    _refuse_expanding(data)
    return load(io.BytesIO(data), map_location=torch.device("cpu"), **options)


def _refuse_expanding(data: bytes) -> None:
    """PyTorch stores tensors uncompressed, and reads compressed ones too, of any size."""
    import io
    import zipfile

    if not zipfile.is_zipfile(io.BytesIO(data)):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise ValueError(f"it is a damaged ZIP archive ({error})") from error
    if size > 2 * len(data) + SPARE_BYTES:
        raise ValueError(
            f"its parts take {in_words(size)} when they are unpacked, and the file {len(data):,} "
            "bytes: it was not written by PyTorch"
        )


@cache
def say_once(text: str) -> None:
    """Logs a warning, once in a process."""
    log.warning("%s", text)
