"""What the board's page shows, frozen: everything is computed, nothing is phrased.

Shares are fractions in [0, 1], differences in [-1, 1], intervals at 95 %. Text in it comes from submitters, and from
models, and is hostile. `Entry.id` and keys of sets are of letters, digits and `._-` alone.
"""

from leaderboard.board.view.board import Board, Headline, PaperRow, Rendered, SetInfo
from leaderboard.board.view.confusions import Confused, Leak
from leaderboard.board.view.entries import Agreed, Entry
from leaderboard.board.view.kinds import Kind, Tier
from leaderboard.board.view.numbers import Against, Estimate, Rank, Scored
from leaderboard.board.view.provenance import Judged, Model, Provenance, Tuning
from leaderboard.board.view.results import Result
from leaderboard.board.view.samples import Read, Sample, Sprite
from leaderboard.board.view.tunings import Change, Curve, Point
from leaderboard.entry.remarks import Excluded, Remark

__all__ = [
    "Against",
    "Agreed",
    "Board",
    "Change",
    "Confused",
    "Curve",
    "Entry",
    "Estimate",
    "Excluded",
    "Headline",
    "Judged",
    "Kind",
    "Leak",
    "Model",
    "PaperRow",
    "Point",
    "Provenance",
    "Rank",
    "Read",
    "Remark",
    "Rendered",
    "Result",
    "Sample",
    "Scored",
    "SetInfo",
    "Sprite",
    "Tier",
    "Tuning",
]
