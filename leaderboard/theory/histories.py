"""What a reproduction measured after each epoch, read back from its `training.json`."""

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from emt_tasks.errors import EmtError
from emt_tasks.labels import ALL_SETS

FILE = "training.json"
LARGEST = 2**26  # bytes; 200 epochs have some 200,000


class _Read(BaseModel):
    """Named fields of a file that may have more."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Epoch(_Read):
    """After one epoch; shares in [0, 1].

    Attributes:
        epoch: from 1 on, over all parts.
        part: 0, or 1 while the other half is learnt.
        loss: mean of the epoch's rows, nats.
        first, second: training accuracies of the halves; `*_nearest` by the nearest class mean.
        accuracy: of a CLIP on the rows it is tuned on.
        collapse: NC1 to NC4 of what is learnt, by name; None where one could not be measured.
        absent_cosine: mean cosine of the classifier's rows of classes that are not learnt at the time.
        share_in_model: of the epoch's time.
    """

    epoch: int = Field(ge=1)
    part: int = Field(ge=0)
    loss: float = Field(allow_inf_nan=False)
    first: float | None = Field(None, ge=0, le=1)
    second: float | None = Field(None, ge=0, le=1)
    first_nearest: float | None = Field(None, ge=0, le=1)
    second_nearest: float | None = Field(None, ge=0, le=1)
    accuracy: float | None = Field(None, ge=0, le=1)
    collapse: dict[str, float | None]
    absent_cosine: float | None = Field(None, ge=-1.001, le=1.001)
    share_in_model: float | None = None


class _Inputs(_Read):
    network: str
    stem: str | None = None


class History(_Read):
    """One training.

    Attributes:
        set: name of what was learnt.
        inputs: what it was made of, as far as it is told of.
        history: by epoch.
        name: of its folder.
    """

    set: str
    inputs: _Inputs
    history: tuple[Epoch, ...] = Field(min_length=1)
    name: str = ""

    @property
    def change(self) -> int:
        """After how many epochs the other half is learnt."""
        return sum(epoch.part == 0 for epoch in self.history)


def histories(folder: Path, network: str) -> tuple[History, ...]:
    """The finished trainings of `network` in the folders of `folder`: our own sets in the paper's order, then by name.

    Raises:
        EmtError: a file is not what `emt repro` writes.
    """
    found = []
    for path in sorted(folder.glob(f"*/{FILE}")):
        try:
            with path.open("rb") as file:
                told = json.loads(file.read(LARGEST))
            if not isinstance(told, dict) or told.get("inputs", {}).get("network") != network:
                continue
            found.append(History.model_validate({**told, "name": path.parent.name}))
        except (OSError, ValueError, AttributeError, ValidationError, RecursionError) as error:
            first = str(error).strip().split("\n")[0]
            raise EmtError(f"{path} is not what emt repro writes ({first}). Take it away, or make it again.") from error
    order = list(ALL_SETS)
    return tuple(sorted(found, key=lambda one: (order.index(one.set) if one.set in order else len(order), one.name)))
