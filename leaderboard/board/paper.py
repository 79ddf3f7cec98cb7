"""What the paper says of its models in words; no accuracy of its figures is known, and none is made up."""

from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from emt_tasks.quick_yaml import read_quickly
from leaderboard.board.view import PaperRow

FILE = "paper.yaml"


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    encoder: str
    llm: str | None = None
    claims: tuple[str, ...]


def paper_rows() -> tuple[PaperRow, ...]:
    """The rows of the tier *paper*, in the paper's order."""
    told = read_quickly(files("leaderboard").joinpath(FILE).read_text("utf8"))
    return tuple(
        PaperRow(row.model, row.encoder, row.llm, row.claims) for row in map(_Row.model_validate, told["rows"])
    )
