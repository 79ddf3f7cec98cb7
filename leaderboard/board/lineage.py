"""Who belongs to whom on a board: each model's encoder and base, and the epochs of one tuning."""

from collections.abc import Iterable, Mapping, Sequence

from emt_tasks.forgetting.lineage import spelt
from leaderboard.board.view import Tier
from leaderboard.entry.checks import Case
from leaderboard.entry.names import BETWEEN, slugged
from leaderboard.entry.schema import EntryFields


def encoders(cases: Sequence[Case]) -> Mapping[str, Case]:
    """The entry of each model's encoder, by the model's id."""
    there: dict[str, list[Case]] = {}
    for case in cases:
        told = case.candidate.fields
        if told.kind == "encoder" and told.tuning.kind == "none" and told.model.encoder:
            there.setdefault(spelt(told.model.encoder), []).append(case)
    found = {}
    for case in cases:
        told = case.candidate.fields
        if told.kind == "model" and told.model.encoder and (several := there.get(spelt(told.model.encoder))):
            found[case.candidate.place.id] = _nearest(case, several)
    return found


def bases(cases: Sequence[Case]) -> Mapping[str, Case]:
    """The entry of each tuned model's base, by the tuned model's id."""
    there: dict[tuple[str, str], list[Case]] = {}
    for case in cases:
        told = case.candidate.fields
        if told.tuning.kind == "none":
            there.setdefault(_called(told, f"{told.model.org}/{told.model.name}"), []).append(case)
    found = {}
    for case in cases:
        told = case.candidate.fields
        if told.tuning.base and (several := there.get(_called(told, told.tuning.base))):
            found[case.candidate.place.id] = _nearest(case, several)
    return found


def _called(told: EntryFields, name: str) -> tuple[str, str]:
    """A model's base is a model, an encoder's an encoder."""
    return told.kind, spelt(name)


def _nearest(case: Case, several: Sequence[Case]) -> Case:
    """Of several that it could be, the one on most of the same data; of those a verified one, then the first by id."""
    own = _data(case)
    return min(several, key=lambda other: (-len(own & _data(other)), _tier(other), other.candidate.place.id))


def _tier(case: Case) -> int:
    return list(Tier).index(Tier(case.candidate.fields.provenance.tier))


def _data(case: Case) -> set[tuple[str, str]]:
    return {(key, told.fingerprint) for key, told in case.candidate.fields.datasets.items()}


def series(told: EntryFields, folder: str) -> str | None:
    """Equal for the epochs of one tuning, and safe; None of what is not tuned."""
    tuning = told.tuning
    if tuning.kind == "none":
        return None
    parts = (tuning.kind, "+".join(tuning.dataset), tuning.base or "", *_told(tuning.lr, tuning.seed))
    return BETWEEN.join((folder, *map(slugged, parts)))


def _told(*values: object) -> Iterable[str]:
    return (str(value) for value in values if value is not None)
