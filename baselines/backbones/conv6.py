"""Conv6: six blocks of a 3x3 convolution, batch norm and ReLU; the first four pool.

Chen, Liu, Kira, Wang, Huang: A Closer Look at Few-shot Classification. ICLR 2019.

Differences: weights as PyTorch draws them for convolutions, as in our Conv4; theirs by He et al.
2015.
"""

from __future__ import annotations

from baselines.backbones._plain import Plain


class Conv6(Plain):
    """Images of any side >= 16 -> the last map: 64 numbers from 28x28, 1600 from 84x84."""

    filters = (64,) * 6
