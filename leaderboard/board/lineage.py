"""Who belongs to whom on a board: each model's encoder and base, and the epochs of one tuning."""

from collections.abc import Iterable, Mapping, Sequence

from emt_tasks.forgetting.lineage import spelt
from leaderboard.board.view import Tier
from leaderboard.entry.case import Case
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
        several = there.get(spelt(told.model.encoder), ()) if told.kind == "model" and told.model.encoder else ()
        if (nearest := _nearest(case, several)) is not None:
            found[case.candidate.place.id] = nearest
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
        several = there.get(_called(told, told.tuning.base), ()) if told.tuning.base else ()
        if (nearest := _nearest(case, several)) is not None:
            found[case.candidate.place.id] = nearest
    return found


def _called(told: EntryFields, name: str) -> tuple[str, str]:
    """A model's base is a model, an encoder's an encoder."""
    return told.kind, spelt(name)


def _nearest(case: Case, several: Sequence[Case]) -> Case | None:
    """Of several that it could be, the one whose numbers it may be held against; None where there is none.

    That is one of the same organisation that shares data with it, else a verified one: anybody can hand in what calls
    itself somebody's encoder. Of those, the one on most of the same data, then a verified one, then the first by id.
    """
    own, org = _data(case), case.candidate.fields.model.org

    def order(other: Case) -> tuple[bool, bool, int, int, str]:
        shared = len(own & _data(other))
        stranger = other.candidate.fields.model.org != org
        return not shared, stranger, -shared, _tier(other), other.candidate.place.id

    fit = [one for one in several if one.candidate.fields.model.org == org or _tier(one) == _tier_of(Tier.VERIFIED)]
    return min(fit, key=order, default=None)


def _tier(case: Case) -> int:
    return _tier_of(Tier(case.candidate.fields.provenance.tier))


def _tier_of(tier: Tier) -> int:
    return list(Tier).index(tier)


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
