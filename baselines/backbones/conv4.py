"""Conv4: four blocks of a 3x3 convolution, batch norm, ReLU and 2x2 max-pooling.

Vinyals et al.: Matching Networks for One Shot Learning. NIPS 2016; as in Snell, Swersky, Zemel:
Prototypical Networks for Few-shot Learning. NIPS 2017, section 3.1.

Differences: none. Pooling comes before the ReLU, which gives the same numbers on a quarter of the
pixels.
"""

from __future__ import annotations

from baselines.backbones._plain import Plain


class Conv4(Plain):
    """Images of any side >= 16 -> the last map: 64 numbers from 28x28, 1600 from 84x84."""

    filters = (64,) * 4  # Snell et al. 2017, section 3.1
