"""What the catalogue says of a model, and of a method that takes any backbone; no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from baselines.parts import constant

Pool = Literal["inductive", "transductive", "pretrained"]
Family = Literal["siamese", "episodic", "classifier", "transductive", "fixed"]


@dataclass(frozen=True)
class ModelEntry:
    """One model of the catalogue.

    Attributes:
        key: its name on the command line and in records.
        target: "module:Class"; called with (seed, track, budget, **settings).
        recipe: the dataclass of its settings: "Class" of the same module, or "module:Class".
        title: as it stands in tables.
        family: which kind of method it is.
        offers: the protocol of `benchmark.protocols` by which the harness asks it.
        pool: what it may have seen, or sees at test time; pools never share a ranking.
        paper: short citation, "" for the suite's own.
        bibtex: key in the bibliography, "" for none.
        also: keys of what it is built on, such as a library.
        settings: what the class is called with.
        trained_for: (ways, shots) if its head is fixed to one shape by default, else None.
        grid: one of the many that are put together from a backbone, a distance and a loss.
    """

    key: str
    target: str
    recipe: str
    title: str
    family: Family
    offers: str
    pool: Pool = "inductive"
    paper: str = ""
    bibtex: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    trained_for: tuple[int, int] | None = None
    also: tuple[str, ...] = ()
    grid: bool = False

    @property
    def references(self) -> tuple[str, ...]:
        """Keys of everything to cite when it is used."""
        return (*([self.bibtex] if self.bibtex else []), *self.also)

    @property
    def protocols(self) -> tuple[str, ...]:
        """What the harness can do with it, by the names of `benchmark.protocols`."""
        trains = () if self.family == "fixed" else ("Trainable",)
        embeds = ("Embedder",) if self.offers in ("PairHead", "EmbeddingClassifier") else ()
        return (self.offers, *embeds, *trains)


@dataclass(frozen=True)
class Method:
    """A method that takes any backbone; "KEY-BACKBONE" is its model. See `ModelEntry`."""

    key: str
    target: str
    recipe: str
    title: str
    family: Family
    offers: str
    paper: str
    bibtex: str
    pool: Pool = "inductive"
    settings: Mapping[str, Any] = field(default_factory=dict)
    trained_for: tuple[int, int] | None = None
    also: tuple[str, ...] = ()

    def on(self, backbone: str) -> ModelEntry:
        """The method's model with this backbone."""
        return ModelEntry(
            key=f"{self.key}-{backbone}",
            target=self.target,
            recipe=self.recipe,
            title=f"{self.title}, {backbone_title(backbone)}",
            family=self.family,
            offers=self.offers,
            pool=self.pool,
            paper=self.paper,
            bibtex=self.bibtex,
            settings={**self.settings, "backbone": backbone},
            trained_for=self.trained_for,
            also=self.also,
        )


def backbone_title(backbone: str) -> str:
    """A backbone as it stands in tables, such as "ResNet-12"."""
    if ":" in backbone:  # of another library or a user's file
        return backbone
    return constant("backbones", backbone, "TITLE", backbone.capitalize())
