"""Answers to readings: the encoder is asked for what is distinct, the rule for what is nearest."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from emt_tasks import label_match
from emt_tasks.clip_argmin.embedding import Embedded, TextEncoder, embedded
from emt_tasks.clip_argmin.nearest import Nearest, nearest, normalised
from emt_tasks.clip_argmin.settings import ClipSettings
from emt_tasks.clip_argmin.store import EmbeddingStore
from emt_tasks.clip_argmin.texts import text_of
from emt_tasks.errors import EmtError
from emt_tasks.labels import LabelSet
from emt_tasks.reading import Reading

NAME = "clip_argmin"
DIGITS = 7  # of distances in the record: what float32 tells
logger = logging.getLogger(__name__)


def readings(answers: Sequence[str], labels: LabelSet, settings: ClipSettings, encoder: TextEncoder) -> list[Reading]:
    """What each of `answers` to the prompt of `labels` names, in order: the label whose sentence is nearest.

    Each distinct answer is read once. What its words say is `label_match`'s: an answer without a word is empty, and
    `foreign` are the labels of other sets that it names. An answer that the encoder turns into no finite point is not
    scored. `extra` tells the nearest label even where it is too far to be named.

    Raises:
        EmtError: a label has no finite embedding.
    """
    in_words = {answer: label_match.read(answer, labels) for answer in dict.fromkeys(answers)}
    read = {answer: replace(words, reading=NAME, named=()) for answer, words in in_words.items()}
    speaking = [answer for answer, words in read.items() if words.says_something]
    store = EmbeddingStore(settings.store, encoder.fingerprint, encoder.width)
    points = label_points(labels, settings, encoder, store)
    said = _embedded_answers(speaking, encoder, store)
    close = nearest(_comparable(said.vectors, settings), points)
    about = _about(labels, settings, encoder)
    for place, answer in enumerate(speaking):
        extra = {**_found(close, place, labels), "truncated": bool(said.truncated[place]), **about}
        read[answer] = _named(read[answer], close, place, labels, settings, extra)
    return [read[answer] for answer in answers]


def label_points(
    labels: LabelSet, settings: ClipSettings, encoder: TextEncoder, store: EmbeddingStore
) -> NDArray[np.floating]:
    """The formatted labels' points: (classes, d), in index order.

    Raises:
        EmtError: one is not finite.
    """
    sentences = [settings.sentence(label, labels.key) for label in labels.labels]
    points = _comparable(embedded(sentences, encoder, store).vectors, settings)
    for sentence, point in zip(sentences, points, strict=True):
        if not np.isfinite(point).all():
            raise EmtError(
                f"{encoder.name} turns {sentence!r} into no finite point. Are its weights whole? Choose another with "
                "EMT_CLIP_TEXT_MODEL."
            )
    return points


def _embedded_answers(answers: Sequence[str], encoder: TextEncoder, store: EmbeddingStore) -> Embedded:
    texts = [text_of(answer, encoder.longest) for answer in answers]
    found = embedded([text.words for text in texts], encoder, store)
    truncated = found.truncated | np.array([text.cut for text in texts], np.bool_)
    if truncated.any():
        logger.warning(
            "clip_argmin: %d of %d distinct answers are longer than %s reads; of those the beginning counts",
            truncated.sum(), len(answers), encoder.name,
        )  # fmt: skip
    return Embedded(found.vectors, truncated)


def _comparable(vectors: NDArray[np.floating], settings: ClipSettings) -> NDArray[np.floating]:
    return normalised(vectors) if settings.normalise else vectors


def _about(labels: LabelSet, settings: ClipSettings, encoder: TextEncoder) -> dict[str, object]:
    """What made the readings, the same in each of them."""
    limit = {} if settings.max_distance is None else {"max_distance": settings.max_distance}
    return {
        "text_model": encoder.name,
        "text_weights": encoder.fingerprint[:12],
        "template": settings.template_of(labels.key),
        "normalised": settings.normalise,
        **limit,
    }


def _found(close: Nearest, place: int, labels: LabelSet) -> dict[str, object]:
    """What the rule says of one answer, as JSON can hold it."""
    if close.index[place] < 0:
        return {"nearest": None, "distance": None, "margin": None, "tie": False}
    return {
        "nearest": labels.labels[close.index[place]],
        "distance": round(float(close.distance[place]), DIGITS),
        "margin": round(float(close.margin[place]), DIGITS),
        "tie": bool(close.tie[place]),
    }


def _named(
    words: Reading, close: Nearest, place: int, labels: LabelSet, settings: ClipSettings, extra: Mapping[str, object]
) -> Reading:
    """The reading of one answer; further than the limit it names nothing."""
    if close.index[place] < 0:
        return replace(words, scored=False, extra=extra)
    far = settings.max_distance is not None and round(float(close.distance[place]), DIGITS) > settings.max_distance
    return replace(words, named=() if far else (labels.labels[close.index[place]],), extra=extra)
