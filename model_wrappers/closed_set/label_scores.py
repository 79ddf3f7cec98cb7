"""What a closed set's labels are worth to a model: log-likelihoods and the fairer variants of them."""

from dataclasses import dataclass

import torch
from PIL import Image
from torch import Tensor

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)  # OpenAI CLIP's preprocessing, of every LLaVA and InstructBLIP encoder


@dataclass(frozen=True, slots=True)
class LabelScores:
    """Natural logarithms of label probabilities given image and prompt, for B images and L labels.

    `total` is the primary score: log p(label tokens | image, prompt), what one full forward pass for each label sums
    up to. It knows no end of answer, so that a label never loses to one that it begins (`LabelTrie.prefix_pairs`).

    Attributes:
        total: (B, L) float32, at most 0.
        greedy: (B, L) bool, whether each token of the label is the model's first choice in its place.
        lengths: (L,) int64, tokens of each label.
        end: (B, L) float32, log-probability that the answer ends after the label; None if it was not asked for.
    """

    total: Tensor
    greedy: Tensor
    lengths: Tensor
    end: Tensor | None = None

    @property
    def per_token(self) -> Tensor:
        """(B, L) mean log-probability of a token; its negative is the loss that lmms-eval's multiple_choice takes."""
        return self.total / self.lengths

    @property
    def with_end(self) -> Tensor:
        """(B, L) log p(label and then the end of the answer | image, prompt).

        Raises:
            ValueError: the labels were scored without end tokens.
        """
        if self.end is None:
            raise ValueError("these labels were scored without end tokens: pass end_tokens= to score_labels")
        return self.total + self.end

    def over_prior(self, prior: "LabelScores") -> Tensor:
        """(B, L) pointwise mutual information of image and label: `total` minus that of an image without content.

        Args:
            prior: the same labels after the same prompt with `content_free_image`; one row, or one for each image.

        Raises:
            ValueError: other labels, or rows that don't fit.
        """
        if prior.total.shape[1] != self.total.shape[1] or prior.total.shape[0] not in (1, self.total.shape[0]):
            raise ValueError(f"a prior of shape {tuple(prior.total.shape)} does not fit {tuple(self.total.shape)}")
        return self.total - prior.total


def content_free_image(size: tuple[int, int], mean: tuple[float, float, float] = CLIP_MEAN) -> Image.Image:
    """An image of (width, height) `size` in the encoder's mean colour: nearly 0 after its normalisation."""
    red, green, blue = (round(255 * value) for value in mean)
    return Image.new("RGB", size, (red, green, blue))


def joined_scores(parts: list[LabelScores]) -> LabelScores:
    """The scores of several batches of images against the same labels, in order."""
    ends = [part.end for part in parts if part.end is not None]
    return LabelScores(
        total=torch.cat([part.total for part in parts]),
        greedy=torch.cat([part.greedy for part in parts]),
        lengths=parts[0].lengths,
        end=torch.cat(ends) if ends else None,
    )
