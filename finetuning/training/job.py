"""What one fine-tuning is made of, and what it depends on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from emt_tasks.runs.manifest import versions
from emt_tasks.runs.manifest import without_secrets as shown
from finetuning.recipes.recipe import Recipe
from finetuning.records.rows import InstructionRows, instruction_rows
from finetuning.records.set_spec import read_spec
from finetuning.records.wording import read_template
from finetuning.training.home import Home


@dataclass(frozen=True)
class Job:
    """One fine-tuning.

    Attributes:
        recipe: what learns, how long, how fast.
        base: folder or hub id of what learns.
        data: the sets, as `set_spec` reads them.
        out: the folder that the training's own goes into.
        seed: of adapters' first values, of rows and words, of their order, of dropout.
        data_dir: where our own sets lie as on the hub; None reads the hub.
        device: cpu, cuda, ...; None takes a GPU where there is one.
        revision: of the base on the hub.
        report_to: trackers of the Trainer ("wandb", "tensorboard"), which read their secrets from their own places.
        state_every: steps between states from which a killed training goes on, besides those at checkpoints.
        workers: processes that prepare pictures; None is none on a CPU and up to 4 beside a GPU.
    """

    recipe: Recipe
    base: str
    data: Sequence[str]
    out: Path
    seed: int = 0
    data_dir: Path | None = None
    device: str | None = None
    revision: str | None = None
    report_to: Sequence[str] = ()
    state_every: int | None = None
    workers: int | None = None
    note: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def rows(self) -> InstructionRows:
        """The rows of an epoch.

        Raises:
            EmtError: a set can't be had.
        """
        template = read_template(self.recipe.template, self.recipe.list_labels)
        tuned = [read_spec(each) for each in self.data]
        known = {(each.kind, each.place) for each in tuned}
        replayed = [read_spec(each) for each in self.recipe.against_forgetting.replay]
        others = [each for each in replayed if (each.kind, each.place) not in known]
        return instruction_rows([*tuned, *others], template, self.seed, self.data_dir)

    @property
    def sets(self) -> str:
        """What is tuned on, "cifar10+mnist"; sets that are replayed are none of it."""
        return "+".join(dict.fromkeys(part.source.name for part in self.rows.parts[: len(self.data)]))

    @cached_property
    def home(self) -> Home:
        """Its folder."""
        return Home(self.out, self.recipe.name, self.sets, self.seed)

    @property
    def name(self) -> str:
        """As of its home; so are the next two."""
        return self.home.name

    @property
    def folder(self) -> Path:  # noqa: D102  # said above
        return self.home.folder

    @property
    def state(self) -> Path:  # noqa: D102
        return self.home.state

    def inputs(self, base_fingerprint: str, ranks: int) -> dict[str, Any]:
        """Everything that the weights depend on, as JSON: a training is continued only where all of it is the same.

        Reads every picture, the first time.
        """
        return {
            "recipe": self.recipe.model_dump(mode="json"),
            "template": read_template(self.recipe.template, self.recipe.list_labels).model_dump(mode="json"),
            "base": base_fingerprint,
            "data": self.rows.told(),
            "seed": self.seed,
            "ranks": ranks,
            "versions": versions(),
            "note": shown(self.note),
        }
