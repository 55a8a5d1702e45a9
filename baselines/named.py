"""The models with a name of their own: fixed ones, and trained ones with a whole recipe."""

from __future__ import annotations

from typing import Any

from baselines.entry import ModelEntry

FIXED = (
    ModelEntry(
        key="chance",
        target="baselines.fixed.chance:Chance",
        recipe="ChanceRecipe",
        title="Chance",
        family="fixed",
        offers="EpisodeClassifier",
    ),
    ModelEntry(
        key="pixels-euclidean",
        target="baselines.fixed.pixels:Pixels",
        recipe="PixelsRecipe",
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
        recipe="PixelsRecipe",
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
        recipe="HausdorffRecipe",
        title="Modified Hausdorff",
        family="fixed",
        offers="ImagePairScorer",
        paper="Dubuisson and Jain 1994",
        bibtex="dubuisson1994modified",
    ),
    ModelEntry(
        key="untrained-conv4",
        target="baselines.fixed.untrained:Untrained",
        recipe="UntrainedRecipe",
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
        recipe="HogRecipe",
        title="HOG, cosine",
        family="fixed",
        offers="Embedder",
        paper="Dalal and Triggs 2005",
        bibtex="dalal2005histograms",
    ),
    ModelEntry(
        key="ngrams-cosine",
        target="baselines.fixed.ngrams:Ngrams",
        recipe="NgramsRecipe",
        title="Character n-grams, cosine",
        family="fixed",
        offers="Embedder",
        paper="Cavnar and Trenkle 1994",
        bibtex="cavnar1994ngram",
        settings={"distance": "cosine"},
    ),
    ModelEntry(
        key="frozen-efficientnet-lite0",
        target="baselines.fixed.frozen:Frozen",
        recipe="FrozenRecipe",
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
        recipe="SiameseRecipe",
        title="Siamese, best recipe",
        family="siamese",
        offers="Embedder",
        paper="Chen et al. 2020",
        bibtex="chen2020simple",
        also=("bromley1993signature",),
        settings=BEST,
    ),
    ModelEntry(
        key="siamese-best-views",
        target="baselines.siamese.network:Siamese",
        recipe="SiameseRecipe",
        title="Siamese, best recipe, 10 views",
        family="siamese",
        offers="Embedder",
        paper="Chen et al. 2020",
        bibtex="chen2020simple",
        also=("bromley1993signature",),
        settings={**BEST, "views": 10},
    ),
)
