"""An entry on one set."""

from collections.abc import Mapping
from dataclasses import dataclass

from leaderboard.board.view.confusions import Confused
from leaderboard.board.view.numbers import Against, Estimate, Scored


@dataclass(frozen=True, slots=True)
class Result:
    """An entry on one set.

    Attributes:
        key: of the set.
        variant: of the task ("", "lite", ...).
        data: the name of the known data that it was run on.
        comparable: whether these are the board's rows, on which models are ranked and compared.
        by: by reading; `label_match` first.
        encoder: against its own encoder; None where that is not on the board, or shares no row.
        retention: accuracy divided by that of its encoder; None as above, or where that has none right.
        change: of a tuned model, against its base; None where that is not on the board. `forgetting` is minus
            `change.difference`, told of sets that it was not tuned on.
        tuned_on: whether it was tuned on this set.
        confused: None where there are no answers.
        bits: base64 of the right answers over the board's rows, bit i of byte i // 8 (lowest first) is row i; None
            where it was run on other rows, or gave no answers.
    """

    key: str
    variant: str
    data: str
    comparable: bool
    by: Mapping[str, Scored]
    encoder: Against | None = None
    retention: Estimate | None = None
    change: Against | None = None
    tuned_on: bool = False
    confused: Confused | None = None
    bits: str | None = None
