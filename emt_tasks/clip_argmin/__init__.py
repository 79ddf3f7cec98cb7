"""The reading `clip_argmin`: of a closed set's labels, the one whose sentence is nearest to the answer as text.

argmin_i ||e_i - e(y)||_2 over the embeddings e_i of the formatted labels and e(y) of the answer, the first of the
suggestions for reading answers in arXiv 2309.10313. It names a label for everything that says something, also for "I
don't know" and for a list: `max_distance` (see `settings`) is what makes such an answer extrinsic.

The rule (`nearest`) is numpy; the encoders are in `model_wrappers.text_encoders`, which is imported when one is loaded.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from emt_tasks.clip_argmin.embedding import Embedded, TextEncoder
from emt_tasks.clip_argmin.reader import NAME, readings
from emt_tasks.clip_argmin.settings import ClipSettings
from emt_tasks.errors import EmtError
from emt_tasks.labels import LabelSet
from emt_tasks.reading import Reading

__all__ = [
    "NAME",
    "ClipSettings",
    "Embedded",
    "TextEncoder",
    "encoder_of",
    "read_all",
    "readings",
    "require",
    "require_for",
]


def read_all(answers: Sequence[str], labels: LabelSet, settings: ClipSettings) -> list[Reading]:
    """The reading of each of `answers` to the prompt of `labels`, in order.

    Raises:
        EmtError: the encoder can't be had.
    """
    return readings(answers, labels, settings, encoder_of(settings))


def encoder_of(settings: ClipSettings) -> TextEncoder:
    """The encoder that `settings` name, loaded once for each process.

    Raises:
        EmtError: it can't be had; the message says what to do.
    """
    try:
        return _loaded(settings.text_model, settings.device, settings.batch_size)
    except EmtError as error:
        raise EmtError(f"{_sentence(error)} Name another encoder, or a folder, by EMT_CLIP_TEXT_MODEL.") from error


def require(settings: ClipSettings) -> str:
    """Load the encoder, so that what it lacks is known now; its name and the beginning of its fingerprint.

    Raises:
        EmtError: it can't be had.
    """
    encoder = encoder_of(settings)
    return f"{encoder.name} ({encoder.fingerprint[:12]})"


def require_for(given: Mapping[str, Any]) -> str:
    """`require` for the settings that a task file gives beside the environment's."""
    return require(ClipSettings.from_environment(**given))


def _sentence(error: EmtError) -> str:
    said = str(error)
    return said if said.endswith((".", "?", "!")) else f"{said}."


@cache
def _loaded(text_model: str, device: str | None, batch_size: int) -> TextEncoder:
    from model_wrappers.text_encoders import load_text_encoder

    return load_text_encoder(text_model, device, batch_size)
