"""From entries that stand every check to the board: every number that the page shows."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version

from emt_tasks.forgetting.sets import SHOWN
from emt_tasks.labels import label_set
from emt_tasks.statistics.power import independent, smallest_drop
from leaderboard.board.adversaries import adversaries
from leaderboard.board.columns import asked
from leaderboard.board.entries import shown
from leaderboard.board.flags import flagged
from leaderboard.board.headlines import headlines
from leaderboard.board.material import Material, material_of
from leaderboard.board.paper import paper_rows
from leaderboard.board.samples import SEED, samples
from leaderboard.board.settings import BoardSettings
from leaderboard.board.standings import macro_of, ranked, table_order
from leaderboard.board.tunings import changes, curves
from leaderboard.board.view import Board, Entry, Kind, SetInfo
from leaderboard.entry.case import Case
from leaderboard.entry.folder import Entries
from leaderboard.entry.known import KnownData
from leaderboard.entry.rereading import task_version
from leaderboard.entry.schema import LABEL_MATCH


def board(entries: Entries, known: KnownData, settings: BoardSettings) -> Board:
    """The board of some entries; it does not depend on their order."""
    cases = sorted(entries.cases, key=lambda case: case.candidate.place.id)
    material = material_of(cases, known, settings)
    made = [shown(case, material) for case in cases]
    models, comparisons = ranked([one for one in made if one.kind is Kind.MODEL], material, settings)
    models = [replace(one, flags=flagged(one, models)) for one in models]
    alone = (replace(one, macro=macro_of(one, settings)) for one in made if one.kind is Kind.ENCODER)
    pinned = (*adversaries(_labels(material, cases)), *alone)
    found = tuple(sorted(models, key=table_order))
    return Board(
        title=settings.title,
        version=task_version(),
        software=version("emt-bench"),
        data_hash=_hash(cases, settings),
        sets=tuple(_set(key, material) for key in settings.sets),
        readings=_readings(made),
        entries=found,
        pinned=pinned,
        paper=paper_rows(),
        curves=tuple(curves((*found, *pinned))),
        matrix=tuple(changes((*found, *pinned))),
        samples=tuple(samples((*found, *pinned), material.cases)),
        sampling=SEED,
        headlines=headlines(found, settings.sets),
        excluded=entries.excluded,
        comparisons=comparisons,
    )


def _readings(entries: Sequence[Entry]) -> tuple[str, ...]:
    others = {reading for one in entries for result in one.results.values() for reading in result.by} - {LABEL_MATCH}
    return (LABEL_MATCH, *sorted(others))


def _set(key: str, material: Material) -> SetInfo:
    labels = label_set(key).labels
    data = material.data.get(key)
    if data is None:
        return SetInfo(key, SHOWN[key], labels, 0, "")
    known = material.known[key, data[0]]
    return SetInfo(key, SHOWN[key], labels, known.n, known.name, smallest_drop(known.n, independent(0.5)))


def _labels(material: Material, cases: Sequence[Case]) -> Mapping[str, Mapping[str, int]]:
    """How many of the board's rows show each label, by set: what an answer that never looks is right on."""
    found = {}
    for key, data in material.data.items():
        for case in cases:
            told = case.candidate.fields.datasets.get(key)
            if key in case.answered and told is not None and asked(told) == data:
                found[key] = dict(case.rows[key, LABEL_MATCH].rows.label.counts())
                break
    return found


def _hash(cases: Sequence[Case], settings: BoardSettings) -> str:
    digest = hashlib.sha256(settings.model_dump_json().encode())
    for case in cases:
        digest.update(f"{case.candidate.place.id} {case.candidate.digest}\n".encode())
    return digest.hexdigest()
