"""What the store writes beside the items of a data set: classes, labels, groups and digests.

Plain JSON that guards itself with a checksum, so that a cut or edited file is never believed.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NotRequired, TypedDict

import numpy as np

from benchmark.datasets.data_set import DataSet, Pairs, content_digest
from benchmark.datasets.own.reading import Reading, from_json
from benchmark.errors import DataMissing, OneshotError
from benchmark.files import parse_json, read_regular

FORMAT = 1
ITEMS = "items.npy"
DESCRIPTION = "data_set.json"
MOST_BYTES = 512 << 20  # of a description: labels of millions of items

DigestOf = Literal["items", "files"]


class Own(TypedDict):
    """What the description of a user's own data set says beside the data.

    Attributes:
        tasks: further task families by suffix, see `benchmark.datasets.own.config`.
        version: raised when other data or tasks take the same name, so that results never mix.
        trials: of each kind of the verification at most. Without it, as for data sets that were
            added by earlier versions, 2,000 are drawn with repetition.
        copies: items that are identical to another and do not count, ascending.
        folds: of people, where a list of pairs tests each of them; 1 where it is one test.
        imitations: the group whose value "forged" marks imitations of a class.
        fit: how images became square where it is not "pad": images that are compared later go the
            same way.
        scale: of images of floats or of more than 8 bits, see `own.scale.StoredScale`: images that
            are compared later follow it.
    """

    tasks: dict[str, dict[str, Any]]
    version: int
    fit: NotRequired[str]
    scale: NotRequired[dict[str, Any]]
    trials: NotRequired[int]
    copies: NotRequired[list[int]]
    imitations: NotRequired[str]
    folds: NotRequired[int]


def folder_of(name: str, directory: Path) -> Path:
    """The folder of a data set.

    Raises:
        OneshotError: for a name that would be no folder of its own on every file system.
    """
    reserved = re.fullmatch(r"con|prn|aux|nul|(com|lpt)\d", name)
    if reserved or not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,62}", name):
        raise OneshotError(
            f"'{name}' cannot name a data set.", "Use lower-case letters, digits, '-' and '_'."
        )
    return directory / name


def describe(
    data_set: DataSet,
    source: str,
    digest_of: DigestOf,
    own: Own | None = None,
    reading: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The description of a whole data set, ready to be written as JSON.

    `reading` says how the source was interpreted, see `benchmark.datasets.own.reading`.

    Raises:
        OneshotError: if the digest is said to be that of the items and is not.
    """
    stored_digest = array_digest(data_set)
    if digest_of == "items" and stored_digest != data_set.digest:
        raise OneshotError(f"The digest of '{data_set.name}' is not that of its items.")
    description = {
        "format": FORMAT,
        "name": data_set.name,
        "family": data_set.family,
        "dtype": data_set.stored.dtype.str,
        "shape": list(data_set.stored.shape),
        "digest": data_set.digest,
        "digest_of": digest_of,
        "stored_digest": stored_digest,
        "source": source,
        "class_names": list(data_set.class_names),
        "labels": data_set.labels.tolist(),
        "groups": {
            key: {"names": list(group.names), "codes": np.asarray(group.codes).tolist()}
            for key, group in data_set.groups.items()
        },
    }
    if data_set.pairs is not None:
        description["pairs"] = _listed(data_set.pairs)
    if own is not None:
        description["own"] = own
    if reading is not None:
        description["reading"] = reading
    return description | {"check": _checksum(description)}


def read_description(name: str, directory: Path) -> dict[str, Any]:
    """The description of a stored data set, believed only if its checksum fits.

    Raises:
        DataMissing: if there is no data set of this name.
        OneshotError: if the file is cut short, edited, foreign or of another format.
    """
    path = folder_of(name, directory) / DESCRIPTION
    if not path.is_file():
        raise DataMissing(
            f"The data set '{name}' is not in {directory}.", f"Type: oneshot data add {name} PATH"
        )
    try:
        description = parse_json(read_regular(path, MOST_BYTES))
    except (OneshotError, ValueError) as error:
        raise broken(name, path, f"cannot be read ({error})") from error
    if not isinstance(description, dict) or "format" not in description:
        raise broken(name, path, "was not written by this suite")
    if description["format"] != FORMAT:
        found = f"has format {description['format']}, this version reads format {FORMAT}"
        raise broken(name, path, found)
    try:
        intact = description.get("check") == _checksum(description)
        if not intact or description.get("name") != name:
            raise broken(name, path, "has changed since it was written")
        _check(description)
    except (LookupError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise broken(name, path, "tells of a data set that cannot be") from error
    return description


def reading_of(name: str, directory: Path) -> Reading:
    """How the source of a data set was interpreted; nothing where the description does not say.

    Raises:
        OneshotError: as `read_description`, but not for a data set that comes with the package.
    """
    try:
        description = read_description(name, directory)
    except DataMissing:
        return Reading()
    return from_json(description.get("reading"))


def read_digest(name: str, directory: Path) -> str:
    """Identity digest of a stored data set; read again only when its description changes.

    Raises:
        DataMissing: if there is no data set of this name.
        OneshotError: if its description cannot be used.
    """
    path = folder_of(name, directory) / DESCRIPTION
    try:
        status = path.stat()
    except OSError:
        return str(read_description(name, directory)["digest"])  # says what is wrong
    return _read_digest(name, directory, status.st_mtime_ns, status.st_ino)


@lru_cache(maxsize=256)
def _read_digest(name: str, directory: Path, written: int, inode: int) -> str:
    return str(read_description(name, directory)["digest"])


def array_digest(data_set: DataSet) -> str:
    """SHA-256 (hex) over the decoded items and all labels, whatever `digest` is over."""
    return content_digest(
        data_set.stored, data_set.labels, data_set.class_names, data_set.groups, data_set.pairs
    )


def pairs_of(description: dict[str, Any]) -> Pairs | None:
    """The labelled pairs of a data set, None where it has none."""
    told = description.get("pairs")
    if told is None:
        return None
    left, right = (np.asarray(told[side], dtype=np.int64) for side in ("left", "right"))
    same, lists = np.asarray(told["same"], dtype=bool), np.asarray(told["lists"], dtype=np.int8)
    return Pairs(left, right, same, lists, tuple(told["names"]))


def _listed(pairs: Pairs) -> dict[str, Any]:
    return {
        "left": pairs.left.tolist(),
        "right": pairs.right.tolist(),
        "same": pairs.same.astype(int).tolist(),
        "lists": pairs.lists.tolist(),
        "names": list(pairs.names),
    }


def broken(name: str, path: Path, reason: str) -> OneshotError:
    """The error for a file of the store that cannot be used, with the command that mends it."""
    return OneshotError(f"{path} {reason}.", f"Type: oneshot data add {name} PATH")


def _check(description: dict[str, Any]) -> None:
    """Raises a ValueError, or what a wrong type raises, for what no data set is described by."""
    shape, names = description["shape"], description["class_names"]
    family = description["family"]
    axes = {"character": 4, "photograph": 4, "vector": 2, "text": 1}[family]
    texts = [description[key] for key in ("digest", "digest_of", "stored_digest", "source")]
    if len(shape) != axes or not all(type(side) is int and side > 0 for side in shape):
        raise ValueError("shape")
    if not re.fullmatch(r"[<>|=]?[ufiU][0-9]{1,6}", description["dtype"]):
        raise ValueError("types")
    "".join([*texts, *names]).encode()  # a lone surrogate would be found by no digest
    _check_codes(description["labels"], shape[0], names)
    own = description.get("own") or {"tasks": {}, "version": 1}
    if not all(isinstance(each, dict) for each in (description["groups"], own["tasks"])):
        raise ValueError("groups and tasks have names")
    for key, group in description["groups"].items():
        "".join([key, *group["names"]]).encode()
        _check_codes(group["codes"], shape[0], group["names"])
    from_json(description.get("reading"))
    if type(own["version"]) is not int or not 1 <= own["version"] <= 1_000_000:
        raise ValueError("version")
    _check_own(own, shape[0], description["groups"])
    for task in own["tasks"].values():
        for key in (task["within"], task["apart"]):
            if key is not None and key not in description["groups"]:
                raise ValueError("tasks")
        if not all(type(task[key]) is int and task[key] > 0 for key in ("queries", "episodes")):
            raise ValueError("tasks")


def _check_own(own: dict[str, Any], count: int, groups: dict[str, Any]) -> None:
    """The further keys of `Own`, where there are any."""
    trials = own.get("trials", 1)
    if type(trials) is not int or trials < 1:
        raise ValueError("trials")
    folds = own.get("folds", 1)
    if type(folds) is not int or folds < 1:
        raise ValueError("folds")
    if folds > 1 and len(groups["fold"]["names"]) != folds:
        raise ValueError("folds")
    copies = own.get("copies", [])
    if not all(type(item) is int and 0 <= item < count for item in copies):
        raise ValueError("copies")
    imitations = own.get("imitations")
    if imitations is not None and "forged" not in groups[imitations]["names"]:
        raise ValueError("imitations")


def _check_codes(told: Any, count: int, names: Any) -> None:
    codes = np.asarray(told)
    if not isinstance(told, list) or not isinstance(names, list):
        raise ValueError("codes and names are lists")
    if codes.dtype.kind != "i" or codes.shape != (count,) or not 0 <= codes.min() <= codes.max():
        raise ValueError("codes")
    if codes.max() >= len(names):
        raise ValueError("a code without a name")


def _checksum(description: dict[str, Any]) -> str:
    rest = {key: value for key, value in description.items() if key != "check"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()
