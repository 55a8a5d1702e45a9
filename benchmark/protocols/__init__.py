"""What models offer and how tasks judge them.

The interfaces of models are imported from here; each evaluation protocol has a folder of its own.
"""

from benchmark.protocols.interfaces import (
    PARTS,
    Embedder,
    EmbeddingClassifier,
    EpisodeClassifier,
    ImagePairScorer,
    PairHead,
    Progress,
    Seen,
    SplitSize,
    TrackInfo,
    Trainable,
    TrainingData,
    TrainingResult,
    TrainingRun,
    unmarked,
)

__all__ = [
    "PARTS",
    "Embedder",
    "EmbeddingClassifier",
    "EpisodeClassifier",
    "ImagePairScorer",
    "PairHead",
    "Progress",
    "Seen",
    "SplitSize",
    "TrackInfo",
    "Trainable",
    "TrainingData",
    "TrainingResult",
    "TrainingRun",
    "unmarked",
]
