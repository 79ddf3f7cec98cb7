"""What a board says of itself: the `board.yaml` in its folder of entries."""

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from emt_tasks.errors import EmtError
from emt_tasks.labels import ALL_SETS
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
    if not path.is_file():
        return BoardSettings()
    try:
        return BoardSettings.model_validate(yaml.safe_load(path.read_text("utf8")) or {})
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise EmtError(f"{path} can't be read ({error}).") from error
    except ValidationError as error:
        mistakes = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise EmtError(f"{path}: {mistakes}. It may say title and sets.") from error
