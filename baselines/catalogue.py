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
        key="matching",
        target="baselines.episodic.matching:Matching",
        title="Matching",
        family="episodic",
        offers="EmbeddingClassifier",
        paper="Vinyals et al. 2016",
        bibtex="vinyals2016matching",
    ),
    Method(
        key="matching-fce",
        target="baselines.episodic.matching:FullContext",
        title="Matching with full context",
        family="episodic",
        offers="EmbeddingClassifier",
        paper="Vinyals et al. 2016",
        bibtex="vinyals2016matching",
    ),
    Method(
        key="relation",
        target="baselines.episodic.relation:Relation",
        title="Relation",
        family="episodic",
        offers="PairHead",
        paper="Sung et al. 2018",
        bibtex="sung2018learning",
        settings={"shots": "prototype"},  # the paper sums the maps of a class's supports
    ),
    Method(
        key="r2d2",
        target="baselines.episodic.r2d2:R2D2",
        title="R2D2",
        family="episodic",
        offers="EmbeddingClassifier",
        paper="Bertinetto et al. 2019",
        bibtex="bertinetto2019meta",
    ),
    Method(
        key="metaoptnet-ridge",
        target="baselines.episodic.metaoptnet_ridge:MetaOptNetRidge",
        title="MetaOptNet-RR",
        family="episodic",
        offers="EmbeddingClassifier",
        paper="Lee et al. 2019",
        bibtex="lee2019meta",
    ),
    Method(
        key="feat",
        target="baselines.episodic.feat:Feat",
        title="FEAT",
        family="episodic",
        offers="EmbeddingClassifier",
        paper="Ye et al. 2020",
        bibtex="ye2020few",
    ),
    Method(
        key="baseline",
        target="baselines.classifier.baseline:Baseline",
        title="Baseline",
        family="classifier",
        offers="EmbeddingClassifier",
        paper="Chen et al. 2019",
        bibtex="chen2019closer",
    ),
    Method(
        key="baseline-plus-plus",
        target="baselines.classifier.baseline_plus_plus:BaselinePlusPlus",
        title="Baseline++",
        family="classifier",
        offers="EmbeddingClassifier",
        paper="Chen et al. 2019",
        bibtex="chen2019closer",
    ),
    Method(
        key="simple-shot-un",
        target="baselines.classifier.simple_shot:SimpleShot",
        title="SimpleShot UN",
        family="classifier",
        offers="EmbeddingClassifier",
        paper="Wang et al. 2019",
        bibtex="wang2019simpleshot",
        settings={"transform": "un"},
    ),
    Method(
        key="simple-shot-l2n",
        target="baselines.classifier.simple_shot:SimpleShot",
        title="SimpleShot L2N",
        family="classifier",
        offers="EmbeddingClassifier",
        paper="Wang et al. 2019",
        bibtex="wang2019simpleshot",
        settings={"transform": "l2n"},
    ),
    Method(
        key="simple-shot-cl2n",
        target="baselines.classifier.simple_shot:SimpleShot",
        title="SimpleShot CL2N",
        family="classifier",
        offers="EmbeddingClassifier",
        paper="Wang et al. 2019",
        bibtex="wang2019simpleshot",
        settings={"transform": "cl2n"},
    ),
    Method(
        key="nearest-centroid",
        target="baselines.classifier.nearest_centroid:NearestCentroid",
        title="Nearest centroid",
        family="classifier",
        offers="EmbeddingClassifier",
        paper="Chen et al. 2021",
        bibtex="chen2021meta",
    ),
    Method(
        key="logistic-regression",
        target="baselines.classifier.logistic_regression:LogisticRegression",
        title="Logistic regression",
        family="classifier",
        offers="EmbeddingClassifier",
        paper="Tian et al. 2020",
        bibtex="tian2020rethinking",
    ),
    Method(
        key="ridge",
        target="baselines.classifier.ridge:Ridge",
        title="Ridge regression",
        family="classifier",
        offers="EmbeddingClassifier",
        paper="Bertinetto et al. 2019",
        bibtex="bertinetto2019meta",
    ),
    Method(
        key="bd-cspn",
        target="baselines.transductive.bd_cspn:BdCspn",
        title="BD-CSPN",
        family="transductive",
        offers="EmbeddingClassifier",
        paper="Liu et al. 2020",
        bibtex="liu2020prototype",
        pool="transductive",
    ),
    Method(
        key="laplacian-shot",
        target="baselines.transductive.laplacian_shot:LaplacianShot",
        title="LaplacianShot",
        family="transductive",
        offers="EmbeddingClassifier",
        paper="Ziko et al. 2020",
        bibtex="ziko2020laplacian",
        pool="transductive",
    ),
    Method(
        key="transductive-fine-tuning",
        target="baselines.transductive.fine_tuning:TransductiveFineTuning",
        title="Transductive fine-tuning",
        family="transductive",
        offers="EmbeddingClassifier",
        paper="Dhillon et al. 2020",
        bibtex="dhillon2020baseline",
        pool="transductive",
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
