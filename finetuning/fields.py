"""What every description of ours has in common: recipes, sets, studies."""

from pydantic import BaseModel, ConfigDict


class Fields(BaseModel):
    """Fields of a description: unknown ones are refused, and nothing changes them."""

    model_config = ConfigDict(extra="forbid", frozen=True)
