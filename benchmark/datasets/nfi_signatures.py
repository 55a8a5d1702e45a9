"""Signatures of the Netherlands Forensic Institute: 30 owners, genuine and skilled forgeries.

A data set only: owners and forgers form one connected graph, so that it cannot be split by writer
and nothing is to be trained on it.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.archives import IMAGE_TROUBLE, open_image, read_members
from benchmark.datasets.catalogue import NFI_SIGNATURES
from benchmark.datasets.data_set import DataSet, Groups, whole
from benchmark.datasets.resample import resample
from benchmark.datasets.square import pad
from benchmark.datasets.store import Progress
from benchmark.errors import OneshotError

SIDE = 256
KINDS = ("genuine", "forged")
MEMBER = re.compile(r"(?:^|.*/)(genuine|forged)/NFI-(\d{3})(\d{2})(\d{3})\.png$", re.IGNORECASE)
HINT = "Give the folder that holds genuine/ and forged/ with NFI-XXXYYZZZ.png."

Entry = tuple[str, int, str, str, str, bytes]
"""(owner, 0 genuine or 1 forged, signer, sample, member name, content); sorts in stored order."""


def read(path: Path, progress: Progress | None = None) -> DataSet:
    """All signatures from a folder, zip or tar with `genuine|forged/NFI-XXXYYZZZ.png`.

    XXX signed, YY counts, and ZZZ is whose signature it claims to be. Scans differ in size. Each is
    inverted (ink 255, paper near 0, grey values kept), padded with paper (0) to a square around its
    middle, and brought to 256x256 by the suite's resampler, so that its proportions stay.

    Returns:
        A data set of uint8 [300, 1, 256, 256]; the class is the claimed owner ("001"..), items are
        by owner, genuine before forged, signer and sample; groups "kind" ("genuine", "forged") and
        "signer".

    Raises:
        OneshotError: naming the file that is wrong, or if it is not the whole set.
    """
    if not path.exists():
        raise OneshotError(f"There is no file or folder {path}.", HINT)
    entries = sorted(_entry(*member) for member in read_members(path, _wanted))
    if len(entries) != NFI_SIGNATURES.items:
        raise OneshotError(
            f"{path} holds {len(entries)} signatures, expected {NFI_SIGNATURES.items}.", HINT
        )
    stored = np.empty((len(entries), 1, SIDE, SIDE), dtype=np.uint8)
    for row, (*_, name, content) in enumerate(entries):
        stored[row] = resample(pad(_ink(name, content), fill=0)[None], SIDE)[0]
        if progress and row % 30 == 29:
            progress("reading signatures", row + 1, len(entries))
    owners = sorted({owner for owner, *_ in entries})
    signers = sorted({entry[2] for entry in entries})
    labels = np.array([owners.index(owner) for owner, *_ in entries])
    groups = {
        "kind": Groups(np.array([entry[1] for entry in entries], dtype=np.int32), KINDS),
        "signer": Groups(
            np.array([signers.index(entry[2]) for entry in entries], dtype=np.int32),
            tuple(signers),
        ),
    }
    data_set = whole("nfi-signatures", "character", stored, labels, owners, groups)
    if data_set.digest != NFI_SIGNATURES.digest:
        raise OneshotError(f"These are other signatures (digest {data_set.digest}).", HINT)
    return data_set


def _wanted(name: str) -> bool:
    return MEMBER.match(name) is not None


def _entry(name: str, content: bytes) -> Entry:
    match = MEMBER.match(name)
    assert match is not None  # read_members has asked already
    kind, signer, sample, owner = match[1].lower(), match[2], match[3], match[4]
    if (kind == "genuine") != (signer == owner):
        raise OneshotError(f"'{name}' is {kind} by its folder and not by its name.", HINT)
    return owner, KINDS.index(kind), signer, sample, name, content


def _ink(name: str, content: bytes) -> NDArray[np.uint8]:
    """uint8 [1, h, w]: 255 minus the grey value."""
    image = open_image(name, content, ("PNG",), 4096, HINT)
    if image.mode != "L":
        raise OneshotError(f"'{name}' is of mode {image.mode}, expected 8-bit grey.", HINT)
    try:
        return 255 - np.asarray(image)[None]
    except IMAGE_TROUBLE as error:
        raise OneshotError(f"'{name}' is a damaged PNG ({error}).", HINT) from error
