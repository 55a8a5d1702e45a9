"""Every model of the suite: fixed ones as literals, those that train by their method and parts.

Reading the catalogue imports no torch; a model's module is imported when the model is built.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Literal

from baselines.parts import part_names
from baselines.siamese.traits import distance_traits, refusal

__all__ = ["ModelEntry", "entries", "find", "part_names"]

Pool = Literal["inductive", "transductive", "pretrained"]
Family = Literal["siamese", "episodic", "fixed"]


@dataclass(frozen=True)
class ModelEntry:
    """One model of the catalogue.

    Attributes:
        key: its name on the command line and in records.
        target: "module:Class"; called with (seed, track, budget, **settings).
        title: as it stands in tables.
        family: which kind of method it is.
        offers: the protocol of `benchmark.protocols` by which the harness asks it.
        pool: what it may have seen, or sees at test time; pools never share a ranking.
        paper: short citation, "" for the suite's own.
        bibtex: key in the bibliography, "" for none.
        settings: what the class is called with.
    """

    key: str
    target: str
    title: str
    family: Family
    offers: str
    pool: Pool = "inductive"
    paper: str = ""
    bibtex: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)


FIXED = (
    ModelEntry(
        key="chance",
        target="baselines.fixed.chance:Chance",
        title="Chance",
        family="fixed",
        offers="EpisodeClassifier",
    ),
    ModelEntry(
        key="pixels-euclidean",
        target="baselines.fixed.pixels:Pixels",
        title="Pixels, Euclidean",
        family="fixed",
        offers="Embedder",
        paper="Lake et al. 2015",
        bibtex="lake2015human",
        settings={"distance": "euclidean"},
    ),
    ModelEntry(
        key="pixels-cosine",
        target="baselines.fixed.pixels:Pixels",
        title="Pixels, cosine",
        family="fixed",
        offers="Embedder",
        paper="Lake et al. 2015",
        bibtex="lake2015human",
        settings={"distance": "cosine"},
    ),
    ModelEntry(
        key="modified-hausdorff",
        target="baselines.fixed.modified_hausdorff:ModifiedHausdorff",
        title="Modified Hausdorff",
        family="fixed",
        offers="ImagePairScorer",
        paper="Dubuisson and Jain 1994",
        bibtex="dubuisson1994modified",
    ),
    ModelEntry(
        key="untrained-conv4",
        target="baselines.fixed.untrained:Untrained",
        title="Untrained Conv4",
        family="fixed",
        offers="Embedder",
        paper="Saxe et al. 2011",
        bibtex="saxe2011random",
        settings={"backbone": "conv4"},
    ),
)


TITLES = {
    "mlp": "MLP", "bce": "BCE", "weighted-l1": "weighted L1", "nca": "NCA", "nt-xent": "NT-Xent",
    "proxy-nca": "proxy NCA", "conv4-512": "Conv4-512", "resnet10": "ResNet-10",
    "resnet12": "ResNet-12", "resnet18": "ResNet-18", "wrn-28-10": "WRN-28-10",
    "vit-tiny": "ViT-Tiny", "squared-euclidean": "squared Euclidean",
    "signal-to-noise": "signal to noise",
}  # fmt: skip
# The loss is what a Siamese network is cited for; Koch's head only makes sense with Koch's paper.
PAPERS = {
    "contrastive": ("Hadsell et al. 2006", "hadsell2006dimensionality"),
    "triplet": ("Hermans et al. 2017", "hermans2017defense"),
    "bce": ("Koch et al. 2015", "koch2015siamese"),
    "triplet-semi-hard": ("Schroff et al. 2015", "schroff2015facenet"),
    "triplet-batch-hard": ("Hermans et al. 2017", "hermans2017defense"),
    "n-pairs": ("Sohn 2016", "sohn2016improved"),
    "nt-xent": ("Chen et al. 2020", "chen2020simple"),
    "supervised-contrastive": ("Khosla et al. 2020", "khosla2020supervised"),
    "multi-similarity": ("Wang et al. 2019", "wang2019multi"),
    "circle": ("Sun et al. 2020", "sun2020circle"),
    "lifted-structure": ("Song et al. 2016", "song2016deep"),
    "angular": ("Wang et al. 2017", "wang2017deep"),
    "proxy-nca": ("Movshovitz-Attias et al. 2017", "movshovitz2017no"),
    "proxy-anchor": ("Kim et al. 2020", "kim2020proxy"),
    "prototypical": ("Snell et al. 2017", "snell2017prototypical"),
    "nca": ("Goldberger et al. 2004", "goldberger2004neighbourhood"),
}


def entries() -> tuple[ModelEntry, ...]:
    """Every model with a name: the fixed ones, then each method with all parts that make sense."""
    episodic = (_prototypical(backbone) for backbone in part_names("backbones"))
    parts = product(part_names("backbones"), part_names("distances"), part_names("losses"))
    siamese = (_siamese(*names) for names in parts if refusal(*names[1:]) is None)
    return (*FIXED, *episodic, *siamese)


def find(key: str) -> ModelEntry | None:
    """The entry of a key, or None.

    A Siamese key of known parts is found even where the parts do not fit together: building it
    says why.
    """
    for entry in FIXED:
        if entry.key == key:
            return entry
    for backbone in part_names("backbones"):
        if key == f"prototypical-{backbone}":
            return _prototypical(backbone)
    if key.startswith("siamese-"):
        parts = product(part_names("backbones"), part_names("distances"), part_names("losses"))
        for names in parts:
            if key == f"siamese-{'-'.join(names)}":
                return _siamese(*names)
    return None


def _prototypical(backbone: str) -> ModelEntry:
    return ModelEntry(
        key=f"prototypical-{backbone}",
        target="baselines.episodic.prototypical:Prototypical",
        title=f"Prototypical, {_title(backbone)}",
        family="episodic",
        offers="Embedder",
        paper="Snell et al. 2017",
        bibtex="snell2017prototypical",
        settings={"backbone": backbone},
    )


def _siamese(backbone: str, distance: str, loss: str) -> ModelEntry:
    paper, bibtex = PAPERS.get(loss, ("Bromley et al. 1993", "bromley1993signature"))
    return ModelEntry(
        key=f"siamese-{backbone}-{distance}-{loss}",
        target="baselines.siamese.network:Siamese",
        title=f"Siamese {_title(backbone)}, {_title(distance, False)}, {_title(loss, False)}",
        family="siamese",
        offers="Embedder" if distance_traits(distance).harness else "PairHead",
        paper=paper,
        bibtex=bibtex,
        settings={"backbone": backbone, "distance": distance, "loss": loss},
    )


def _title(part: str, capital: bool = True) -> str:
    return TITLES.get(part, part.capitalize() if capital else part)
