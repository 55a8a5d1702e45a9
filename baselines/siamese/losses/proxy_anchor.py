"""Proxy anchor loss.

Kim, Kim, Cho, Kwak: Proxy Anchor Loss for Deep Metric Learning. CVPR 2020, eq. 4: one learned proxy
of each training class is the anchor of the whole batch.

L = 1/|P+| sum_{p in P+} log(1 + sum_{x of p} exp(-A (s(p, x) - D)))
  + 1/|P| sum_p log(1 + sum_{x not of p} exp(A (s(p, x) + D))),
P+ the proxies of classes in the batch.

Differences: s is `Loss.similarity` of any distance, the proxy as its first argument, the cosine for
the cosine distance; proxies learn at the network's rate (the paper's 100 times faster; ten times
was worse here, on validation).
"""

from __future__ import annotations

import torch
from torch import Tensor

from baselines.siamese.losses._masks import log_one_plus_sum_exp, mean_over
from baselines.siamese.losses._proxies import ProxyLoss
from baselines.siamese.traits import Needs
from benchmark.models.distances._distance import Distance

PAPER = ("Kim et al. 2020", "kim2020proxy")
NEEDS = Needs(
    temperature=1 / 32,  # 1 / A, as published
)


class ProxyAnchor(ProxyLoss):
    """Each proxy pulls all items of its class and pushes all others."""

    margin_of_similarity = 0.1  # D, as published

    def forward(
        self, distance: Distance, embeddings: Tensor, labels: Tensor, chosen: Tensor | None
    ) -> Tensor:
        """Scalar >= 0 in nats; see `Loss.forward` for the arguments."""
        s = self.similarity(distance(self.proxies, embeddings))  # [c, b]
        own = torch.arange(len(s), device=s.device)[:, None] == labels[None, :]
        scale = 1 / self.temperature
        pull = log_one_plus_sum_exp(-scale * (s - self.margin_of_similarity), own)  # [c]
        push = log_one_plus_sum_exp(scale * (s + self.margin_of_similarity), ~own)
        return mean_over(pull, own.any(dim=1)) + push.mean()
