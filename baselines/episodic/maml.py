"""Model-agnostic meta-learning, on learn2learn's implementation.

Finn, Abbeel, Levine: Model-Agnostic Meta-Learning for Fast Adaptation of Deep Networks. ICML 2017,
algorithm 2; `first_order` is their first-order approximation, section 5.2.
Arnold, Mahajan, Datta, Bunner, Zarkias: learn2learn: A Library for Meta-Learning Research. 2020.

Idea: learns initial weights from which a few gradient steps on the support of a new episode give a
good classifier. The queries' loss after those steps is differentiated through them (or, first
order, as if they were not there).

Differences: batch norm takes its statistics from the support set (`_episode_norm.py`), so that no
query sees another; the original normalises the queries by each other, which is the variant
"maml-transductive". Training follows the suite's optimiser, schedule and augmentation, with fewer
episodes a step.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import warnings
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from baselines.episodic._adaptation import AdaptingNetwork
from benchmark.errors import Refused
from benchmark.protocols import TrackInfo


class Maml(AdaptingNetwork):
    """Adapts all weights to the support by gradient descent; see `AdaptingNetwork`.

    Raises:
        Refused: learn2learn is not installed.
    """

    defaults: ClassVar[dict[str, dict[str, Any]]] = {
        "photograph": {"inner_steps": 5, "inner_rate": 0.01, "test_steps": 10}  # appendix A.1
    }

    def __init__(self, seed: int, track: TrackInfo, budget: str = "quick", **settings: Any) -> None:
        learn2learn()
        super().__init__(seed, track, budget, **settings)

    def answers(
        self, support: Tensor, labels: Tensor, queries: Tensor, steps: int, first_order: bool
    ) -> Tensor:
        """Logits [q, ways] of a clone after `steps` on the support."""
        learner = adapting(self, self.recipe.inner_rate, first_order)
        for _ in range(steps):
            learner.adapt(cross_entropy(learner(support), labels))
        if self.recipe.statistics == "queries":
            scores: Tensor = learner(queries)
            return scores
        with self.statistics.of_first(len(support)):
            scores = learner(torch.cat([support, queries]))
        return scores[len(support) :]


def adapting(network: nn.Module, rate: float, first_order: bool) -> Any:
    """A clone of `network` with a method `adapt(loss)`, differentiable with respect to it."""
    maml = learn2learn().MAML(network, lr=rate, first_order=first_order, allow_unused=True)
    return maml.clone()


def learn2learn() -> Any:
    """The module `learn2learn.algorithms`, without the notice that gym prints.

    Raises:
        Refused: it is not installed.
    """
    quiet = io.StringIO()
    with (
        contextlib.redirect_stdout(quiet),
        contextlib.redirect_stderr(quiet),
        contextlib.suppress(ImportError),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        return importlib.import_module("learn2learn.algorithms")
    raise Refused("MAML and ANIL need learn2learn 0.2.0.", "Type: make learn2learn")
