"""A run as it was read back from disk: frozen, columnar, the same whoever wrote it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from emt_tasks.outcomes import Outcome
from emt_tasks.runs.coded import Coded
from emt_tasks.runs.problems import Problem

OUTCOMES = tuple(Outcome)
ENCODER_MODEL = "emt_clip"
WEIGHTS = (".bin", ".safetensors", ".pt", ".pth")  # files that a checkpoint's folder is named by


@dataclass(frozen=True, slots=True)
class Row:
    """One answer; fields as in `Rows`."""

    doc_id: int
    image: str | None
    label: str
    raw: str
    prediction: str | None
    outcome: Outcome
    named: tuple[str, ...]
    foreign: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The answers of one task under one reading, in the log's order; every column has length n.

    Attributes:
        doc_id: (n,) int64, the row's number in the harness's split; each once.
        image: (n,) bytes, the sha256 of each picture's pixels in hex; None where the log does not say it.
        label: the right label as the prompt lists it; where the log has no `emt` record, the harness's target.
        raw: the answer as the model gave it.
        prediction: the label where exactly one is named.
        outcome: codes are places in `OUTCOMES`.
        named: labels of the task's own set, in order of mention.
        foreign: labels that only other sets have.
        id: what a table calls each row; None where a row has none, as those of the harnesses.
    """

    doc_id: NDArray[np.int64]
    image: NDArray[np.bytes_] | None
    label: Coded[str]
    raw: Coded[str]
    prediction: Coded[str | None]
    outcome: Coded[Outcome]
    named: Coded[tuple[str, ...]]
    foreign: Coded[tuple[str, ...]]
    id: Coded[str] | None = None

    def __len__(self) -> int:
        return len(self.doc_id)

    @property
    def identified_by(self) -> str:
        """The strongest that every row has: `image`, `id`, or `doc_id`."""
        return "image" if self.image is not None else "doc_id" if self.id is None else "id"

    def __getitem__(self, row: int) -> Row:
        return Row(
            doc_id=int(self.doc_id[row]),
            image=None if self.image is None else self.image[row].decode("ascii"),
            label=self.label[row],
            raw=self.raw[row],
            prediction=self.prediction[row],
            outcome=self.outcome[row],
            named=self.named[row],
            foreign=self.foreign[row],
        )

    def taken(self, rows: NDArray[np.intp]) -> "Rows":
        """The rows at the places `rows`, in that order."""
        return Rows(
            self.doc_id[rows],
            None if self.image is None else self.image[rows],
            self.label.taken(rows),
            self.raw.taken(rows),
            self.prediction.taken(rows),
            self.outcome.taken(rows),
            self.named.taken(rows),
            self.foreign.taken(rows),
            None if self.id is None else self.id.taken(rows),
        )


@dataclass(frozen=True, slots=True, eq=False)
class TaskRows:
    """One task of a run under one reading.

    Attributes:
        reading: `label_match`, ...; the harness's own metric where the log has no `emt` record.
        version: the task's, as the harness tells it; None where no results file does.
        samples: the file the rows came from.
        stamp: the part of its name that says when.
        whole: every row that the results speak of is here. False where the file was cut off, where rows had to be left
            out, and where no results file says how many there should be.
        data_fingerprint: sha256 of which pictures were asked about and what they show, in any order (the manifest's).
        identified_by: `image`; `id`, where a table names its rows; or the weaker `doc_id`. The fingerprint is of that
            and of the labels.
        prompt_hash, revision, data_dir: as the manifest or the results' configs have them.
    """

    task: str
    reading: str
    version: str | None
    rows: Rows
    samples: Path
    stamp: str
    whole: bool
    data_fingerprint: str
    identified_by: str
    prompt_hash: str | None = None
    revision: str | None = None
    data_dir: str | None = None

    @property
    def n(self) -> int:
        """The number of rows."""
        return len(self.rows)

    @property
    def counts(self) -> dict[Outcome, int]:
        """How many rows came to each outcome, absent ones too."""
        tally = np.bincount(self.rows.outcome.codes, minlength=len(OUTCOMES)).tolist()
        return dict(zip(OUTCOMES, tally, strict=True))

    @property
    def correct(self) -> NDArray[np.bool_]:
        """(n,) bool: which answers are right."""
        return np.asarray(self.rows.outcome.codes == OUTCOMES.index(Outcome.CORRECT))

    @property
    def scored(self) -> NDArray[np.bool_]:
        """(n,) bool: which answers could be read."""
        return np.asarray(self.rows.outcome.codes != OUTCOMES.index(Outcome.UNSCORED))


@dataclass(frozen=True, slots=True)
class Identity:
    """What was run, as far as its files tell.

    Attributes:
        model: its name for `--model`.
        model_args: its arguments, as text.
        weights: content fingerprint of what was loaded (manifests only).
        encoder: the vision encoder that the wrapper names, by open_clip's names where it has one.
        details: what else a wrapper says of itself.
        settings: `limit`, `offset`, `generation`, ... of the run.
        versions: of the packages that can change an answer.
        command: the words of the command line, secrets hidden.
        written: when, in ISO form.
    """

    model: str
    model_args: Mapping[str, str] = field(default_factory=dict)
    weights: str | None = None
    encoder: str | None = None
    details: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    written: str | None = None

    @property
    def pretrained(self) -> str | None:
        """The base: a hub id or a folder."""
        return self.model_args.get("pretrained") or None

    @property
    def adapter(self) -> str | None:
        """The adapter's folder or hub id."""
        return self.model_args.get("peft") or None

    @property
    def projector(self) -> str | None:
        """The projector's file."""
        return self.model_args.get("projector") or None

    @property
    def served(self) -> str | None:
        """What a server was asked for, a LoRA module's name say, where an endpoint or vLLM answered."""
        return self.model_args.get("model") or None

    @property
    def checkpoint(self) -> str:
        """The last part of what was loaded last: `epoch-2`; of a weights file, its folder's; an encoder's own name.

        Of a served model, the name that the server knows it by.
        """
        if self.model == ENCODER_MODEL and self.encoder:
            return self.encoder
        loaded = PurePosixPath(self.adapter or self.projector or self.pretrained or self.served or self.model)
        return (loaded.parent.name if loaded.suffix in WEIGHTS else "") or loaded.name

    @property
    def key(self) -> str:
        """Equal for two starts of the same thing: model, arguments, weights and generation settings."""
        return repr(
            (self.model, sorted(self.model_args.items()), self.weights, self.settings.get("generation") or None)
        )


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One model on some tasks.

    Attributes:
        name: unique among those read together: its folder below the one that was given.
        folder: where its files are.
        harness: `lmms-eval` or `lm-eval`, whose naming its files have.
    """

    name: str
    folder: Path
    harness: str
    identity: Identity
    tasks: tuple[TaskRows, ...]

    @property
    def readings(self) -> tuple[str, ...]:
        """The readings that some task has, in order of first sight."""
        return tuple(dict.fromkeys(rows.reading for rows in self.tasks))

    def of(self, task: str, reading: str | None = None) -> TaskRows | None:
        """The rows of `task` under `reading`, or under the task's first; None where there are none."""
        return next((rows for rows in self.tasks if rows.task == task and reading in (None, rows.reading)), None)


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The runs under some folders, in the order of their names, and what is wrong with them."""

    runs: tuple[Run, ...]
    problems: tuple[Problem, ...]
