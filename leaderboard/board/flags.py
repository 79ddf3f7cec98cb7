"""What is let through and looks implausible: shown beside the entry, for people to look into."""

from collections.abc import Sequence

from leaderboard.board.view import Entry, Remark
from leaderboard.entry.schema import LABEL_MATCH

JUMP, ABOVE_ENCODER = 0.2, 0.1  # points above everybody else, and above the own encoder: our choice
LEAST_OTHERS = 3


def flagged(entry: Entry, models: Sequence[Entry]) -> tuple[Remark, ...]:
    """The flags of a model beside all models of its board."""
    found = []
    others = [one.macro.value for one in models if one.macro and one.model.org != entry.model.org]
    if entry.macro and len(others) >= LEAST_OTHERS and entry.macro.value - max(others) > JUMP:
        found.append(
            Remark("jump", f"{100 * (entry.macro.value - max(others)):.0f} points above all other organisations")
        )
    for key, result in entry.results.items():
        if result.by[LABEL_MATCH].accuracy == 1 and result.by[LABEL_MATCH].n >= 100:
            found.append(Remark("perfect", f"every answer on {key} is right"))
        gap = result.encoder
        if gap is not None and not result.tuned_on and gap.shown and gap.difference > ABOVE_ENCODER:
            found.append(Remark("above_encoder", f"{100 * gap.difference:.0f} points above its own encoder on {key}"))
    return tuple(found)
