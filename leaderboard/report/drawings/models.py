"""Models before tuning: roses by encoder, and the gaps to it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from emt_tasks.forgetting import naming, sets
from emt_tasks.forgetting.findings import Findings
from emt_tasks.forgetting.lineage import Place, Role, spelt
from leaderboard.figures.gap_forest import Difference, forest
from leaderboard.figures.roses import MOST, Petal, rose
from leaderboard.report.drawings.figure import Figure, data_table
from leaderboard.words import MINUS


def roses(found: Findings) -> Iterator[Figure]:
    """One for each encoder, with at most four of its models."""
    called = naming.names(found.told)
    by_encoder: dict[str, list[Place]] = {}
    for place in found.told.of(Role.BASE):
        by_encoder.setdefault(spelt(place.encoder or ""), []).append(place)
    number = 0
    for places in by_encoder.values():
        for start in range(0, len(places), MOST):
            several = places[start : start + MOST]
            number += 1
            yield _rose(found, several, called, number)


def _rose(found: Findings, places: Sequence[Place], called: Mapping[str, str], number: int) -> Figure:
    encoder = found.told.encoder_of(places[0])
    around = _petals(found, encoder, called[encoder.run]) if encoder else []
    petals = [petal for place in places for petal in _petals(found, place, called[place.run])]
    looks_through = (encoder.name if encoder else places[0].encoder) or ""
    name = naming.short(PurePosixPath(looks_through).name if looks_through.startswith("/") else looks_through)
    title = f"Models that look through {name}" if name else "Models whose encoder nothing names"
    outline = "the dashed outline is the encoder alone, zero-shot" if around else "the encoder alone was not run"
    spec = rose(petals, around, title, f"Area is accuracy, numbers in %, whiskers 95 % Wilson intervals; {outline}.")
    rows = [(petal.model, petal.key, petal.value, petal.low, petal.high) for petal in (*petals, *around)]
    return Figure(
        f"rose-{number}",
        "accuracy",
        f"{title}: accuracy on each set.",
        spec,
        data_table(title, ("model", "set", "accuracy", "low", "high"), rows),
    )


def _petals(found: Findings, place: Place, called: str) -> list[Petal]:
    scores = (found.score(place.run, key) for key in found.told.keys)
    return [Petal(called, sets.shown(s.key), s.accuracy, *s.interval) for s in scores if s is not None]


def gap_forest(found: Findings) -> Iterator[Figure]:
    """The gaps of all bases, sorted; nothing where no encoder was run."""
    if not found.gaps:
        return
    called = naming.names(found.told)
    differences = [Difference(called[one.b], sets.shown(one.key), one.difference, *one.interval) for one in found.gaps]
    title = "Gap to the own encoder"
    spec = forest(
        differences,
        title,
        "Model less encoder on the same pictures, 95 % Newcombe intervals.",
        f"points below ({MINUS}) or above (+) the encoder",
    )
    rows = [(one.row, one.key, one.value, one.low, one.high) for one in differences]
    caption = "Accuracy less that of the own encoder, sorted."
    yield Figure("gaps", "gap", caption, spec, data_table(title, ("model", "set", "gap", "low", "high"), rows))
