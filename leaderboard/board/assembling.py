"""From entries that stand every check to the board: every number that the page shows."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from statistics import fmean

import numpy as np

from emt_tasks.forgetting.sets import SHOWN, ordered
from emt_tasks.labels import label_set
from emt_tasks.outcomes import Outcome
from emt_tasks.statistics.mcnemar import holm
from emt_tasks.statistics.paired import PairedTable
from emt_tasks.statistics.power import independent, smallest_drop
from leaderboard.board.adversaries import adversaries
from leaderboard.board.audit import agreed, agreement
from leaderboard.board.columns import Asked, Columns, against, asked, bits, board_data, columns, table_of
from leaderboard.board.estimates import joined, macro, mean_shares, retained, scored
from leaderboard.board.flags import flagged
from leaderboard.board.headlines import headlines
from leaderboard.board.leaks import leaks
from leaderboard.board.lineage import bases, encoders, series
from leaderboard.board.paper import paper_rows
from leaderboard.board.ranking import pairwise, ranks
from leaderboard.board.samples import SEED, samples
from leaderboard.board.settings import BoardSettings
from leaderboard.board.tunings import changes, curves
from leaderboard.board.view import (
    Against,
    Board,
    Confused,
    Entry,
    Estimate,
    Judged,
    Kind,
    Model,
    Provenance,
    Rank,
    Result,
    SetInfo,
    Tier,
    Tuning,
)
from leaderboard.entry.case import Case
from leaderboard.entry.folder import Entries
from leaderboard.entry.known import KnownData
from leaderboard.entry.rereading import task_version
from leaderboard.entry.schema import LABEL_MATCH, EntryFields


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


def board(entries: Entries, known: KnownData, settings: BoardSettings) -> Board:
    """The board of some entries; it does not depend on their order."""
    cases = sorted(entries.cases, key=lambda case: case.candidate.place.id)
    material = _material(cases, known, settings)
    made = [_entry(case, material) for case in cases]
    models, comparisons = _ranked([one for one in made if one.kind is Kind.MODEL], material, settings)
    models = [replace(one, flags=flagged(one, models)) for one in models]
    alone = (replace(one, macro=_macro(one, settings)) for one in made if one.kind is Kind.ENCODER)
    pinned = (*adversaries(_labels(material, cases)), *alone)
    found = tuple(sorted(models, key=_table_order))
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


def _material(cases: Sequence[Case], known: KnownData, settings: BoardSettings) -> Material:
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


def _entry(case: Case, material: Material) -> Entry:
    told, place = case.candidate.fields, case.candidate.place
    results = {key: _result(case, key, material) for key in ordered(told.datasets)}
    read = [one.by[LABEL_MATCH] for one in results.values()]
    shares, foreign = mean_shares(read)
    audit = tuple(agreed(case))
    kept = [one.retention for one in results.values() if one.retention is not None]
    lost = [one.change for one in results.values() if one.change is not None and not one.tuned_on]
    files = {"entry": f"entries/{place.id}.json"}
    if told.predictions is not None:
        files["answers"] = f"entries/{place.id}.preds.jsonl.gz"
    if case.candidate.replies:
        files["verdicts"] = f"entries/{place.id}.verdicts.jsonl.gz"
    return Entry(
        id=place.id,
        kind=Kind(told.kind),
        model=Model(**told.model.model_dump()),
        tuning=_tuning(told),
        provenance=_provenance(told),
        results=results,
        shares=shares,
        foreign=foreign,
        n=sum(one.n for one in told.datasets.values()),
        retention=joined((one.value, one.low, one.high) for one in kept),
        forgetting=joined((-one.difference, -one.high, -one.low) for one in lost),
        agreement=agreement(audit),
        base=material.base_of.get(place.id),
        encoder=material.encoder_of.get(place.id),
        series=series(told, place.folder),
        readings=tuple(_judged(told)),
        audit=audit,
        downloads=files,
    )


def _result(case: Case, key: str, material: Material) -> Result:
    told, name = case.candidate.fields, case.candidate.place.id
    data = told.datasets[key]
    mine = material.columns.get((name, key))
    comparable = asked(data) == material.data.get(key)
    to_encoder, to_base = material.encoder.get((name, key)), material.base.get((name, key))
    rows = case.rows.get((key, LABEL_MATCH))
    confused = Confused(told.confusion.get(key, ()), leaks(rows, key) if rows is not None else ())
    return Result(
        key=key,
        variant=data.task.removeprefix(f"emt_{key}").strip("_"),
        data=material.known[key, data.fingerprint].name,
        comparable=comparable,
        by={reading: scored(told.counts[key][reading]) for reading in case.candidate.readings(key)},
        encoder=to_encoder,
        retention=retained(to_encoder) if to_encoder else None,
        change=to_base,
        tuned_on=key in told.tuning.dataset,
        confused=confused if confused.cells else None,
        bits=bits(mine.correct) if comparable and mine is not None else None,
    )


def _tuning(told: EntryFields) -> Tuning:
    fields = told.tuning.model_dump()
    return Tuning(sets=fields.pop("dataset"), **fields)


def _provenance(told: EntryFields) -> Provenance:
    said = told.provenance
    prints = {key: told.datasets[key].fingerprint for key in ordered(told.datasets)}
    environment = dict(sorted(told.environment.items()))
    return Provenance(Tier(said.tier), said.submitted_by, said.date, said.source, told.command, environment, prints)


def _judged(told: EntryFields) -> list[Judged]:
    found = []
    for reading in told.readings:
        judge = reading.judge
        if judge is None:
            found.append(Judged(reading.name, reading.version))
        else:
            prompts = ", ".join(sorted(set(judge.prompt_hash.values())))
            found.append(Judged(reading.name, judge.protocol, judge.model, prompts, judge.date, judge.cost_usd))
    return found


def _ranked(models: Sequence[Entry], material: Material, settings: BoardSettings) -> tuple[list[Entry], int]:
    """The models with their ranks, or why they have none, and how many pairs were compared."""
    reasons = {one.id: _unranked(one, settings) for one in models}
    field = [one for one in models if reasons[one.id] is None]
    found: dict[str, tuple[Estimate | None, Rank]] = {}
    if field:
        correct = [np.stack([material.columns[one.id, key].correct for one in field]) for key in settings.sets]
        accuracy = [fmean(one.results[key].by[LABEL_MATCH].accuracy for key in settings.sets) for one in field]
        given = ranks(accuracy, pairwise(correct))
        found = {one.id: (_macro(one, settings), rank) for one, rank in zip(field, given, strict=True)}
    told = [
        replace(one, macro=found[one.id][0], rank=found[one.id][1])
        if one.id in found
        else replace(one, macro=_macro(one, settings), unranked=reasons[one.id])
        for one in models
    ]
    return told, len(field) * (len(field) - 1) // 2


def _macro(entry: Entry, settings: BoardSettings) -> Estimate | None:
    if not set(settings.sets) <= set(entry.results):
        return None
    return macro(entry.results[key].by[LABEL_MATCH] for key in settings.sets)


def _unranked(entry: Entry, settings: BoardSettings) -> str | None:
    if entry.provenance.tier is Tier.REPORTED:
        return "tier"
    if not set(settings.sets) <= set(entry.results):
        return "sets"
    results = [entry.results[key] for key in settings.sets]
    if not all(one.comparable for one in results):
        return "rows"
    unread = any(one.by[LABEL_MATCH].shares[Outcome.UNSCORED.value] for one in results)
    return "unscored" if unread else None


def _table_order(entry: Entry) -> tuple[object, ...]:
    best = -entry.macro.value if entry.macro else 1.0
    return (entry.rank is None, entry.rank.tie if entry.rank else 0, best, entry.id)


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
