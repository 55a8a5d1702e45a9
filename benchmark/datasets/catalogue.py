"""The data sets the suite knows by name: what each holds, its terms and how to get it.

Everything is a literal, so that listing them costs nothing; arrays are imported on loading.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.errors import DataMissing, OneshotError, UnknownName

if TYPE_CHECKING:
    from benchmark.datasets.data_set import DataSet, Family
    from benchmark.datasets.description import DigestOf
    from benchmark.datasets.store import Verified


@dataclass(frozen=True)
class KnownDataSet:
    """One data set the suite knows.

    Attributes:
        channels: colour channels of the images, 1 or 3; of vectors their length; of texts 1.
        side: stored height and width in pixels; of vectors 1; of texts the usual letters.
        items: how many items it holds.
        classes: how many classes they fall into.
        terms: licence or terms of use.
        citation: key into the suite's bibliography.
        digest: identity digest every copy must have, or None where copies differ.
        digest_of: whether `digest` is over the decoded items or over the encoded files.
        pixels: digest of the decoded items as Pillow 13 with libjpeg-turbo 3.2 gives them, where
            `digest` is over files; another decoder may differ in a last bit, and `verify` says so.
        to_add: what to give `oneshot data add`, in words; empty where nothing is to be added.
        to_fetch: what `oneshot data fetch` downloads, in words; empty where it cannot.
        generated: whether `oneshot data add` makes it from an installed package, without a path.
    """

    name: str
    title: str
    family: Family
    channels: int
    side: int
    items: int
    classes: int
    terms: str
    citation: str
    digest: str | None = None
    digest_of: DigestOf = "items"
    pixels: str | None = None
    to_add: str = ""
    to_fetch: str = ""
    generated: bool = False

    @property
    def shipped(self) -> bool:
        """Whether it comes with the package."""
        return not self.to_add

    @property
    def how_to_get(self) -> str:
        """The command to type."""
        if self.shipped:
            return ""
        add = f"oneshot data add {self.name}{'' if self.generated else ' PATH'}"
        return f"{add} (or: oneshot data fetch {self.name})" if self.to_fetch else add


GLYPHS = KnownDataSet(
    name="glyphs",
    title="Letters of 81 scripts, drawn by 20 hands each after the Noto fonts",
    family="character",
    channels=1,
    side=105,
    items=32_480,
    classes=1_624,
    terms="SIL Open Font License 1.1",
    citation="noto",
)

OMNIGLOT = KnownDataSet(
    name="omniglot",
    title="Omniglot: handwritten characters of 50 alphabets, 20 drawers each",
    family="character",
    channels=1,
    side=105,
    items=32_460,
    classes=1_623,
    terms="MIT",
    citation="lake2015human",
    digest="31bc064a5ff88f1768ebca8a6b0f780b782689b921776de062bbd104d0440e50",
    to_add="the folder that holds images_background.zip and images_evaluation.zip, zipped or not",
    to_fetch="both archives from the authors' repository (15 MiB)",
)

MINI_IMAGENET = KnownDataSet(
    name="mini-imagenet",
    title="miniImageNet: 100 classes of 600 photographs, split of Ravi & Larochelle (2017)",
    family="photograph",
    channels=3,
    side=84,
    items=60_000,
    classes=100,
    terms="derived from ImageNet: non-commercial research only",
    citation="ravi2017optimization",
    digest="0d3039593012043283ef83c3134bc98bcd669b77b48619b3cf3c492537443c66",
    digest_of="files",
    pixels="7e3136e8044d21a5311e13a298be3cc99c22cfc8aae398a37544a338f4c0a2f8",
    to_add="a tar, zip or folder with images/*.jpg (84x84), train.csv, val.csv and test.csv",
)

MINI_IMAGENET_PICKLES = KnownDataSet(
    name="mini-imagenet-pickles",
    title="miniImageNet as it is passed around in pickles, resized by somebody else",
    family="photograph",
    channels=3,
    side=84,
    items=60_000,
    classes=100,
    terms="derived from ImageNet: non-commercial research only",
    citation="ravi2017optimization",
    to_add="the folder that holds mini-imagenet-cache-train.pkl, -val.pkl and -test.pkl",
    to_fetch="the three pickles from Zenodo record 7978538 (1.2 GiB)",
)

ORL_FACES = KnownDataSet(
    name="orl-faces",
    title="ORL faces: 40 people, 10 pictures each",
    family="photograph",
    channels=1,
    side=112,
    items=400,
    classes=40,
    terms="credit Olivetti Research Laboratory",
    citation="samaria1994parameterisation",
    digest="661f266c04f3fdbf57d53cbd820d76bd891fec9ff17caa3d9caa80d0f1f40d4b",
    to_add="a folder, zip or tar with s1/1.pgm to s40/10.pgm",
)

NFI_SIGNATURES = KnownDataSet(
    name="nfi-signatures",
    title="NFI signatures: 30 owners, 150 genuine and 150 skilled forgeries",
    family="character",
    channels=1,
    side=256,
    items=300,
    classes=30,
    terms="Netherlands Forensic Institute: research only",
    citation="blankers2009icdar",
    digest="fed4f82ee18abf421750d1b889afd3cf0b2db1cbd4a3ffdb106721198097cc6f",
    to_add="a folder, zip or tar with genuine/ and forged/ of NFI-XXXYYZZZ.png",
)

LANGUAGES = KnownDataSet(
    name="languages",
    title="Names of countries in languages of the world (CLDR, by the package babel 2.18.0)",
    family="text",
    channels=1,
    side=32,
    items=26_128,
    classes=179,
    terms="Unicode License v3",
    citation="consortium2025common",
    digest="2b85cecf700e97c45518ecbbf1508bfc6eb32d9576fe6a5e99f3093b5bd9e318",
    to_add="nothing: it is made from the installed package babel",
    generated=True,
)

DIGITS = KnownDataSet(
    name="digits",
    title="Handwritten digits as 64 numbers each, bundled with scikit-learn",
    family="vector",
    channels=64,
    side=1,
    items=1_797,
    classes=10,
    terms="CC BY 4.0",
    citation="alpaydin1998digits",
    digest="82591b766df1286907977ecff25dfaaf17c4ba973ea54d7701c27f48a30bc34c",
    to_add="nothing: it is made from the installed package scikit-learn",
    generated=True,
)

CEDAR = KnownDataSet(
    name="cedar",
    title="CEDAR signatures: 55 writers, 24 genuine and 24 skilled forgeries each",
    family="character",
    channels=1,
    side=256,
    items=2_640,
    classes=55,
    terms="Center of Excellence for Document Analysis and Recognition, Buffalo: research",
    citation="kalera2004offline",
    to_add="a folder, zip or tar with full_org/original_W_S.png and full_forg/forgeries_W_S.png",
)

BENGALI = KnownDataSet(
    name="bhsig260-bengali",
    title="BHSig260, Bengali: 100 writers, 24 genuine signatures and 30 skilled forgeries each",
    family="character",
    channels=1,
    side=256,
    items=5_400,
    classes=100,
    terms="as its authors state: research",
    citation="pal2016performance",
    to_add="a folder, zip or tar with B-S-W-G-NN.tif and B-S-W-F-NN.tif, a folder for each writer",
)

HINDI = KnownDataSet(
    name="bhsig260-hindi",
    title="BHSig260, Hindi: 160 writers, 24 genuine signatures and 30 skilled forgeries each",
    family="character",
    channels=1,
    side=256,
    items=8_640,
    classes=160,
    terms="as its authors state: research",
    citation="pal2016performance",
    to_add="a folder, zip or tar with H-S-W-G-NN.tif and H-S-W-F-NN.tif, a folder for each writer",
)

LFW = KnownDataSet(
    name="lfw",
    title="Labeled Faces in the Wild: 5,749 people, with the pairs of views 1 and 2",
    family="photograph",
    channels=3,
    side=125,
    items=13_233,
    classes=5_749,
    terms="pictures from the news, whose rights are their owners': research",
    citation="huang2007labeled",
    to_add="torchvision's lfw-py: lfw_funneled/NAME/NAME_0001.jpg beside pairs.txt and its like",
)

DATA_SETS: tuple[KnownDataSet, ...] = (
    GLYPHS, OMNIGLOT, MINI_IMAGENET, MINI_IMAGENET_PICKLES, ORL_FACES, LFW, NFI_SIGNATURES, CEDAR,
    BENGALI, HINDI, LANGUAGES, DIGITS,
)  # fmt: skip
KNOWN: dict[str, KnownDataSet] = {known.name: known for known in DATA_SETS}


def known_data_set(name: str) -> KnownDataSet:
    """The entry of that name.

    Raises:
        UnknownName: if there is none, with the nearest names.
    """
    if name not in KNOWN:
        raise UnknownName("data set", name, list(KNOWN), "Type: oneshot data list")
    return KNOWN[name]


def load(name: str, directory: Path | None = None) -> DataSet:
    """A data set by name: shipped, known and added, or the user's own.

    Args:
        name: a name of the catalogue, or one that is present in the data directory.
        directory: the data directory; without it the one of `store.data_directory`.

    Raises:
        UnknownName: if the name is neither in the catalogue nor in the data directory.
        DataMissing: if it is known and not there, with the command that brings it.
        OneshotError: if what is stored is damaged or not the data set of that name.
    """
    from benchmark.datasets import store

    if name == GLYPHS.name:
        from benchmark.datasets import glyphs

        return glyphs.load()
    directory = store.data_directory(directory)
    require_present(name, directory)
    data_set = store.load(name, directory)
    _require_digest(name, data_set.digest)
    return data_set


def digest_at_hand(name: str, directory: Path | None = None) -> str | None:
    """Identity digest of a data set as it is here, without reading its items.

    None where it is not in the data directory, or what is there is damaged.
    """
    from benchmark.datasets import store
    from benchmark.datasets.description import read_digest

    if name == GLYPHS.name:
        from benchmark.datasets.glyphs import SHA256

        return SHA256
    if name in KNOWN and KNOWN[name].digest is not None:
        return KNOWN[name].digest  # every copy that can be loaded has it
    try:
        return read_digest(name, store.data_directory(directory))
    except OneshotError:
        return None


def verify(name: str, directory: Path | None = None) -> Verified:
    """Recompute what is stored under `name`, and hold its identity against the catalogue.

    Raises:
        OneshotError: as `load` does, and if a stored value has changed.
    """
    from benchmark.datasets import store

    directory = store.data_directory(directory)
    require_present(name, directory)
    verified = store.verify(name, directory)
    _require_digest(name, verified.digest)
    return verified


def require_present(name: str, directory: Path) -> None:
    """Raise DataMissing with the command to type, or UnknownName, unless `name` is stored."""
    from benchmark.datasets import store

    own = store.present(directory)
    if name in own:
        return
    if name not in KNOWN:
        raise UnknownName("data set", name, sorted({*KNOWN, *own}), "Type: oneshot data list")
    known = KNOWN[name]
    if known.shipped:
        raise OneshotError(f"'{name}' comes with the package and is not kept in {directory}.")
    raise DataMissing(f"The data set '{name}' is not in {directory}.", f"Type: {known.how_to_get}")


def _require_digest(name: str, digest: str) -> None:
    expected = KNOWN[name].digest if name in KNOWN else None
    if expected is not None and digest != expected:
        raise OneshotError(
            f"What is stored as '{name}' is other data (digest {digest[:12]}, expected "
            f"{expected[:12]}).",
            f"Type: {KNOWN[name].how_to_get}",
        )
