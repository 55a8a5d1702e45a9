"""The one in-memory type of the suite: items, their classes, their groups and a content digest.

A data set is a light view: taking a split copies integers, never pictures.
"""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.resample import resample

Kind = Literal["image", "vector", "text"]
Family = Literal["character", "photograph", "vector", "text"]


@dataclass(frozen=True, eq=False)
class Groups:
    """A second labelling of the items, such as the alphabet or the person who drew.

    Attributes:
        codes: int32 [n], index into `names` of each item.
        names: what the codes stand for.
    """

    codes: NDArray[np.int32]
    names: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of items that somebody labelled as the same or different.

    Attributes:
        left, right: int64 [p], item numbers.
        same: bool [p].
        lists: int8 [p], index into `names`: the list that each pair stands in.
        names: of the lists.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    same: NDArray[np.bool_]
    lists: NDArray[np.int8]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.left)

    def of(self, name: str) -> Pairs:
        """The pairs of one list, in its order.

        Raises:
            ValueError: there is no such list.
        """
        if name not in self.names:
            raise ValueError(f"it has no list of pairs '{name}'")
        return self.take(self.lists == self.names.index(name))

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> Pairs:
        """Some of the pairs, by a mask [p] or by their numbers [k]."""
        return Pairs(
            self.left[chosen], self.right[chosen], self.same[chosen], self.lists[chosen], self.names
        )

    def among(self, items: NDArray[np.integer], count: int) -> Pairs:
        """The pairs both of whose items are among `items` (int64 [k] of `count`), renumbered."""
        number = np.full(count, -1, dtype=np.int64)
        number[items] = np.arange(len(items))
        left, right = number[self.left], number[self.right]
        inside = (left >= 0) & (right >= 0)
        return Pairs(left[inside], right[inside], self.same[inside], self.lists[inside], self.names)


@dataclass(frozen=True, eq=False)
class DataSet:
    """Items with class labels. Everything but `stored` has one entry per item.

    Attributes:
        name: name of the data set, such as "omniglot".
        family: what the items show; recipes choose their augmentation by it.
        stored: uint8 [m, c, h, w] images (for characters ink is 255 and paper 0), float32 [m, d]
            vectors, or an array [m] of strings (of one width where stored on disk); possibly
            memory-mapped, never written to.
        rows: int64 [n], the row of `stored` that holds each item.
        labels: int64 [n], index into `class_names`.
        class_names: names of the classes, unique.
        groups: further labellings by name, such as "alphabet" and "drawer".
        digest: SHA-256 (hex) over the stored items of the whole data set, their classes and groups;
            a view keeps the digest of what it was taken from.
        turns: uint8 [n], anticlockwise quarter turns applied to each image, or None.
        pairs: pairs of its items that somebody labelled, or None; a view has those of its items.
    """

    name: str
    family: Family
    stored: NDArray[np.generic]
    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    digest: str
    groups: Mapping[str, Groups] = field(default_factory=dict)
    turns: NDArray[np.uint8] | None = None
    pairs: Pairs | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def kind(self) -> Kind:
        """What the items are made of: an image, a vector or a text."""
        return "image" if self.family in ("character", "photograph") else self.family  # type: ignore[return-value]

    @property
    def channels(self) -> int:
        """Colour channels of images (1 or 3), length of vectors, 1 for texts."""
        return int(self.stored.shape[1]) if self.kind != "text" else 1

    @property
    def side(self) -> int:
        """Stored height of the images in pixels."""
        return int(self.stored.shape[2])

    def take(self, items: NDArray[np.integer]) -> DataSet:
        """The view that holds only `items` (int [k], in this order); classes keep their numbers."""
        items = np.asarray(items, dtype=np.int64)
        return replace(
            self,
            rows=self.rows[items],
            labels=self.labels[items],
            groups={k: Groups(g.codes[items], g.names) for k, g in self.groups.items()},
            turns=None if self.turns is None else self.turns[items],
            pairs=None if self.pairs is None else self.pairs.among(items, len(self)),
        )

    def of_classes(self, classes: NDArray[np.integer]) -> DataSet:
        """The items of `classes` (int [c]), with labels renumbered 0..c-1 in the given order."""
        number = np.full(len(self.class_names), -1, dtype=np.int64)
        number[classes] = np.arange(len(classes))
        view = self.take(np.flatnonzero(number[self.labels] >= 0))
        return replace(
            view,
            labels=number[view.labels],
            class_names=tuple(self.class_names[int(c)] for c in classes),
        )

    def with_turns(self, turns: Sequence[int] = (0, 1, 2, 3)) -> DataSet:
        """Each class once per quarter turn, as classes of their own named "CLASS/rotRRR".

        Class c turned by `turns[t]` has number c * len(turns) + t, as Vinyals et al. (2016) list
        them (rot000, rot090, rot180, rot270).
        """
        count = len(turns)
        own = np.arange(len(self))
        item = np.repeat(own, count)
        turn = np.tile(np.arange(count), len(self))
        view = self.take(item)
        names = tuple(f"{c}/rot{90 * t:03d}" for c in self.class_names for t in turns)
        turned = np.asarray(turns, dtype=np.uint8)[turn]
        return replace(view, labels=view.labels * count + turn, class_names=names, turns=turned)

    def class_groups(self, group: str) -> NDArray[np.int32]:
        """int32 [classes]: the group each class lies in, -1 where it spreads over several."""
        codes = self.groups[group].codes
        first = np.full(len(self.class_names), -1, dtype=np.int32)
        first[self.labels[::-1]] = codes[::-1]
        mixed = np.unique(self.labels[codes != first[self.labels]])
        first[mixed] = -1
        return first

    def inputs(self, size: int | None = None) -> NDArray[np.generic]:
        """The items as arrays that a network takes.

        Args:
            size: side in pixels of images (default: as stored) or length of texts (default: that
                of the longest).

        Returns:
            uint8 [n, c, size, size] images, float32 [n, d] vectors, or int32 [n, size] code points
            of texts, see `codes`.
        """
        if self.kind == "image":
            return self.images(size)
        stored = self.stored[self.rows]
        if self.kind == "vector":
            return np.asarray(stored)
        texts = [str(text) for text in stored]
        return codes(texts, size or max(1, *map(len, texts)))

    def images(self, side: int | None = None) -> NDArray[np.uint8]:
        """uint8 [n, c, side, side]: the images at one size, by the suite's pinned resampler.

        Rows that several items share (turned copies) are resampled once.
        """
        rows, where = np.unique(self.rows, return_inverse=True)
        small = resample(self.stored, side, rows=rows)  # type: ignore[arg-type]
        out = small[where]
        if self.turns is not None:
            for turn in (1, 2, 3):
                chosen = np.flatnonzero(self.turns == turn)
                if len(chosen):
                    out[chosen] = np.rot90(out[chosen], turn, axes=(2, 3))
        return out


def release(stored: NDArray[np.generic]) -> None:
    """Lets go of the pages of a mapped file that have been read; they can be read again."""
    held: object = stored
    while isinstance(held, np.ndarray):
        held = held.base
    if isinstance(held, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        held.madvise(mmap.MADV_DONTNEED)


def codes(texts: Sequence[str], length: int) -> NDArray[np.int32]:
    """int32 [n, length]: Unicode code points of each text, cut to `length`, zeros after its end."""
    out = np.zeros((len(texts), length), dtype=np.int32)
    for row, text in zip(out, texts, strict=True):
        points = [ord(letter) for letter in text[:length]]
        row[: len(points)] = points
    return out


def whole(
    name: str,
    family: Family,
    stored: NDArray[np.generic],
    labels: NDArray[np.integer],
    class_names: Sequence[str],
    groups: Mapping[str, Groups] | None = None,
    digest: str | None = None,
    pairs: Pairs | None = None,
) -> DataSet:
    """A data set over all rows of `stored`; `digest` is computed where the source gives none."""
    groups = dict(groups or {})
    numbers = np.asarray(labels, dtype=np.int64)
    return DataSet(
        name=name,
        family=family,
        stored=stored,
        rows=np.arange(len(stored), dtype=np.int64),
        labels=numbers,
        class_names=tuple(class_names),
        groups=groups,
        digest=digest or content_digest(stored, numbers, class_names, groups, pairs),
        pairs=pairs,
    )


def content_digest(
    stored: NDArray[np.generic] | Sequence[bytes],
    labels: NDArray[np.integer],
    class_names: Sequence[str],
    groups: Mapping[str, Groups],
    pairs: Pairs | None = None,
) -> str:
    """SHA-256 (hex) over all that a data set says, so that a relabelled copy is another data set.

    `stored` is an array, or the encoded bytes of each item where the source is lossy (a JPEG
    decodes differently from library to library, its bytes do not).
    """
    hasher = hashlib.sha256()

    def put(label: str, data: bytes) -> None:
        hasher.update(f"{label}:{len(data)}\n".encode())
        hasher.update(data)

    if isinstance(stored, np.ndarray) and stored.dtype != object:
        put("array", f"{stored.dtype.str}{list(stored.shape)}".encode())
        for start in range(0, len(stored), 4096):
            hasher.update(np.ascontiguousarray(stored[start : start + 4096]).tobytes())
    else:
        for item in stored:
            put("item", item if isinstance(item, bytes) else str(item).encode())
    put("labels", np.asarray(labels, dtype="<i8").tobytes())
    put("classes", "\n".join(class_names).encode())
    for key in sorted(groups):
        put(f"group {key}", np.asarray(groups[key].codes, dtype="<i4").tobytes())
        put(f"names {key}", "\n".join(groups[key].names).encode())
    if pairs is not None:
        for part in (pairs.left, pairs.right, pairs.same, pairs.lists):
            put("pairs", np.asarray(part, dtype="<i8").tobytes())
        put("lists", "\n".join(pairs.names).encode())
    return hasher.hexdigest()
