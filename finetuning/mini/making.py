"""A miniature made in stages, each once: encoder, language model, alignment, instructions, lists of labels."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoProcessor, LlavaForConditionalGeneration

from emt_tasks.errors import EmtError
from emt_tasks.progress import ImageProgress
from emt_tasks.runs.manifest import versions
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
from finetuning.mini.steps import Diverged, PaceFields
from finetuning.mini.talks import Talks
from finetuning.records.rows import instruction_rows
from finetuning.records.wording import read_template
from finetuning.toy.llava import toy_processor
from finetuning.toy.stages import MANIFEST, digest_of, finished, made_of, stage
from finetuning.training.threads import on_threads
from finetuning.tuning.job_folder import differences, read_told
from finetuning.tuning.spent import LEDGER, Spent, recorded

ENCODER, BASE = "mini-encoder", "mini-llava"
"""Folders, by whose names a report calls them."""
FIELDS = {
    ENCODER: "contrast", "language": "sentences", "aligned": "alignment", "instructed": "instructions", BASE: "lists",
}  # fmt: skip
"""Where a miniature says how each stage learns."""
PROJECTOR = ("model.multi_modal_projector",)
LANGUAGE = ("model.language_model", "lm_head")
Make = Callable[[Path, str, Path], Mapping[str, Any]]


class Making:
    """The stages in order, each in its folder below `out`; what an earlier start has finished is kept.

    Args:
        miniature: what to make.
        out: folder.
        data_dir: where our own sets lie as on the hub; None reads the hub.
        tell: gets a line for each stage.
        live: whether progress within a stage is shown.

    Raises:
        EmtError: a set can't be had.
    """

    def __init__(
        self, miniature: Miniature, out: Path, data_dir: Path | None, tell: Callable[[str], None], live: bool = False
    ) -> None:
        self.miniature, self.out = miniature, out
        self._tell, self._live = tell, live
        self.rows = instruction_rows(miniature.sets, read_template("reproduction"), miniature.seed, data_dir)

    @property
    def encoder(self) -> Path:
        """The encoder's folder, as open_clip saves one."""
        return self.out / ENCODER

    @property
    def base(self) -> Path:
        """The finished LLaVA's folder."""
        return self.out / BASE

    @property
    def finished(self) -> bool:
        """Whether all stages are done."""
        return not self.left

    @property
    def left(self) -> tuple[str, ...]:
        """The stages that are not done, in order."""
        return tuple(name for name, depends in self._depends().items() if not finished(self.out / name, depends))

    @property
    def cost(self) -> dict[str, Spent | None]:
        """What each stage has cost that is done; None where that is not recorded."""
        left = self.left
        done = (name for name in self._depends() if name not in left)
        return {name: recorded(read_told(self.out / name / MANIFEST)) for name in done}

    def run(self) -> None:
        """Do what is not done yet.

        Raises:
            EmtError: anything that its user can mend; finished stages are kept, and the one that was interrupted goes
                on where its last state was written.
        """
        self.require_own()
        self.warn()
        makers = {
            ENCODER: ("encoder beside its text tower", self._encoder),
            "language": ("language model, on sentences", self._language),
            "aligned": ("projector alone", self._aligned),
            "instructed": ("projector and language model", self._instructed),
            BASE: ("both, on questions that list all labels", self._listed),
        }
        with on_threads(self.miniature.threads):
            for name, depends in self._depends().items():
                what, make = makers[name]
                self._stage(name, what, depends, make)
        self._features_file.unlink(missing_ok=True)

    def warn(self) -> None:
        """Tell of sets among those to learn from that are tested by."""
        if self.rows.warned:
            self._tell(self.rows.warned)

    def require_own(self) -> None:
        """Refuse a folder that holds another miniature, before anything of it is lost.

        Raises:
            EmtError: it does; what differs is named.
        """
        for name, depends in self._depends().items():
            there = made_of(self.out / name)
            if there is not None and digest_of(there) != digest_of(depends):
                other = ", ".join(differences(there, depends))
                raise EmtError(
                    f"{self.out / name} is of another miniature: {other}. Choose another --out, or delete {self.out} "
                    "to make this one there."
                )

    def _depends(self) -> dict[str, dict[str, Any]]:
        """What each stage depends on, in order; the one before it by its digest."""
        said = self.miniature
        own: dict[str, dict[str, Any]] = {
            ENCODER: {
                "sets": self.rows.told(),
                "seed": said.seed,
                "threads": said.threads,
                "versions": versions(),
                "sizes": said.encoder.model_dump(),
                "training": said.contrast.model_dump(),
            },
            "language": {
                "sizes": said.language.model_dump(),
                "training": said.sentences.model_dump(),
                "talks": [way.model_dump(exclude={"share"}) for way in said.instructions.talks],
            },
            "aligned": {"training": said.alignment.model_dump()},
            "instructed": {"training": said.instructions.model_dump()},
            BASE: {"training": said.lists.model_dump()},
        }
        chain: dict[str, dict[str, Any]] = {}
        for name, inputs in own.items():
            before = next(reversed(chain.values()), None)
            chain[name] = {**inputs, **({"after": digest_of(before)} if before else {})}
        return chain

    @cached_property
    def _pictures(self) -> Pictures:
        self._tell("             reading pictures ...")
        return pictures_of(self.rows, self.miniature.encoder.image)

    @cached_property
    def _features(self) -> Tensor:
        """What the encoder sees in each picture, computed once for both stages: it is frozen in them."""
        digest = digest_of(self._depends()[ENCODER])
        known = _kept_features(self._features_file, digest)
        if known is not None and len(known) == len(self._pictures):
            return known
        self._tell("             encoding pictures ...")
        model = LlavaForConditionalGeneration.from_pretrained(self.out / "language")
        features = features_of(model, self._pictures)
        save_file({"features": features}, self._features_file, {"encoder": digest})
        return features

    @property
    def _features_file(self) -> Path:
        return self.out / ".features.safetensors"

    def _stage(self, name: str, what: str, depends: Mapping[str, Any], make: Make) -> None:
        folder = self.out / name
        state = self.out / f".{name}.{digest_of(depends)[:8]}.state"  # other fields leave it as it is
        kept = finished(folder, depends) is not None
        damaged = not kept and made_of(folder) is not None
        aside = " (kept from an earlier start)" if kept else " (its files are not as they were written: made anew)"
        self._tell(f"{name:<13}{what}{aside if kept or damaged else ''}")
        if not kept:
            try:
                stage(folder, depends, lambda part: make(part, digest_of(depends), state), begun=state.is_file())
            except Diverged as error:
                raise EmtError(f"stage {name} ({what}): {error} Lower {FIELDS[name]}.learning_rate.") from error
        for leftover in (*self.out.glob(f".{name}.*.state*"), self.out / f".{name}{LEDGER}"):
            leftover.unlink(missing_ok=True)  # nobody goes on from them where the stage is done

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
        encoder.load_state_dict(load_file(self.encoder / WEIGHTS))
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
