"""What a board says of itself: the `board.yaml` in its folder of entries."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from emt_tasks.labels import ALL_SETS
from leaderboard.entry.lists import parsed, text_of
from leaderboard.entry.schema import SetKey, Words

FILE = "board.yaml"


class BoardSettings(BaseModel):
    """Settings of a board.

    Attributes:
        title: on top of the page.
        sets: those that a model must have been run on to be ranked.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Words = "EMT leaderboard"
    sets: tuple[SetKey, ...] = ALL_SETS


def board_settings(folder: Path) -> BoardSettings:
    """The settings in a folder of entries; the usual ones where it has none.

    Raises:
        EmtError: the file is not what it should be; each mistake is named.
    """
    path = folder / FILE
    if not (path.exists() or path.is_symlink()):
        return BoardSettings()
    return parsed(text_of(path), str(path), BoardSettings, "It may say title and sets.")
