"""How long a miniature takes to make, found by a few steps of each stage on pictures of noise."""

import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from finetuning.mini.contrastive import train_encoder
from finetuning.mini.encoder import new_encoder, tower_of_encoder
from finetuning.mini.language import (
    TalkingFields,
    features_of,
    learn_pictures,
    learn_sentences,
    new_llava,
    new_processor,
    sentences_of,
    sizes_of,
)
from finetuning.mini.lessons import BASE, ENCODER, LANGUAGE, PROJECTOR, save
from finetuning.mini.memory import within_memory
from finetuning.mini.miniature import Miniature
from finetuning.mini.pictures import Pictures, Subject
from finetuning.mini.steps import PaceFields
from finetuning.mini.talks import Talks
from finetuning.records.rows import InstructionRows
from finetuning.toy.llava import toy_processor
from finetuning.training.threads import on_threads

FEW, MORE = 1, 6  # steps; what they differ by is timed
ANSWERED = 40  # steps of the last stage, after which a model ends its answers
AT_MOST = 512  # rows of a step that is timed: larger ones take as much longer as they are larger
NOISE = 256  # pictures


def seconds_of(miniature: Miniature, rows: InstructionRows, untrained: Path) -> Mapping[str, float]:
    """Seconds of each stage on this machine, about.

    Args:
        miniature: what is to be made.
        rows: that it will learn from.
        untrained: folder to leave a LLaVA of its sizes in, whose evaluation takes about as long as the real one's: it
            has seen only noise, but has learnt where an answer ends.

    Raises:
        EmtError: it does not fit into this machine's memory.
    """
    with on_threads(miniature.threads), within_memory():
        return _seconds_of(miniature, rows, untrained)


def _seconds_of(miniature: Miniature, rows: InstructionRows, untrained: Path) -> Mapping[str, float]:
    pictures, said = _noise(miniature, rows), miniature
    sizes = sizes_of(said.encoder, said.language)
    texts = Talks(said.instructions.talks, pictures.subjects, toy_processor(sizes, ()), sizes.image, 0).texts(
        said.sentences.each
    )
    sentences, processor = sentences_of(texts), new_processor(sizes, texts)
    tower = tower_of_encoder(new_encoder(said.encoder, said.seed), said.encoder, ENCODER)
    model = new_llava(sizes, processor, tower, said.seed)
    started = time.monotonic()
    features = features_of(model, pictures)
    encoding = (time.monotonic() - started) / NOISE * len(rows)

    def talking(fields: TalkingFields, parts: tuple[str, ...]) -> Callable[..., Any]:
        learners = [model.get_submodule(name) for name in parts]
        talks = Talks(fields.talks, pictures.subjects, processor, sizes.image, 0)
        return lambda short, state: learn_pictures(model, talks, features, short, learners, 0, state, "", _ignore)

    seconds = {
        ENCODER: timed(
            lambda short, state: train_encoder(said.encoder, short, pictures, 0, state, ""),
            said.contrast, NOISE, len(rows),
        ),
        "language": timed(
            lambda short, state: learn_sentences(model, processor, sentences, short, 0, state, "", _ignore),
            said.sentences, len(sentences), len(sentences),
        ),
        "aligned": encoding + timed(talking(said.alignment, PROJECTOR), said.alignment, NOISE, len(rows)),
        "instructed": timed(talking(said.instructions, PROJECTOR + LANGUAGE), said.instructions, NOISE, len(rows)),
        BASE: timed(talking(said.lists, PROJECTOR + LANGUAGE), said.lists, NOISE, len(rows), ANSWERED),
    }  # fmt: skip
    save(model, processor, untrained)
    return seconds


def timed(train: Callable[..., Any], pace: PaceFields, there: int, rows: int, more: int = MORE) -> float:
    """Seconds of a training on `rows` rows, by a few steps on the rows that are `there`."""
    size, taken = min(pace.batch_size, AT_MOST), []
    with tempfile.TemporaryDirectory() as folder:
        for steps in (FEW, FEW, more):  # the first makes ready what the others find
            short = pace.model_copy(update={"epochs": steps * size / there, "batch_size": size})
            started = time.monotonic()
            train(short, Path(folder) / f"{steps}")
            taken.append(time.monotonic() - started)
    _, few, many = taken
    each = (many - few) / (more - FEW) if many > few else many / more
    return each * pace.steps(rows) * pace.batch_size / size


def _noise(miniature: Miniature, rows: InstructionRows) -> Pictures:
    """Pictures of noise of the real sets' classes."""
    side, chance = miniature.encoder.image, torch.Generator().manual_seed(0)
    subjects = tuple(
        Subject(
            part.source.labels,
            part.source.noun,
            torch.arange(NOISE),
            torch.randint(len(part.source.labels), (NOISE,), generator=chance),
        )
        for part in rows.parts
    )
    classes = tuple(sorted({(subject.noun, word) for subject in subjects for word in subject.words}))
    pixels = torch.randint(256, (NOISE, 3, side, side), generator=chance).to(torch.uint8)
    targets = torch.randint(len(classes), (NOISE,), generator=chance)
    return Pictures(pixels, targets, classes, torch.zeros(NOISE, dtype=torch.bool), subjects)


def _ignore(_: int) -> None:
    """Nobody is told of a trial's steps."""
