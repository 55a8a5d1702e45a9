"""ResNet-18: four stages of two basic blocks, 64 to 512 filters; 11.2 million parameters.

He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition. CVPR 2016; in few-shot learning
since Chen, Liu, Kira, Wang, Huang: A Closer Look at Few-shot Classification. ICLR 2019.

Differences: the first convolution is that of Boudiaf et al.: Transductive Information Maximization
for Few-Shot Learning. NeurIPS 2020 (3x3, stride 1, no pooling), for images of 84x84 and less. Chen
et al. feed images of 224x224 to a 7x7 convolution of stride 2 and a pooling layer.
"""

from __future__ import annotations

from baselines.backbones._basic_blocks import BasicResnet

TITLE = "ResNet-18"


class Resnet18(BasicResnet):
    """Images of any side >= 8 -> the mean of the last map: 512 numbers.

    The maps have sides 28, 14, 7 and 4 from 28x28; 84, 42, 21 and 11 from 84x84.
    """

    blocks = (2, 2, 2, 2)
