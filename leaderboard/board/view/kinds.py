"""What an entry is of, and how far its numbers were checked."""

from enum import StrEnum


class Kind(StrEnum):
    """What an entry is of."""

    MODEL = "model"
    """A multimodal model that was asked."""
    ENCODER = "encoder"
    """A vision encoder alone, zero-shot: pinned, unranked."""
    ADVERSARY = "adversary"
    """An answer that anyone can give without looking: pinned, unranked, computed here."""


class Tier(StrEnum):
    """How far an entry's numbers were checked, the best first."""

    VERIFIED = "verified"
    """A maintainer ran it again."""
    RESCORED = "rescored"
    """Recomputed here from the submitted raw answers."""
    REPORTED = "reported"
    """Numbers alone; not ranked."""
    PAPER = "paper"
    """What the paper states in words; not ranked."""
