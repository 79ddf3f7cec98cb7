"""What can be said without looking, scored by our own readings: the floor under every number of a board."""

from collections.abc import Callable, Mapping

from emt_tasks import label_match
from emt_tasks.forgetting.sets import ordered
from emt_tasks.label_match import NAME as LABEL_MATCH
from emt_tasks.labels import label_set
from emt_tasks.outcomes import Outcome, outcome_of
from emt_tasks.statistics.intervals import wilson
from emt_tasks.tasks import prompt_of
from leaderboard.board.estimates import macro, mean_shares
from leaderboard.board.view import Entry, Kind, Model, Provenance, Result, Scored, Tier, Tuning

ORG = "emt-bench"
DATE = "2026-01-01"  # they have none; a build's day would change the page's bytes
CONSTANT, EVERY_CLASS, ECHO, CHANCE = "constant", "every_class", "echo", "chance"


def adversaries(rows: Mapping[str, Mapping[str, int]]) -> tuple[Entry, ...]:
    """The entries of answers that never look, on the board's rows; none where the board has none.

    Args:
        rows: by set, how many rows show each label.
    """
    if not rows:
        return ()
    says: dict[str, Callable[[str], str]] = {
        CONSTANT: lambda key: max(sorted(rows[key]), key=rows[key].__getitem__),
        EVERY_CLASS: lambda key: ", ".join(label_set(key).labels),
        ECHO: lambda key: prompt_of(f"emt_{key}"),
    }
    keys = ordered(rows)
    found = [_entry(CHANCE, {key: _chance(key, sum(rows[key].values())) for key in keys})]
    for name, answer in says.items():
        found.append(_entry(name, {key: _said(key, answer(key), rows[key]) for key in keys}))
    return tuple(found)


def _entry(name: str, scored: Mapping[str, Scored]) -> Entry:
    results = {key: Result(key, "", "", comparable=False, by={LABEL_MATCH: one}) for key, one in scored.items()}
    shares, foreign = mean_shares(scored.values())
    return Entry(  # an entry's id holds `__` twice, so that none can be called like these
        id=f"{ORG}.{name}",
        kind=Kind.ADVERSARY,
        model=Model(name, ORG),
        tuning=Tuning(),
        provenance=Provenance(Tier.VERIFIED, None, DATE, None),
        results=results,
        shares=shares,
        foreign=foreign,
        n=sum(one.n for one in scored.values()),
        macro=macro(scored.values()),
    )


def _chance(key: str, n: int) -> Scored:
    """What naming a label at random is right on, on the average; the interval is that of so many rows."""
    share = 1 / len(label_set(key).labels)
    correct = round(share * n)
    low, high = wilson(correct, n)
    return Scored(n, correct, share, low, high, _shares({Outcome.CORRECT: share, Outcome.INCORRECT: 1 - share}), 0.0)


def _said(key: str, answer: str, rows: Mapping[str, int]) -> Scored:
    """One answer to every row, read like any other."""
    reading = label_match.read(answer, label_set(key))
    n = sum(rows.values())
    counts = dict.fromkeys(Outcome, 0)
    for label, count in rows.items():
        counts[outcome_of(reading, label)] += count
    low, high = wilson(counts[Outcome.CORRECT], n)
    shares = _shares({outcome: count / n for outcome, count in counts.items()})
    correct = counts[Outcome.CORRECT]
    return Scored(n, correct, correct / n, low, high, shares, float(bool(reading.foreign)))


def _shares(some: Mapping[Outcome, float]) -> Mapping[str, float]:
    return {outcome.value: some.get(outcome, 0.0) for outcome in Outcome}
