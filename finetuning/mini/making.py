"""A miniature made in stages, each once: encoder, language model, alignment, instructions, lists of labels."""

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from emt_tasks.errors import EmtError
from emt_tasks.runs.manifest import versions
from finetuning.mini.lessons import BASE, ENCODER, Lesson, Lessons
from finetuning.mini.memory import require_fits, within_memory
from finetuning.mini.miniature import Miniature
from finetuning.mini.steps import Diverged, share_done
from finetuning.records.rows import instruction_rows
from finetuning.records.wording import read_template
from finetuning.told import read_told
from finetuning.toy.stages import MANIFEST, digest_of, finished, made_of, require_replaceable, stage
from finetuning.training.threads import on_threads
from finetuning.tuning.job_folder import differences
from finetuning.tuning.spent import LEDGER, Spent, recorded


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
        return tuple(name for name, depends in self._depends.items() if not finished(self.out / name, depends))

    @property
    def stages(self) -> tuple[str, ...]:
        """All of them, in order."""
        return tuple(self._depends)

    @property
    def digest(self) -> str:
        """What the finished miniature depends on, as a sha256 in hex."""
        return self._digest_of(BASE)

    def share_done(self, name: str) -> float:
        """The share of a stage's steps that the state has behind it which an earlier start has kept, in [0, 1)."""
        digest = self._digest_of(name)
        return share_done(self._state(name, digest), digest)

    @property
    def cost(self) -> dict[str, Spent | None]:
        """What each stage has cost that is done; None where that is not recorded."""
        left = self.left
        done = (name for name in self._depends if name not in left)
        return {name: recorded(read_told(self.out / name / MANIFEST)) for name in done}

    def run(self) -> None:
        """Do what is not done yet.

        Raises:
            EmtError: anything that its user can mend; finished stages are kept, and the one that was interrupted goes
                on where its last state was written.
        """
        self.require_own()
        self.warn()
        depends = self._depends
        encoder = digest_of(depends[ENCODER])
        lessons = Lessons(self.miniature, self.rows, self.out, encoder, self._tell, self._live)
        with on_threads(self.miniature.threads), within_memory():
            for name, lesson in lessons.by_stage.items():
                self._stage(name, lesson, depends[name])
        lessons.forget()

    def warn(self) -> None:
        """Tell of sets among those to learn from that are tested by."""
        if self.rows.warned:
            self._tell(self.rows.warned)

    def require_own(self) -> None:
        """Refuse a folder that holds another miniature, or a stage that can't be replaced, before any work is done.

        Raises:
            EmtError: it does; what differs, or is in the way, is named. Or what is left is too large for this machine.
        """
        left = self.left
        if left:
            require_fits(self.miniature)
        for name, depends in self._depends.items():
            there = made_of(self.out / name)
            if there is not None and digest_of(there) != digest_of(depends):
                other = ", ".join(differences(there, depends))
                raise EmtError(
                    f"{self.out / name} is of another miniature: {other}. Choose another --out, or delete "
                    f"{self.out.parent} with its tunings, which are of the other."
                )
            if name in left:
                require_replaceable(self.out / name)

    @cached_property
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

    def _digest_of(self, name: str) -> str:
        return digest_of(self._depends[name])

    def _state(self, name: str, digest: str) -> Path:
        """The file that a stage which was killed goes on from; other fields have another, and leave it as it is."""
        return self.out / f".{name}.{digest[:8]}.state"

    def _stage(self, name: str, lesson: Lesson, depends: Mapping[str, Any]) -> None:
        folder = self.out / name
        state = self._state(name, digest_of(depends))
        kept = finished(folder, depends) is not None
        damaged = not kept and made_of(folder) is not None
        aside = " (kept from an earlier start)" if kept else " (its files are not as they were written: made anew)"
        self._tell(f"{name:<13}{lesson.what}{aside if kept or damaged else ''}")
        if not kept:
            try:
                stage(folder, depends, lambda part: lesson.make(part, digest_of(depends), state), begun=state.is_file())
            except Diverged as error:
                raise EmtError(f"stage {name} ({lesson.what}): {error} Lower {lesson.fields}.learning_rate.") from error
        for leftover in (*self.out.glob(f".{name}.*.state*"), self.out / f".{name}{LEDGER}"):
            leftover.unlink(missing_ok=True)  # nobody goes on from them where the stage is done
