"""Zero-shot classification: a class is the mean text feature of its sentences, an image the class most like it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import normalize

from emt_tasks.labels import ALL_SETS, label_set
from model_wrappers.zero_shot.prompt_templates import CLASS, Templates

SENTENCES_AT_ONCE = 640  # 8 classes with ImageNet's 80 sentences each


@dataclass(frozen=True, slots=True)
class Asked:
    """What an encoder is asked with for a row's labels.

    Attributes:
        key: the label set's name; "" if it is none of ours.
        names: the classes in the order of the labels.
    """

    key: str
    names: tuple[str, ...]


def asked_with(labels: Sequence[str]) -> Asked:
    """Of an EMT set CLIP's clearer names of its classes ("African wild dog"); of others the labels themselves."""
    words = tuple(labels)
    key = next((key for key in ALL_SETS if label_set(key).labels == words), "")
    return Asked(key, label_set(key).clip_names if key else words)


class Classifiers:
    """One classifier for each list of labels, built when it is first asked for and kept.

    Args:
        model: an open_clip model in eval mode.
        tokenizer: its tokenizer.
        templates: the sentences.
        device: where the model is.
    """

    def __init__(self, model: Any, tokenizer: Any, templates: Templates, device: torch.device) -> None:
        self._model, self._tokenizer, self._templates, self._device = model, tokenizer, templates, device
        self._built: dict[tuple[str, ...], Tensor] = {}

    def of(self, labels: tuple[str, ...]) -> Tensor:
        """The unit features of `labels`: (classes, dimensions) float32.

        Raises:
            EmtError: the templates say nothing about them.
        """
        if labels not in self._built:
            asked = asked_with(labels)
            sentences = self._templates.sentences(asked.key)
            self._built[labels] = class_features(self._model, self._tokenizer, asked.names, sentences, self._device)
        return self._built[labels]


@torch.inference_mode()
def class_features(
    model: Any, tokenizer: Any, names: Sequence[str], sentences: Sequence[str], device: torch.device
) -> Tensor:
    """One unit feature for each class: the mean over its sentences of their unit text features, made unit again.

    Source: CLIP (arXiv 2103.00020), section 3.1.4, prompt ensembling.

    Returns:
        (classes, dimensions) float32.
    """
    at_once, features = max(1, SENTENCES_AT_ONCE // len(sentences)), []
    for start in range(0, len(names), at_once):
        some = names[start : start + at_once]
        texts = [sentence.replace(CLASS, name) for name in some for sentence in sentences]
        encoded = normalize(model.encode_text(tokenizer(texts).to(device)).float(), dim=-1)
        features.append(encoded.view(len(some), len(sentences), -1).mean(dim=1))
    return normalize(torch.cat(features), dim=-1)


@torch.inference_mode()
def image_features(model: Any, pixels: Tensor) -> Tensor:
    """The unit features of B pictures: (B, dimensions) float32.

    Args:
        model: an open_clip model in eval mode.
        pixels: (B, 3, H, W) as its preprocessing makes them, on its device.
    """
    return normalize(model.encode_image(pixels).float(), dim=-1)
