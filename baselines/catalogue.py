"""Every model of the suite: fixed ones as literals, those that train by their method and parts.

Reading the catalogue imports no torch; a model's module is imported when the model is built.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Literal

from baselines.parts import constant, part_names
from baselines.siamese.traits import distance_traits, refusal

__all__ = ["ModelEntry", "entries", "find", "part_names"]

Pool = Literal["inductive", "transductive", "pretrained"]
Family = Literal["siamese", "episodic", "classifier", "transductive", "fixed"]


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
        grid: one of the many that are put together from a backbone, a distance and a loss.
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
    grid: bool = False


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
    ModelEntry(
        key="hog",
        target="baselines.fixed.hog:Hog",
        title="HOG, cosine",
        family="fixed",
        offers="Embedder",
        paper="Dalal and Triggs 2005",
        bibtex="dalal2005histograms",
    ),
    ModelEntry(
        key="frozen-efficientnet-lite0",
        target="baselines.fixed.frozen:Frozen",
        title="EfficientNet-Lite0, published weights",
        family="fixed",
        offers="Embedder",
        pool="pretrained",
        paper="Donahue et al. 2014",
        bibtex="donahue2014decaf",
        settings={"backbone": "efficientnet-lite0"},
    ),
)

# The best Siamese network that the suite knows for characters. Every number was chosen by training
# on 25 alphabets of Omniglot's background set and asking about the other 5; a final fit then trains
# on all 30 for as many items.
BEST: dict[str, Any] = {
    "backbone": "conv4-128",
    "distance": "cosine",
    "loss": "nt-xent",
    "learn_temperature": True,
    "input_size": 32,
    "classes": 60,
    "per_class": 2,
    "turns": True,
    "rotation": 10.0,
    "scale": 0.15,
    "shear": 0.15,
    "shift": 0.08,
    "learning_rate": 0.004,
    "items": 480_000,
    "final_fit": True,
}
NAMED = (  # trained models with a name of their own
    ModelEntry(
        key="siamese-best",
        target="baselines.siamese.network:Siamese",
        title="Siamese, best recipe",
        family="siamese",
        offers="Embedder",
        paper="Chen et al. 2020",
        bibtex="chen2020simple",
        settings=BEST,
    ),
    ModelEntry(
        key="siamese-best-views",
        target="baselines.siamese.network:Siamese",
        title="Siamese, best recipe, 10 views",
        family="siamese",
        offers="Embedder",
        paper="Chen et al. 2020",
        bibtex="chen2020simple",
        settings={**BEST, "views": 10},
    ),
)


@dataclass(frozen=True)
class Method:
    """A method that takes any backbone; "KEY-BACKBONE" is its model. See `ModelEntry`."""

    key: str
    target: str
    title: str
    family: Family
    offers: str
    paper: str
    bibtex: str
    pool: Pool = "inductive"
    settings: Mapping[str, Any] = field(default_factory=dict)

    def on(self, backbone: str) -> ModelEntry:
        """The method's model with this backbone."""
        return ModelEntry(
            key=f"{self.key}-{backbone}",
            target=self.target,
            title=f"{self.title}, {_backbone_title(backbone)}",
            family=self.family,
            offers=self.offers,
            pool=self.pool,
            paper=self.paper,
            bibtex=self.bibtex,
            settings={**self.settings, "backbone": backbone},
        )


METHODS = (
    Method(
        key="prototypical",
        target="baselines.episodic.prototypical:Prototypical",
        title="Prototypical",
        family="episodic",
        offers="Embedder",
        paper="Snell et al. 2017",
        bibtex="snell2017prototypical",
    ),
    Method(
        key="maml",
        target="baselines.episodic.maml:Maml",
        title="MAML",
        family="episodic",
        offers="EpisodeClassifier",
        paper="Finn et al. 2017",
        bibtex="finn2017model",
    ),
    Method(
        key="maml-transductive",
        target="baselines.episodic.maml:Maml",
        title="MAML, queries normalise each other",
        family="transductive",
        offers="EpisodeClassifier",
        paper="Finn et al. 2017",
        bibtex="finn2017model",
        pool="transductive",
        settings={"statistics": "queries"},
    ),
    Method(
        key="anil",
        target="baselines.episodic.anil:Anil",
        title="ANIL",
        family="episodic",
        offers="EpisodeClassifier",
        paper="Raghu et al. 2020",
        bibtex="raghu2020rapid",
    ),
    Method(
        key="reptile",
        target="baselines.episodic.reptile:Reptile",
        title="Reptile",
        family="episodic",
        offers="EpisodeClassifier",
        paper="Nichol et al. 2018",
        bibtex="nichol2018first",
    ),
)
# A Siamese network is cited for its loss, or for the idea where the loss has no paper.
SIAMESE = ("Bromley et al. 1993", "bromley1993signature")


def entries() -> tuple[ModelEntry, ...]:
    """Every model: those with a name of their own, then each method with all fitting parts."""
    methods = (method.on(name) for method in METHODS for name in part_names("backbones"))
    parts = product(part_names("backbones"), part_names("distances"), part_names("losses"))
    siamese = (_siamese(*names) for names in parts if refusal(*names[1:]) is None)
    return (*FIXED, *NAMED, *methods, *siamese)


def find(key: str) -> ModelEntry | None:
    """The entry of a key, or None.

    A Siamese key of known parts is found even where the parts do not fit together: building it
    says why.
    """
    for entry in (*FIXED, *NAMED):
        if entry.key == key:
            return entry
    for method in METHODS:
        for backbone in part_names("backbones"):
            if key == f"{method.key}-{backbone}":
                return method.on(backbone)
    if key.startswith("siamese-"):
        parts = product(part_names("backbones"), part_names("distances"), part_names("losses"))
        for names in parts:
            if key == f"siamese-{'-'.join(names)}":
                return _siamese(*names)
    return None


def parts(kind: Literal["distances", "losses"]) -> list[dict[str, Any]]:
    """One row for each distance or loss: its name, its title in tables, and its paper."""
    return [
        {
            "name": name,
            "title": constant(kind, name, "TITLE", name),
            "paper": constant(kind, name, "PAPER", ("", ""))[0],
        }
        for name in part_names(kind)
    ]


def _siamese(backbone: str, distance: str, loss: str) -> ModelEntry:
    paper, bibtex = constant("losses", loss, "PAPER", SIAMESE)
    titles = (
        _backbone_title(backbone),
        constant("distances", distance, "TITLE", distance),
        constant("losses", loss, "TITLE", loss),
    )
    return ModelEntry(
        key=f"siamese-{backbone}-{distance}-{loss}",
        target="baselines.siamese.network:Siamese",
        title=f"Siamese {', '.join(titles)}",
        family="siamese",
        offers="Embedder" if distance_traits(distance).harness else "PairHead",
        paper=paper,
        bibtex=bibtex,
        settings={"backbone": backbone, "distance": distance, "loss": loss},
        grid=True,
    )


def _backbone_title(backbone: str) -> str:
    return constant("backbones", backbone, "TITLE", backbone.capitalize())
