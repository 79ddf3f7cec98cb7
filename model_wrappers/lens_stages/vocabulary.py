"""LENS's tags and attributes: phrases with their features, and those most like an image."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from emt_tasks.errors import EmtError, UnknownName
from model_wrappers.checkpoints.hub_files import find_file, require_on_hub
from model_wrappers.zero_shot.classifier import class_features
from model_wrappers.zero_shot.loading import Encoder

LENS = "lens"
"""The vocabularies that LENS was published with."""


@dataclass(frozen=True, slots=True)
class Published:
    """Where a published vocabulary is: phrases as a dataset, features as a file (`llm-lens` package 0.0.0.3)."""

    dataset: str
    split: str
    repository: str
    file: str


PUBLISHED: Mapping[str, Published] = {
    "tags": Published("llm-lens/vocab_tags", "train", "llm-lens/tags", "zw_tags_laion_ViT_H_14_2B_vocab_lens.pt"),
    "attributes": Published(
        "llm-lens/descriptors-text-davinci-003",
        "full",
        "llm-lens/attributes",
        "zw_attributes_laion_ViT_H_14_2B_descriptors_text_davinci_003_full.pt",
    ),
}


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """Phrases to choose from.

    Attributes:
        phrases: V of them.
        weights: (D, V) float32, a unit feature in each column.
    """

    phrases: tuple[str, ...]
    weights: Tensor

    def nearest(self, features: Tensor, most: int, least: float) -> list[tuple[str, ...]]:
        """The phrases most like each of B images, the likest first.

        Args:
            features: (B, D) float32, unit length.
            most: at most so many phrases.
            least: none of less cosine similarity.
        """
        scores, places = (features @ self.weights).topk(min(most, len(self.phrases)), dim=-1)
        pairs = zip(scores.tolist(), places.tolist(), strict=True)
        return [
            tuple(self.phrases[place] for score, place in zip(row, where, strict=True) if score >= least)
            for row, where in pairs
        ]

    @property
    def fingerprint(self) -> str:
        """The sha256, in hex, of phrases and features."""
        content = "\n".join(self.phrases).encode() + self.weights.cpu().numpy().tobytes()
        return hashlib.sha256(content).hexdigest()


def locate_vocabulary(kind: str, asked: str) -> str:
    """What `asked` means: the file, or the hub's repository of the published one, which was found there.

    Raises:
        EmtError: there is no such file, or the hub does not have it or can't be reached.
    """
    require_vocabulary(kind, asked)
    if asked != LENS:
        return asked
    require_on_hub(PUBLISHED[kind].repository, [PUBLISHED[kind].file], kind)
    return PUBLISHED[kind].repository


def require_vocabulary(kind: str, asked: str) -> None:
    """Raise where `asked` is neither `lens` nor a file.

    Raises:
        UnknownName: it is neither.
    """
    if asked != LENS and not Path(asked).expanduser().is_file():
        raise UnknownName(f"file or vocabulary of {kind}", asked, [LENS])


def read_vocabulary(kind: str, asked: str, encoder: Encoder, device: torch.device) -> Vocabulary:
    """The vocabulary that `tags=` or `attributes=` means.

    Args:
        kind: `tags` or `attributes`.
        asked: `lens`, or a text file with a phrase in each line, which the encoder is asked with as it stands.
        encoder: an open_clip encoder.
        device: where it is.

    Raises:
        EmtError: the file has no phrases, or the published features are not for this encoder or can't be had.
    """
    require_vocabulary(kind, asked)
    if asked == LENS:
        return _published(kind, encoder, device)
    try:
        lines = Path(asked).expanduser().read_text(encoding="utf8").splitlines()
    except UnicodeDecodeError as error:
        raise EmtError(f"{kind}={asked} is no text file in UTF-8 ({error}).") from error
    phrases = tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if not phrases:
        raise EmtError(f"{kind}={asked} has no phrases. Write one in each line.")
    return Vocabulary(phrases, class_features(encoder.model, encoder.tokenizer, phrases, ["{c}"], device).T)


def _published(kind: str, encoder: Encoder, device: torch.device) -> Vocabulary:
    import datasets

    place = PUBLISHED[kind]
    file = find_file(place.repository, [place.file], kind)
    if file is None:
        raise EmtError(f"{place.repository} has no {place.file} any more. Pass {kind}=<a text file>.")
    weights = torch.load(file, map_location=device, weights_only=True).float()
    try:
        rows = datasets.load_dataset(place.dataset, split=place.split)["prompt_descriptions"][:]
    except (OSError, ValueError) as error:
        raise EmtError(f"{place.dataset} can't be had ({error}). Pass {kind}=<a text file>.") from error
    phrases = tuple(phrase for row in rows for phrase in ([row] if isinstance(row, str) else row))
    width = encoder.width
    if tuple(weights.shape) != (width, len(phrases)):
        raise EmtError(
            f"LENS's {kind} are {len(phrases)} phrases with features of shape {tuple(weights.shape)}, and "
            f"{encoder.source.name} has features of {width}. Use its ViT-H-14, or pass {kind}=<a text file>."
        )
    return Vocabulary(phrases, weights)
