"""How each stage of a miniature is taught, in a folder of its own, from the stages before it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoProcessor, LlavaForConditionalGeneration

from emt_tasks.progress import ImageProgress
from finetuning.mini.contrastive import train_encoder
from finetuning.mini.encoder import WEIGHTS, new_encoder, save_encoder, tower_of_encoder
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
from finetuning.mini.miniature import Miniature
from finetuning.mini.pictures import Pictures, pictures_of
from finetuning.mini.steps import PaceFields
from finetuning.mini.talks import Talks
from finetuning.records.rows import InstructionRows
from finetuning.toy.llava import toy_processor

ENCODER, BASE = "mini-encoder", "mini-llava"
"""Folders, by whose names a report calls them."""
PROJECTOR = ("model.multi_modal_projector",)
LANGUAGE = ("model.language_model", "lm_head")
Make = Callable[[Path, str, Path], Mapping[str, Any]]
"""Makes a stage in a folder, from the state of that digest in a file, and returns what there is to say of it."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """How a stage is made.

    Attributes:
        what: learns, in words.
        fields: where a miniature says how: `<fields>.learning_rate`.
        make: makes it.
    """

    what: str
    fields: str
    make: Make


class Lessons:
    """The lessons of a miniature, by stage.

    Args:
        miniature: what is made.
        rows: that it learns from.
        out: where the stages lie.
        encoder: digest of the encoder's stage.
        tell: gets a line for what takes long.
        live: whether progress is shown.
    """

    def __init__(
        self,
        miniature: Miniature,
        rows: InstructionRows,
        out: Path,
        encoder: str,
        tell: Callable[[str], None],
        live: bool,
    ) -> None:
        self.miniature, self.rows, self.out = miniature, rows, out
        self._encoder_digest, self._tell, self._live = encoder, tell, live

    @property
    def by_stage(self) -> Mapping[str, Lesson]:
        """In order."""
        return {
            ENCODER: Lesson("encoder beside its text tower", "contrast", self._encoder),
            "language": Lesson("language model, on sentences", "sentences", self._language),
            "aligned": Lesson("projector alone", "alignment", self._aligned),
            "instructed": Lesson("projector and language model", "instructions", self._instructed),
            BASE: Lesson("both, on questions that list all labels", "lists", self._listed),
        }

    def forget(self) -> None:
        """Remove what was kept for later lessons."""
        self._features_file.unlink(missing_ok=True)

    @cached_property
    def _pictures(self) -> Pictures:
        self._tell("             reading pictures ...")
        return pictures_of(self.rows, self.miniature.encoder.image)

    @cached_property
    def _features(self) -> Tensor:
        """What the encoder sees in each picture, computed once for both stages: it is frozen in them."""
        known = _kept_features(self._features_file, self._encoder_digest)
        if known is not None and len(known) == len(self._pictures):
            return known
        self._tell("             encoding pictures ...")
        model = LlavaForConditionalGeneration.from_pretrained(self.out / "language")
        features = features_of(model, self._pictures)
        save_file({"features": features}, self._features_file, {"encoder": self._encoder_digest})
        return features

    @property
    def _features_file(self) -> Path:
        return self.out / ".features.safetensors"

    def _encoder(self, part: Path, digest: str, state: Path) -> Mapping[str, Any]:
        said = self.miniature
        with self._progress(said.contrast, len(self._pictures)) as advance:
            model, loss = train_encoder(said.encoder, said.contrast, self._pictures, said.seed, state, digest, advance)
        save_encoder(model, said.encoder, part)
        return {"loss": loss}

    def _language(self, part: Path, digest: str, state: Path) -> Mapping[str, Any]:
        said = self.miniature
        sizes = sizes_of(said.encoder, said.language)
        texts = self._talks(said.instructions, toy_processor(sizes, ())).texts(said.sentences.each)
        processor = new_processor(sizes, texts)
        encoder = new_encoder(said.encoder, said.seed)
        encoder.load_state_dict(load_file(self.out / ENCODER / WEIGHTS))
        model = new_llava(sizes, processor, tower_of_encoder(encoder, said.encoder, ENCODER), said.seed)
        sentences = sentences_of(texts)
        with self._progress(said.sentences, len(sentences)) as advance:
            loss = learn_sentences(model, processor, sentences, said.sentences, said.seed, state, digest, advance)
        save(model, processor, part)
        return {"loss": loss}

    def _aligned(self, part: Path, digest: str, state: Path) -> Mapping[str, Any]:
        return self._taught("language", self.miniature.alignment, PROJECTOR, part, digest, state)

    def _instructed(self, part: Path, digest: str, state: Path) -> Mapping[str, Any]:
        said = self.miniature.instructions
        return self._taught("aligned", said, PROJECTOR + LANGUAGE, part, digest, state)

    def _listed(self, part: Path, digest: str, state: Path) -> Mapping[str, Any]:
        return self._taught("instructed", self.miniature.lists, PROJECTOR + LANGUAGE, part, digest, state)

    def _taught(
        self, before: str, fields: TalkingFields, parts: Sequence[str], folder: Path, digest: str, state: Path
    ) -> Mapping[str, Any]:
        """The stage `before`, with those parts of it taught to talk about pictures, in `folder`."""
        model = LlavaForConditionalGeneration.from_pretrained(self.out / before)
        processor = AutoProcessor.from_pretrained(self.out / before)
        learners = [model.get_submodule(name) for name in parts]
        talks = self._talks(fields, processor)
        with self._progress(fields, len(self._pictures)) as advance:
            loss = learn_pictures(
                model, talks, self._features, fields, learners, self.miniature.seed, state, digest, advance
            )
        save(model, processor, folder)
        return {"loss": loss}

    def _talks(self, fields: TalkingFields, processor: Any) -> Talks:
        side, seed = self.miniature.encoder.image, self.miniature.seed
        return Talks(fields.talks, self._pictures.subjects, processor, side, seed, fields.power)

    @contextmanager
    def _progress(self, pace: PaceFields, rows: int) -> Iterator[Callable[[int], None]]:
        """What is to be called with the steps done."""
        steps = pace.steps(rows)
        with ImageProgress(steps * pace.batch_size, shown=self._live) as progress:
            yield lambda step: _advance(progress, step, pace.batch_size)


def _kept_features(path: Path, encoder: str) -> Tensor | None:
    """Those that an earlier start has computed with that encoder; None where there are none, or not whole ones."""
    try:
        with safe_open(path, "pt") as file:
            kept: Tensor | None = file.get_tensor("features") if file.metadata() == {"encoder": encoder} else None
    except (OSError, SafetensorError):
        return None
    return kept


def _advance(progress: ImageProgress, step: int, batch_size: int) -> None:
    if progress.asked == 0:
        progress.kept = (step - 1) * batch_size  # of an earlier start
    progress.advance(batch_size)


def save(model: Any, processor: Any, folder: Path) -> None:
    """Write a LLaVA's folder."""
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
