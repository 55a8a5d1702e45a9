"""Proxy-NCA.

Movshovitz-Attias, Toshev, Leung, Ioffe, Singh: No Fuss Distance Metric Learning Using Proxies. ICCV
2017: one learned proxy stands for each training class.

L = mean over x of -log(exp(-d(p_y, x) / t) / sum_c exp(-d(p_c, x) / t)).

Differences: the denominator holds the proxy of x's own class too (as in pytorch-metric-learning and
in Teh, DeVries, Taylor: ProxyNCA++. ECCV 2020, whose temperature this is), without which the loss
falls without limit; any distance, the proxy as its first argument, measured by `Loss.similarity`;
proxies learn at the network's rate.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from baselines.siamese.losses._proxies import ProxyLoss
from baselines.siamese.traits import Needs
from benchmark.models.distances._distance import Distance

TITLE = "proxy NCA"
PAPER = ("Movshovitz-Attias et al. 2017", "movshovitz2017no")
NEEDS = Needs(
    temperature=1 / 9,  # of ProxyNCA++
)


class ProxyNca(ProxyLoss):
    """A softmax over all training classes, each represented by its proxy."""

    def forward(
        self, distance: Distance, embeddings: Tensor, labels: Tensor, chosen: Tensor | None
    ) -> Tensor:
        """Scalar >= 0 in nats; see `Loss.forward` for the arguments."""
        logits = self.sharpened(distance(self.proxies, embeddings)).T  # [b, c]
        return functional.cross_entropy(logits, labels)
