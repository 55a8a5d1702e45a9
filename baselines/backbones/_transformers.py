"""Vision encoders of Hugging Face's transformers as backbones."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from torch import Tensor, nn

from baselines.backbones._pretrained import IMAGENET_MEAN, IMAGENET_SPREAD, Normalise
from benchmark.errors import OneshotError, Refused


class FromTransformers(nn.Module):
    """The pooled output of a vision encoder, or the mean over its tokens where it has none.

    Args:
        encoder: the network.
        pooled: take the pooled output; False where the pooling has no published weights.
    """

    def __init__(self, encoder: nn.Module, pooled: bool = True) -> None:
        super().__init__()
        self.encoder = encoder
        self.pooled = pooled

    def forward(self, images: Tensor) -> Tensor:
        """float32 [n, c, h, w] -> [n, e]."""
        out = self.encoder(pixel_values=images)
        pooled: Tensor | None = getattr(out, "pooler_output", None)
        if self.pooled and pooled is not None:
            return pooled.flatten(1)
        last: Tensor = out.last_hidden_state  # [n, t, e], or [n, e, h, w] of a convolutional one
        return last.mean(dim=1) if last.ndim == 3 else last.mean(dim=(2, 3))


def make(library: ModuleType, name: str, channels: int, side: int, pretrained: bool) -> nn.Module:
    """A vision encoder for images of one size.

    Raises:
        Refused: published weights of a type of network, which has no owner.
        OneshotError: the published weights leave a part of the network out.
    """
    if "/" in name:  # owner/model: its configuration comes from the hub or a folder
        config = library.AutoConfig.from_pretrained(name)
    elif pretrained:
        raise Refused(
            f"'hf:{name}' is a type of network without published weights.",
            "Name one with its owner, such as hf:facebook/dinov2-small.",
        )
    else:  # a model type such as "vit" or "dinov2" in its default size
        config = library.AutoConfig.for_model(name)
    config = getattr(config, "vision_config", config)  # of models with a text half
    if pretrained:
        return _published(library, name, config)
    config.num_channels, config.image_size = channels, side
    return FromTransformers(library.AutoModel.from_config(config))


def _published(library: ModuleType, name: str, config: Any) -> nn.Module:
    # The configuration stays as it is: weights of positions fit its size of images alone.
    encoder, loading = library.AutoModel.from_pretrained(
        name, config=config, output_loading_info=True
    )
    missing = [str(key) for key in loading["missing_keys"]]
    pooling = [key for key in missing if key.startswith("pooler.")]
    if len(missing) > len(pooling):  # transformers would draw them at random
        raise OneshotError(f"The published weights of 'hf:{name}' leave out {missing[0]}.")
    shown = library.AutoImageProcessor.from_pretrained(name)
    mean = getattr(shown, "image_mean", None) or IMAGENET_MEAN
    spread = getattr(shown, "image_std", None) or IMAGENET_SPREAD
    return nn.Sequential(Normalise(mean, spread), FromTransformers(encoder, pooled=not pooling))
