"""A case that stood every check as an entry of the board, with all that the page shows of it but its rank."""

from emt_tasks.forgetting.sets import ordered
from leaderboard.board.audit import agreed, agreement
from leaderboard.board.columns import asked, bits
from leaderboard.board.estimates import joined, mean_shares, retained, scored
from leaderboard.board.leaks import leaks
from leaderboard.board.lineage import series
from leaderboard.board.material import Material
from leaderboard.board.view import Confused, Entry, Judged, Kind, Model, Provenance, Result, Tier, Tuning
from leaderboard.entry.case import Case
from leaderboard.entry.schema import LABEL_MATCH, EntryFields


def shown(case: Case, material: Material) -> Entry:
    """The entry of a case that stood every check, not ranked yet."""
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
