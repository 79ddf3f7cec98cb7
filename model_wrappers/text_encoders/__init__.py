"""Encoders of texts for `clip_argmin`: the text towers of open_clip and the models of sentence-transformers."""

import torch

from emt_tasks.clip_argmin.embedding import TextEncoder
from emt_tasks.errors import EmtError
from model_wrappers.text_encoders.naming import ClipTexts, Sentences, text_source


def load_text_encoder(name: str, device: str | None = None, batch_size: int = 64) -> TextEncoder:
    """The encoder that `name` means, ready.

    Args:
        name: see `naming`.
        device: `cpu`, `cuda`, `cuda:1`, ... None takes a GPU where there is one.
        batch_size: texts encoded at once; halved where a GPU's memory does not suffice.

    Raises:
        UnknownName: it names what does not exist; the nearest is named.
        EmtError: the encoder can't be had.
    """
    source, place = text_source(name), _device(device)
    match source:
        case ClipTexts():
            from model_wrappers.text_encoders.open_clip_texts import OpenClipTexts

            return OpenClipTexts(name, source.source, place, batch_size)
        case Sentences():
            from model_wrappers.text_encoders.sentence_models import SentenceModel

            return SentenceModel(name, source, place, batch_size)


def _device(name: str | None) -> torch.device:
    try:
        return torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))
    except RuntimeError as error:
        raise EmtError(f"there is no device {name!r} for texts (EMT_CLIP_DEVICE): {error}.") from error
