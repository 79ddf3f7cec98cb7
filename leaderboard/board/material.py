"""What the board's entries are made of: right and wrong answers in columns, and each entry's encoder and base."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from emt_tasks.forgetting.sets import ordered
from emt_tasks.statistics.mcnemar import holm
from emt_tasks.statistics.paired import PairedTable
from leaderboard.board.columns import Asked, Columns, against, board_data, columns, table_of
from leaderboard.board.lineage import bases, encoders
from leaderboard.board.settings import BoardSettings
from leaderboard.board.view import Against
from leaderboard.entry.case import Case
from leaderboard.entry.known import KnownData


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What entries are made of.

    Attributes:
        cases: by id.
        known: data.
        data: the board's rows of each set; absent where nothing was run.
        columns: right and wrong, by id and set.
        encoder, base: the tables of each entry against its encoder's and its base's, by id and set; A is the other.
        encoder_of, base_of: their ids.
    """

    cases: Mapping[str, Case]
    known: KnownData
    data: Mapping[str, Asked]
    columns: Columns
    encoder: Mapping[tuple[str, str], Against]
    base: Mapping[tuple[str, str], Against]
    encoder_of: Mapping[str, str]
    base_of: Mapping[str, str]


def material_of(cases: Sequence[Case], known: KnownData, settings: BoardSettings) -> Material:
    """What entries are made of, from all cases together."""
    found = columns(cases)
    encoder_of, base_of = encoders(cases), bases(cases)
    told = {key: data for key in settings.sets if (data := board_data(cases, key)) is not None}
    encoder = _compared(cases, encoder_of, found)
    base: dict[tuple[str, str], Against] = {}
    for case in cases:
        base |= _compared([case], base_of, found)
    return Material(
        {case.candidate.place.id: case for case in cases}, known, told, found, encoder, base,
        {one: other.candidate.place.id for one, other in encoder_of.items()},
        {one: other.candidate.place.id for one, other in base_of.items()},
    )  # fmt: skip


def _compared(cases: Sequence[Case], other_of: Mapping[str, Case], found: Columns) -> dict[tuple[str, str], Against]:
    """Each entry against its other on each set, p corrected over them all."""
    tables: dict[tuple[str, str], tuple[str, PairedTable]] = {}
    for case in cases:
        name = case.candidate.place.id
        other = other_of.get(name)
        for key in ordered(case.answered) if other is not None else ():
            table = table_of(found, case, other, key) if other is not None else None
            if table is not None and other is not None:
                tables[name, key] = (other.candidate.place.id, table)
    each = {at: against(table, other) for at, (other, table) in tables.items()}
    corrected = holm([one.p for one in each.values()])
    return {at: replace(one, p_holm=p, shown=p <= 0.05) for (at, one), p in zip(each.items(), corrected, strict=True)}
