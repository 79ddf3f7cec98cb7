"""Where a training leaves what it makes, named by how it was made."""

from dataclasses import dataclass
from pathlib import Path

STATE = ".state"


@dataclass(frozen=True, slots=True)
class Home:
    """A training's own folder.

    Attributes:
        out: the folder that it lies in, beside those of other trainings.
        how: name of the recipe, course or method.
        sets: what is learnt, "cifar10+mnist".
        seed: of the training.
    """

    out: Path
    how: str
    sets: str
    seed: int

    @property
    def name(self) -> str:
        """Of recipe and sets, "lora-cifar10"; of a seed that is not 0, also that.

        >>> Home(Path("out"), "lora", "cifar10", 2).name
        'lora-cifar10-seed2'
        """
        return f"{self.how}-{self.sets}" + (f"-seed{self.seed}" if self.seed else "")

    @property
    def folder(self) -> Path:
        """Where its checkpoints go."""
        return self.out / self.name

    @property
    def state(self) -> Path:
        """Where the state goes from which it is continued."""
        return self.folder / STATE
