"""Networks whose features and classifier rows can be looked at."""

from typing import Literal

import torch
from torch import Tensor, nn
from torchvision.models import resnet18

Stem = Literal["cifar", "imagenet"]
SMALL = 64  # pixels: pictures up to here lose too much in ImageNet's stem, which leaves 1/4 of their side


class Classifier(nn.Module):
    """A network that tells its features besides its answer."""

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Features (B, d), what the classifier reads, and logits (B, classes), of (B, 3, S, S) pictures."""
        raise NotImplementedError

    @property
    def rows(self) -> Tensor:
        """The classifier's rows: (classes, d)."""
        raise NotImplementedError

    def learning(self) -> None:
        """Put what learns into training mode, and nothing else."""
        self.train()


class ResNet18(Classifier):
    """torchvision's ResNet18 from scratch.

    Args:
        classes: that it tells apart.
        stem: `imagenet` as it comes; `cifar` begins with a 3x3 convolution of stride 1 and no pooling (He et al. 2015,
            section 4.2), for small pictures.
        seed: of its first weights.
    """

    def __init__(self, classes: int, stem: Stem, seed: int) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.net = resnet18(num_classes=classes)
            if stem == "cifar":
                self.net.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
                nn.init.kaiming_normal_(self.net.conv1.weight, mode="fan_out", nonlinearity="relu")
                self.net.maxpool = nn.Identity()
        self.head = self.net.fc
        self.net.fc = nn.Identity()
        self.to(memory_format=torch.channels_last)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """As of `Classifier`."""
        features = self.net(pixels)
        return features, self.head(features)

    @property
    def rows(self) -> Tensor:
        """As of `Classifier`."""
        found: Tensor = self.head.weight.detach()
        return found


def stem_for(side: int) -> Stem:
    """The stem for pictures of that side.

    >>> stem_for(32), stem_for(84)
    ('cifar', 'imagenet')
    """
    return "cifar" if side <= SMALL else "imagenet"
